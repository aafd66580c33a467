"""Encoders: arrays to vectors. The only room with torch; NumPy goes in and comes out."""

from galsearch.encoders.model import initialise
from galsearch.encoders.pair import load, pretrained_names
from galsearch.encoders.towers import EncoderPair, ImageEncoder, SpectrumEncoder

__all__ = [
    "EncoderPair",
    "ImageEncoder",
    "SpectrumEncoder",
    "initialise",
    "load",
    "pretrained_names",
]
