"""Encoders, which are neural networks that embed images and spectra in one vector space.

This is the only package that imports torch. Its public functions take and return NumPy arrays.
"""

from galsearch.encoders.astroclip.convert import convert_checkpoint
from galsearch.encoders.encoder import EncoderPair, ImageEncoder, SpectrumEncoder
from galsearch.encoders.inference.precision import Agreement
from galsearch.encoders.load import load, pretrained_names
from galsearch.encoders.network.cross_modal_model import initialise

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
