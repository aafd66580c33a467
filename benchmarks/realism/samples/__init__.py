"""Real and simulated samples of the realism benchmark, and the statistics that are measured of
both.
"""
