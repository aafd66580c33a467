"""Galaxies with known properties: data sets, labels, the sample of a run, inputs of networks."""
