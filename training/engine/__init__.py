"""The engine that all training stages share: the loop over steps with saved states, the optimiser,
and several processes.
"""
