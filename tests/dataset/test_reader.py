"""A dataset is read back by TARGETID and in batches; what is wrong with it is said."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import DatasetError, UnknownTargetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.dataset.batch import GalaxyBatch, concatenate

FIRST_ID = 39627848784286003
ARRAYS = list(GalaxyBatch.__dataclass_fields__)


@pytest.fixture(scope="module")
def dataset(dataset_dir):
    return open_dataset(dataset_dir)


@pytest.fixture(scope="module")
def whole(dataset):
    return concatenate([b for p in dataset.partitions for b in p.batches()])


@pytest.fixture
def copy(dataset_dir, tmp_path):
    return shutil.copytree(dataset_dir, tmp_path / "copy")


def assert_same(a, b):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def test_the_catalogue_holds_no_pixels(dataset):
    assert len(dataset) == len(dataset.catalogue) == 12
    assert set(dataset.catalogue.column_names).isdisjoint({"image_flux", "spectrum_flux"})
    assert {"target_id", "ra_deg", "z", "has_image", "true_z"} <= set(
        dataset.catalogue.column_names
    )


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 64])
def test_batches_of_any_size_hold_the_same_galaxies(dataset, whole, rows):
    batches = [list(p.batches(rows)) for p in dataset.partitions]
    for partition, parts in zip(dataset.partitions, batches, strict=True):
        assert [len(b) for b in parts[:-1]] == [rows] * (len(parts) - 1)
        assert sum(map(len, parts)) == len(partition)
    assert_same(concatenate([b for parts in batches for b in parts]), whole)


def test_row_groups_and_batches_need_not_agree(paired, tmp_path, monkeypatch):
    from galsearch.dataset import schema
    from galsearch.dataset.ingest.run import ingest

    monkeypatch.setattr(schema, "ROW_GROUP_ROWS", 2)
    ingest(paired.recipe(), tmp_path / "out")
    partition = max(open_dataset(tmp_path / "out").partitions, key=len)
    whole = concatenate(list(partition.batches(2)))
    assert_same(concatenate(list(partition.batches(3))), whole)
    rows = np.array([len(partition) - 1, 0, 0])
    assert_same(partition.read(rows), whole.take(rows))


@given(st.lists(st.integers(0, 11), max_size=5))
@settings(max_examples=15)
def test_reading_by_target_id_keeps_the_order_asked_for(dataset, whole, rows):
    assert_same(dataset.read(dataset.target_ids[rows]), whole.take(np.array(rows, int)))


def test_a_modality_that_is_not_asked_for_comes_as_missing(dataset):
    batch = dataset.read([FIRST_ID], modalities=[Modality.SPECTRUM])
    assert batch.has_spectrum.tolist() == [True]
    assert batch.has_image.tolist() == [False]
    assert batch.image_mask.all()
    assert not batch.image_flux.any()


def test_masks_survive(survey, tmp_path):
    from galsearch.dataset.ingest.run import ingest

    flux = np.ones((3, 152, 152))
    flux[1, 5, 7] = np.nan
    flux[2, :80] = 0
    survey.cutout("a", 1.0, 1.0, target_id=3, flux=flux)
    survey.cutout("b", 2.0, 1.0, target_id=4)
    ingest(survey.recipe(spectra=False), tmp_path / "out")
    batch = open_dataset(tmp_path / "out").read([4, 3])
    assert not batch.image_mask[0].any()
    assert batch.image_mask[1].sum(axis=(1, 2)).tolist() == [0, 1, 80 * 152]
    assert batch.image_mask[1, 1, 5, 7]


def test_arrays_can_be_written_to(dataset):
    batch = dataset.read([FIRST_ID])
    batch.image_flux[0] = 5
    batch.spectrum_mask[0] = True
    assert dataset.read([FIRST_ID]).image_flux[0, 0, 0, 0] == 1


def test_an_unknown_target_id_is_named(dataset):
    with pytest.raises(UnknownTargetError) as caught:
        dataset.read([FIRST_ID, 12345])
    assert str(caught.value) == (
        "dataset 'tiny' (12 galaxies) lacks 1 of 2 TARGETIDs, first 12345."
    )


def message(path):
    with pytest.raises(DatasetError) as caught:
        _ = open_dataset(path).catalogue
    return str(caught.value)


OURS = "Only directories that galsearch ingest wrote can be opened."


def test_a_directory_that_is_not_there(tmp_path):
    path = tmp_path / "none"
    assert message(path) == f"{path}: no such directory; expected a dataset. {OURS}"


def test_an_empty_directory(tmp_path):
    assert message(tmp_path) == f"{tmp_path}: is empty, so it is not a dataset. {OURS}"


def test_a_directory_of_something_else(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert message(tmp_path) == (
        f"{tmp_path}: holds no hats.properties, so it is not a dataset. {OURS}"
    )


def test_a_missing_partition(copy):
    victim = sorted(copy.glob("dataset/N*/**/*.parquet"))[0]
    victim.unlink()
    assert message(copy) == (
        f"{copy}: 1 of 4 partitions are missing, first {victim.relative_to(copy)}. Ingest again."
    )


def test_lost_rows(copy):
    properties = copy / "hats.properties"
    properties.write_text(properties.read_text().replace("hats_nrows=12", "hats_nrows=14"))
    assert message(copy) == (
        f"{copy}: hats.properties promises 14 galaxies, the 4 partitions hold 12. Ingest again."
    )


def test_a_dataset_of_no_galaxies(copy):
    (copy / "partition_info.csv").write_text("Norder,Npix\n")
    assert message(copy) == f"{copy}: the dataset holds no galaxies. Check its ingest recipe."


def test_a_truncated_partition(copy):
    victim = max(copy.glob("dataset/N*/**/*.parquet"), key=lambda p: p.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-1000])
    assert message(copy).startswith(f"{victim}: cannot be read as Parquet (")


def test_a_flipped_byte_among_the_pixels_is_noticed(copy):
    victim = max(copy.glob("dataset/N*/**/*.parquet"), key=lambda p: p.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 0xFF
    victim.write_bytes(content)
    dataset = open_dataset(copy)
    with pytest.raises(DatasetError, match="row group 0 is damaged"):
        [b for p in dataset.partitions for b in p.batches()]
    with pytest.raises(DatasetError) as caught:
        dataset.verify()
    name = f"{victim.parents[1].name}/{victim.stem}"
    assert str(caught.value) == (
        f"{copy}: 1 of 4 partitions differ from sha256sums.txt: {name}. Ingest again."
    )


def test_a_whole_dataset_verifies(dataset):
    dataset.verify()


def test_reading_a_dataset_loads_neither_fits_nor_torch():
    import subprocess
    import sys

    code = (
        "import sys; from galsearch.dataset import open_dataset, split_of; "
        "import galsearch.embeddings.store; "
        "print([m for m in ('astropy', 'torch', 'faiss', 'fsspec') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
