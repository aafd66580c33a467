"""A pair of encoders whose cosine changes in a known way when a part is removed."""

from typing import Any

import numpy as np


class SummingEncoder:
    """Embeds flux as (sum of weight * flux, 1) of unit length, with fixed weights of the pixels.

    It sees whole images and has no redshift templates.
    """

    precision, dim = "fp32", 2

    def __init__(self, weight: Any, fingerprint: str = "a" * 64) -> None:
        self.weight, self.fingerprint = np.asarray(weight, float), fingerprint
        self.calls: list[tuple[Any, ...]] = []

    def embed(self, *arrays: Any, calibrated: bool = True) -> np.ndarray:
        self.calls.append((*arrays, calibrated))
        flux = np.asarray(arrays[0], float)
        total = (flux * self.weight).reshape(len(flux), -1).sum(axis=1)
        vectors = np.stack([total, np.ones(len(flux))], axis=1)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class SummingPair:
    """A pair of such encoders."""

    name = "summing"

    def __init__(self, image: Any = 0.0, spectrum: Any = 0.0, fingerprint: str = "a" * 64) -> None:
        self.image = SummingEncoder(image, fingerprint)
        self.spectrum = SummingEncoder(spectrum, fingerprint)
