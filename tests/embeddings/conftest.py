"""A small dataset, and fast encoders that are random projections and need no torch."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.cutout import Cutout
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.dataset.ingest.run import ingest
from galsearch.embeddings import embed_dataset
from galsearch.sources.desi.coadd_writer import write_coadd
from galsearch.sources.legacy_surveys.cutout_file import write_cutout

FIRST_ID = 39627848784286003
ARMS = {"b": (3600.0, 2751), "r": (5760.0, 2326), "z": (7520.0, 2881)}
DIM = 8


@dataclass
class ProjectionEncoder:
    """An encoder that sums groups of pixels and projects them; it needs no torch."""

    modality: Modality
    fingerprint: str
    dim: int = DIM
    calls: list[int] = field(default_factory=list)
    fail_at_call: int | None = None
    precision: str = "fp32"

    def embed(self, flux, *rest):
        self.calls.append(len(flux))
        if self.fail_at_call == len(self.calls):
            raise KeyboardInterrupt
        assert all(plane.shape == flux.shape for plane in rest)
        rows = np.asarray(flux, np.float64).reshape(len(flux), -1)
        features = np.stack([rows[:, i::40].sum(axis=1) for i in range(40)], axis=1)
        seed = int(hashlib.sha256(self.fingerprint.encode()).hexdigest()[:8], 16)
        projection = np.random.default_rng(seed).normal(size=(40, self.dim))
        return unit_rows(features @ projection)


@dataclass
class ProjectionPair:
    """An image encoder and a spectrum encoder, as `galsearch.encoders.load` returns them."""

    fingerprint: str = "a" * 64
    name: str = "projection"

    def __post_init__(self):
        self.image = ProjectionEncoder(Modality.IMAGE, self.fingerprint)
        self.spectrum = ProjectionEncoder(Modality.SPECTRUM, self.fingerprint)


@pytest.fixture
def make_pair():
    return ProjectionPair


@pytest.fixture
def pair():
    return ProjectionPair()


def write_survey(root: Path, *, seed: int = 1, first_flux: float = 0.0) -> Path:
    """Write seven spectra, of which five have an image, and one image without a spectrum."""
    rng = np.random.default_rng(seed)
    ids, ra, dec = FIRST_ID + np.arange(7), 50.0 * np.arange(7), np.linspace(-60, 60, 7)
    arms = {}
    for arm, (first, n) in ARMS.items():
        flux = rng.normal(1, 0.5, (7, n))
        arms[arm] = (first + 0.8 * np.arange(n), flux, np.ones((7, n)), np.zeros((7, n), int))
    write_coadd(
        root / "coadd-main-bright-1.fits",
        target_ids=ids,
        ra_deg=ra,
        dec_deg=dec,
        arms=arms,
        fibermap={},
        survey="main",
        program="bright",
        healpix=1,
    )
    for row in range(6):
        position = (ra[row], dec[row]) if row else (123.0, 45.0)
        flux = rng.normal(first_flux if row == 1 else 0.0, 0.1, (3, 152, 152))
        cutout = Cutout(flux, ("g", "r", "z"), 0.262, *position)
        write_cutout(root / f"cutout-{row}.fits", cutout, target_id=None)
    recipe = root / "ingest.toml"
    recipe.write_text(
        'name = "small"\nmax_rows = 3\n[spectra]\nfiles = ["coadd-*.fits"]\n'
        '[images]\ncutouts = ["cutout-*.fits"]\n'
    )
    return recipe


@pytest.fixture(scope="session")
def dataset_dir(tmp_path_factory):
    """Eight galaxies in several partitions."""
    root = tmp_path_factory.mktemp("small")
    ingest(write_survey(root / "survey"), root / "dataset")
    return root / "dataset"


@pytest.fixture(scope="session")
def changed_dataset_dir(tmp_path_factory):
    """The same galaxies, but one of the images differs."""
    root = tmp_path_factory.mktemp("changed")
    ingest(write_survey(root / "survey", first_flux=1.0), root / "dataset")
    return root / "dataset"


@pytest.fixture
def embedded(dataset_dir, pair, tmp_path):
    """A directory with the embeddings of `dataset_dir` in both modalities."""
    embed_dataset(dataset_dir, tmp_path / "out", encoder=pair)
    return tmp_path / "out"
