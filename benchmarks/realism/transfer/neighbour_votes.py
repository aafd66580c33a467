"""Vote fractions of real Galaxy Zoo galaxies, predicted from their nearest neighbours among the
other Galaxy Zoo galaxies.

A baseline finds the neighbours by colours and size alone.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from galsearch.core.arrays import Float32Array, Float64Array
from galsearch.core.rgb import OFFSET, SCALES, Q

K_VOTES = (5, 10, 20)
_VOTES = (
    "smooth-or-featured_featured-or-disk_fraction",
    "disk-edge-on_no_fraction",
    "has-spiral-arms_no_fraction",
    "ring",
)


def vote_r2(encoder: Any, real: Path) -> dict[str, Any]:
    """R2 of each predicted vote fraction, with neighbours in the encoder's embedding and in a
    baseline of colours and size.
    """
    folder = real / "ls-zoobot-jpg"
    rows = csv.DictReader((folder / "example_ring_catalog_basic.csv").read_text().splitlines())
    present = [row for row in rows if (folder / f"{row['iauname']}.jpg").exists()]
    pictures = [
        np.asarray(Image.open(folder / f"{row['iauname']}.jpg"), np.float32) / 255
        for row in present
    ]
    size = encoder.config.image.image_size
    embedded = encoder.embed(np.stack([as_cutout(picture, size) for picture in pictures]))
    plain = np.array([colours_and_size(picture) for picture in pictures])
    plain = (plain - plain.mean(axis=0)) / plain.std(axis=0)
    true = {name: np.array([float(row[name]) for row in present]) for name in _VOTES}
    similar = {
        "embedding": embedded @ embedded.T,
        "colour and size": -((plain[:, None] - plain[None]) ** 2).sum(axis=2),
    }
    return {
        "n": len(present),
        "r2": {
            name: {
                who: {str(k): _r2(similarity, values, k) for k in K_VOTES}
                for who, similarity in similar.items()
            }
            for name, values in true.items()
        },
    }


def as_cutout(picture: npt.NDArray[np.floating], size: int) -> Float32Array:
    """A picture of 424 pixels as the nanomaggies it was rendered from, (3, size, size), g, r, z.

    The whole picture is resized to the field of the encoder. Pictures are framed by the size of the
    galaxy, so that the scale of the pixels on the sky is not known.

    The stretch v = x arcsinh(Q I) / (sqrt(Q) I), with I the mean of x, has mean arcsinh(Q I) /
    sqrt(Q): the stretch is undone exactly where no plane was clipped. North is up in the picture,
    so the order of its rows is reversed.
    """
    small = Image.fromarray((picture * 255).astype(np.uint8)).resize(
        (size, size), Image.Resampling.BOX
    )
    planes = np.moveaxis(np.asarray(small, np.float32)[::-1] / 255, 2, 0)[::-1]
    mean = np.maximum(planes.mean(axis=0), 1e-4)
    intensity = np.sinh(mean * np.sqrt(Q)) / Q
    scaled = planes * intensity / mean
    flux = np.stack([(scaled[i] - OFFSET) / SCALES[band] for i, band in enumerate("grz")])
    return np.asarray(flux, dtype=np.float32)


def colours_and_size(picture: npt.NDArray[np.floating]) -> list[float]:
    """Baseline features of a picture: logarithms of two colours, brightness and half-light radius,
    and the ratio R50 / R90.
    """
    light = np.maximum(picture - np.median(picture, axis=(0, 1)), 0)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    radius = np.hypot(y - light.shape[0] / 2, x - light.shape[1] / 2)
    near = radius < 0.35 * light.shape[0]
    red, green, blue = (float(light[..., i][near].sum()) + 1.0 for i in range(3))
    order = np.argsort(radius[near])
    cumulative = np.cumsum(light.sum(axis=2)[near][order])
    half, most = (
        float(radius[near][order][np.searchsorted(cumulative, share * cumulative[-1])])
        for share in (0.5, 0.9)
    )
    return [np.log(red / green), np.log(green / blue), np.log(green), np.log(half), half / most]


def _r2(similarity: npt.NDArray[Any], values: Float64Array, k: int) -> float:
    """R2 of values (n,) that are predicted as the mean over the k nearest neighbours, where no
    galaxy is its own neighbour.
    """
    without = np.array(similarity, dtype=float)
    np.fill_diagonal(without, -np.inf)
    nearest = np.argsort(-without, axis=1)[:, :k]
    known = np.isfinite(values)
    guess = np.nanmean(values[nearest], axis=1)
    residual = ((values - guess)[known] ** 2).sum()
    return float(1 - residual / ((values[known] - values[known].mean()) ** 2).sum())
