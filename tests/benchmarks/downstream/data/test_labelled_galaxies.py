"""AstroCLIP's shards and ingested datasets as labelled galaxies."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.downstream.data.evaluation_sample import draw_sample
from benchmarks.downstream.data.labelled_galaxies import batch_of, open_galaxies
from galsearch.core.errors import DatasetError
from galsearch.dataset import split_of
from tests.benchmarks.downstream.synthetic_galaxies import (
    BOTH,
    IDS,
    N_SHARD,
    nested,
    synthetic_batch,
)


def test_shards_are_read_with_their_axes_and_their_split(shards: Path) -> None:
    galaxies = open_galaxies(shards)
    batches = list(galaxies.batches())
    assert sum(len(b) for b in batches) == N_SHARD
    first = batches[0]
    by_name = {b.target_ids[0]: b for b in batches}
    first = by_name[IDS[0]]
    wanted = synthetic_batch(np.arange(170))
    np.testing.assert_array_equal(first.image_flux, wanted.image_flux[: len(first)])
    np.testing.assert_array_equal(first.spectrum_flux[1:], wanted.spectrum_flux[1 : len(first)])
    assert not first.has_spectrum[0]
    assert first.has_spectrum[1:].all()
    noise = first.spectrum_ivar[1, :3000].mean() ** -0.5
    assert noise == pytest.approx(0.1, rel=0.3)
    catalogue = galaxies.catalogue
    ids = catalogue["target_id"].to_numpy()
    assert catalogue["has_spectrum"].to_numpy()[ids == IDS[0]].tolist() == [False]
    split = galaxies.split
    assert set(split[ids >= IDS[170]]) == {"test"}
    assert set(split[ids < IDS[170]]) == {"train", "validation"}
    np.testing.assert_array_equal(np.concatenate([b.target_ids for b in batches]), ids)


def test_a_batch_of_zero_spectra_is_masked() -> None:
    table = pa.table(
        {
            "image": nested(np.zeros((1, 152, 152, 3), np.float32)),
            "spectrum": nested(np.zeros((1, 7781, 1), np.float32)),
            "redshift": pa.array([0.1]),
            "targetid": pa.array([5]),
        }
    )
    found = batch_of(table)
    assert not found.has_spectrum[0]
    assert found.spectrum_mask.all()


def test_files_of_other_contents_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "astroclip_desi.1.1.5.h5"
    path.write_bytes(b"\x89HDF\r\n")
    with pytest.raises(DatasetError) as caught:
        open_galaxies(path)
    assert str(caught.value) == (
        f"{path}: AstroCLIP's HDF5 file cannot be read, nor can galsearch ingest read it. Name the "
        "directory of its Parquet shards (data set EiffL/AstroCLIP at Hugging Face)."
    )
    pq.write_table(pa.table({"targetid": [1], "image": [2]}), tmp_path / "train-0.parquet")
    with pytest.raises(DatasetError) as other:
        _ = open_galaxies(tmp_path).catalogue
    assert str(other.value) == (
        f"{tmp_path / 'train-0.parquet'}: not a shard of AstroCLIP's data set: it lacks the "
        "columns redshift, spectrum; found targetid, image."
    )
    with pytest.raises(DatasetError, match="no such directory; expected a dataset"):
        open_galaxies(tmp_path / "absent")


def test_an_ingested_dataset_is_read_in_the_catalogues_order(demonstration, tmp_path: Path) -> None:
    galaxies = open_galaxies(demonstration.home / "demo" / "dataset")
    ids = galaxies.catalogue["target_id"].to_numpy()
    np.testing.assert_array_equal(np.concatenate([b.target_ids for b in galaxies.batches()]), ids)
    np.testing.assert_array_equal(galaxies.split, split_of(ids))
    assert len(galaxies.digest) == 64
    assert not galaxies.published
    table = tmp_path / "more.csv"
    table.write_text(f"TARGETID,COLOUR,Z\n{ids[3]},0.5,9.0\n")
    more = open_galaxies(galaxies.path, [str(table)]).catalogue
    assert more["colour"].to_pylist() == [0.5 if one == ids[3] else None for one in ids]
    assert more["z"].equals(galaxies.catalogue["z"])
    with pytest.raises(DatasetError, match="Measure a larger dataset"):
        draw_sample(galaxies, modalities=BOTH)
