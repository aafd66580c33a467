"""A set of exposures of random blobs and spectra, written without a simulation."""

import json
from pathlib import Path

import numpy as np

from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.wide_exposures import WIDE_VERSION
from training.exposures.exposure_record import (
    EXPOSURES,
    encode_images,
    encode_spectra,
    object_number,
    preparation,
)
from training.exposures.make_exposures import OBJECTS_PER_CHUNK, chunk_path


def random_records(n: int, seed: int) -> np.ndarray:
    """Records of n objects whose size, slope and brightness both modalities show."""
    rng = np.random.default_rng(seed)
    records = np.zeros(n, EXPOSURES)
    records["z"] = rng.uniform(0.01, 1.2, n)
    y, x = np.mgrid[:112, :112] - 55.5
    along = np.linspace(-1, 1, 7781)
    for row in range(n):
        size, slope = rng.uniform(1.5, 6), rng.normal()
        light = np.exp(-(x**2 + y**2) / (2 * size**2)) * np.exp(slope)
        images = light + rng.normal(0, 0.01, (2, 3, 112, 112))
        mask = rng.random(images.shape) < 0.0005
        records["image"][row], records["mask"][row] = encode_images(images.astype(np.float32), mask)
        flux = 2 * np.exp(slope) * (1 + 0.5 * slope * along) + rng.normal(0, 0.3, (2, 7781))
        ivar = np.full(flux.shape, 1 / 0.09, np.float32)
        records["spectrum"][row] = encode_spectra(flux.astype(np.float32), ivar)
    return records


def write_exposures(out: Path) -> Path:
    """Write a set with one chunk, whose objects repeat 10 random ones."""
    records = np.tile(random_records(10, seed=1), OBJECTS_PER_CHUNK // 10)
    records["target_id"] = object_number(0, range(len(records)), OBJECTS_PER_CHUNK)
    path = chunk_path(out, Chunk(0, 0, OBJECTS_PER_CHUNK))
    path.parent.mkdir(parents=True)
    np.save(path, records)
    record = {
        "simulator_version": WIDE_VERSION,
        "seed": 1,
        "preparation": preparation(),
        "n": OBJECTS_PER_CHUNK,
    }
    (out / "exposures.json").write_text(json.dumps(record))
    return out
