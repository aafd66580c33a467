"""Conversion of the published AstroCLIP checkpoints, which are read without running their code."""
