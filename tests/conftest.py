"""Fixtures of all tests: real survey files, synthetic embeddings, the command, a demonstration."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingShard, write_shard
from galsearch.embeddings.store_record import StoreRecord, write_record

# A busy machine must not make a test fail; speed is measured by the benchmarks.
settings.register_profile("galsearch", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("galsearch")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real survey bytes; they are never copied into the project."""
    if not (SHARED / "real").is_dir():
        pytest.skip("no real survey data beside this checkout (../shared/real)")
    return SHARED / "real"


@dataclass(frozen=True)
class Sky:
    """Embedded galaxies of both modalities: clustered, with a gap between the modalities."""

    ids: np.ndarray
    image: np.ndarray
    spectrum: np.ndarray

    @classmethod
    def make(cls, n: int, *, dim: int = 16, seed: int = 1) -> "Sky":
        """`n` galaxies around random centres; the clusters overlap."""
        generator = np.random.default_rng(seed)
        centres = generator.normal(size=(max(2, n // 25), dim))
        latent = centres[generator.integers(0, len(centres), n)] + generator.normal(size=(n, dim))
        gap = 2 * generator.normal(size=dim)
        image, spectrum = (
            unit_rows(latent + 0.4 * generator.normal(size=(n, dim)) + offset)
            for offset in (gap, -gap)
        )
        ids = np.sort(generator.choice(10**9, n, replace=False)) + 39627000000000000
        return cls(ids, image, spectrum)

    def write(
        self,
        out: Path,
        *,
        image: slice = slice(None),
        spectrum: slice = slice(None),
        fingerprints: tuple[str, str] = ("a" * 64, "a" * 64),
    ) -> Path:
        """Write an embeddings directory; the slices select the galaxies that have vectors."""
        kinds = ("image", "spectrum")
        for kind, rows, fingerprint in zip(kinds, (image, spectrum), fingerprints, strict=True):
            vectors = getattr(self, kind)[rows]
            write_store(out / kind, kind, self.ids[rows], vectors, fingerprint)
        places = {"ra_deg": np.arange(len(self.ids)) % 360.0, "dec_deg": np.zeros(len(self.ids))}
        z = pa.array(np.linspace(0, 1, len(self.ids)), mask=np.arange(len(self.ids)) % 5 == 0)
        pq.write_table(
            pa.table({"target_id": self.ids, **places, "z": z}), out / "catalogue.parquet"
        )
        return out


def write_store(
    folder: Path, kind: str, ids: np.ndarray, vectors: np.ndarray, fingerprint: str
) -> None:
    """The store of one modality, in three shards."""
    parts = {} if not len(ids) else dict(enumerate(np.array_split(np.arange(len(ids)), 3)))
    for number, rows in parts.items():
        zeros = np.zeros(len(rows))
        shard = EmbeddingShard(
            ids[rows], zeros, zeros, vectors[rows], Modality(kind), fingerprint, "toy", "0" * 64
        )
        write_shard(folder / f"part-{number}.parquet", shard)
    shards = {f"part-{number}.parquet": len(rows) for number, rows in parts.items()}
    record = StoreRecord(
        Modality(kind), "toy", fingerprint, vectors.shape[1], len(ids), 0, "toy", "0" * 64, shards
    )
    write_record(folder, record)


@pytest.fixture(scope="session")
def make_sky() -> Callable[..., Sky]:
    """Makes embedded galaxies that can be written as an embeddings directory."""
    return Sky.make


@dataclass(frozen=True)
class Demonstration:
    """A small demonstration that was run from the command line, and what it printed."""

    home: Path
    """The directory it was run in: `demo/` and `index_builds/demo` are inside."""
    stdout: str
    stderr: str

    @property
    def target_id(self) -> str:
        """TARGETID of the query galaxy."""
        return self.stdout.split("TARGETID ", 1)[1].split(",", 1)[0]


def run_galsearch(
    *arguments: str | Path, cwd: Path, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it; its exit status must be `status`."""
    command = [sys.executable, "-m", "galsearch", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def galsearch_command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `galsearch` in a process of its own."""
    return run_galsearch


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """`galsearch demo` for two dozen galaxies; read it, never write into it."""
    home = tmp_path_factory.mktemp("demonstration")
    done = run_galsearch("demo", "--n", "24", "--seed", "5", cwd=home)
    return Demonstration(home, done.stdout, done.stderr)
