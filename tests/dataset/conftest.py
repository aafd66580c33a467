"""A small survey in the formats of DESI and the Legacy Surveys, and a dataset made from it."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from galsearch.core.cutout import Cutout
from galsearch.core.target_id import TargetId
from galsearch.dataset import open_dataset, schema
from galsearch.dataset.batch import GalaxyBatch, concatenate
from galsearch.dataset.hats_files import (
    read_properties,
    write_digests,
    write_partition_info,
    write_properties,
)
from galsearch.files.digest import sha256_of_file
from galsearch.sources.desi.coadd_writer import write_coadd
from galsearch.sources.desi.redrock import write_redrock
from galsearch.sources.legacy_surveys.cutout_file import write_cutout
from galsearch.sources.tables import write_truth

ARMS = {"b": (3600.0, 2751), "r": (5760.0, 2326), "z": (7520.0, 2881)}
FIRST_ID = 39627848784286003


@dataclass
class Survey:
    """A directory to which survey files are added one by one."""

    root: Path
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    def coadd(self, name, ids, ra, dec, *, ivar=4.0, fibermap=None):
        ids = np.asarray(ids)
        arms = {}
        for arm, (first, n) in ARMS.items():
            flux = self.rng.normal(1, 0.5, (ids.size, n))
            arms[arm] = (first + 0.8 * np.arange(n), flux, np.full(flux.shape, ivar), flux < -9)
        write_coadd(
            self.root / f"spectra/coadd-{name}.fits",
            target_ids=ids,
            ra_deg=ra,
            dec_deg=dec,
            arms=arms,
            fibermap={"FLUX_R": np.full(ids.size, 10.0), **(fibermap or {})},
            survey="main",
            program="bright",
            healpix=1,
        )

    def redrock(self, name, ids, z, zwarn=0):
        n = len(ids)
        write_redrock(
            self.root / f"spectra/redrock-{name}.fits",
            target_ids=ids,
            z=z,
            z_err=np.full(n, 1e-4),
            zwarn=np.broadcast_to(zwarn, n),
            spectype=["GALAXY"] * n,
            deltachi2=np.full(n, 50.0),
        )

    def cutout(self, name, ra, dec, *, target_id=None, flux=None, bands=("g", "r", "z")):
        if flux is None:
            flux = self.rng.normal(0, 0.01, (len(bands), 152, 152))
        given = None if target_id is None else TargetId(target_id)
        cutout = Cutout(flux, bands, 0.262, ra, dec, np.asarray(flux) == 0)
        write_cutout(self.root / f"cutouts/{name}.fits", cutout, target_id=given)

    def truth(self, name, columns):
        write_truth(self.root / f"truth/{name}.fits", columns)

    def recipe(self, text="", *, spectra=True, cutouts=True, redshifts=False, labels=False):
        lines = ['name = "tiny"', "max_rows = 5"]
        if spectra or redshifts:
            lines.append("[spectra]")
        if spectra:
            lines.append('files = ["spectra/coadd-*.fits"]')
        if redshifts:
            lines.append('redshifts = ["spectra/redrock-*.fits"]')
        if cutouts:
            lines += ["[images]", 'cutouts = ["cutouts/**/*.fits"]']
        if labels:
            lines += ["[labels]", 'tables = ["truth/*.fits"]']
        path = self.root / "ingest.toml"
        path.write_text("\n".join([*lines, text]))
        return path


@pytest.fixture
def survey(tmp_path):
    return Survey(tmp_path / "survey")


@pytest.fixture(scope="session")
def paired(tmp_path_factory):
    """Twelve galaxies: nine with image and spectrum, two spectra, and one image."""
    survey = Survey(tmp_path_factory.mktemp("paired"))
    ids = FIRST_ID + np.arange(11)
    ra, dec = (359.9 + 0.02 * np.arange(11)) % 360, np.linspace(-0.1, 0.1, 11)
    survey.coadd("main-bright-1", ids[:6], ra[:6], dec[:6])
    survey.coadd("main-bright-2", ids[6:], ra[6:], dec[6:])
    survey.redrock("main-bright-1", ids[:6], np.linspace(0.1, 0.6, 6))
    for row in range(9):
        flux = np.full((3, 152, 152), float(row + 1))
        survey.cutout(f"cutout-{row}", ra[row], dec[row] + 0.1 / 3600, flux=flux)
    survey.cutout("lonely", 40.0, 5.0, flux=np.full((3, 152, 152), 99.0))
    columns = {"TARGETID": ids[:8], "TRUE_Z": np.linspace(0, 0.7, 8), "Z": np.arange(8.0)}
    survey.truth("truth-1", {**columns, "KIND": ["disk"] * 8, "COUNT": np.arange(8)})
    return survey


@pytest.fixture(scope="session")
def dataset_dir(paired, tmp_path_factory):
    """The dataset of `paired`, in partitions of at most five galaxies."""
    from galsearch.dataset.ingest.run import ingest

    out = tmp_path_factory.mktemp("dataset") / "tiny"
    ingest(paired.recipe(redshifts=True, labels=True), out)
    return out


@pytest.fixture(scope="session")
def dataset(dataset_dir):
    return open_dataset(dataset_dir)


@pytest.fixture(scope="session")
def all_galaxies(dataset):
    """All galaxies of `dataset` in one batch."""
    return concatenate([b for p in dataset.partitions for b in p.batches()])


@pytest.fixture
def two_galaxies(dataset_dir, tmp_path):
    """A dataset of two galaxies in one small file, of which tests read damaged copies."""
    root = tmp_path / "two"
    partition = max(open_dataset(dataset_dir).partitions, key=len)
    path = root / partition.path.relative_to(dataset_dir)
    path.parent.mkdir(parents=True)
    table = pq.read_table(partition.path, partitioning=None).slice(0, 2)
    table = table.replace_schema_metadata(schema.unmasked_metadata([table]))
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)
    write_partition_info(root, [(partition.order, partition.pixel)])
    write_properties(root, {**read_properties(dataset_dir), "hats_nrows": 2})
    list_digest(root, path)
    return root, path


def list_digest(root, path):
    """List the digest of the one file of a dataset as it is now."""
    write_digests(root, {path.relative_to(root).as_posix(): sha256_of_file(path)})


def read_everything(root):
    """Open a dataset and read all that `embed` and `verify` read; return its galaxies."""
    dataset = open_dataset(root)
    _ = dataset.catalogue, dataset.digest
    batches = [batch for partition in dataset.partitions for batch in partition.batches(64)]
    batches += [dataset.read(dataset.target_ids[:1])]
    dataset.verify()
    return batches


def assert_same_galaxies(a, b):
    for name in GalaxyBatch.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def column(dataset, name):
    """Values of a catalogue column by TARGETID."""
    return dict(zip(dataset.target_ids.tolist(), dataset.catalogue[name].to_pylist(), strict=True))


def unfinished_outputs(folder):
    """Names of temporary files and directories that a run left behind."""
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".part"))
