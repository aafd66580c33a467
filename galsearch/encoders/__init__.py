"""Encoders: arrays to vectors. The only room with torch; NumPy goes in and comes out."""

from galsearch.encoders.convert import convert_checkpoint
from galsearch.encoders.model import initialise
from galsearch.encoders.pair import load, pretrained_names
from galsearch.encoders.precision import Agreement
from galsearch.encoders.towers import EncoderPair, ImageEncoder, SpectrumEncoder

__all__ = [
    "Agreement",
    "EncoderPair",
    "ImageEncoder",
    "SpectrumEncoder",
    "convert_checkpoint",
    "initialise",
    "load",
    "pretrained_names",
]
