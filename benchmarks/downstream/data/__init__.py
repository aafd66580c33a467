"""Data of the downstream benchmark: galaxies with known properties, the sample of a run, and the
inputs of networks.
"""
