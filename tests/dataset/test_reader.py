"""A dataset is read by TARGETID; missing, damaged or contradictory files are reported."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import DatasetError, UnknownTargetError
from galsearch.dataset import open_dataset
from tests.damaged_files import assert_only_galsearch_errors, damaged
from tests.dataset.conftest import FIRST_ID, assert_same_galaxies, read_everything


@pytest.fixture
def copy(dataset_dir, tmp_path):
    return shutil.copytree(dataset_dir, tmp_path / "copy")


def test_the_catalogue_holds_no_pixels(dataset):
    assert len(dataset) == len(dataset.catalogue) == 12
    assert set(dataset.catalogue.column_names).isdisjoint({"image_flux", "spectrum_flux"})
    assert {"target_id", "ra_deg", "z", "has_image", "true_z"} <= set(
        dataset.catalogue.column_names
    )


@given(st.lists(st.integers(0, 11), max_size=5))
@settings(max_examples=15)
def test_reading_by_target_id_keeps_the_requested_order(dataset, all_galaxies, rows):
    assert_same_galaxies(
        dataset.read(dataset.target_ids[rows]), all_galaxies.take(np.array(rows, int))
    )


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


def test_a_missing_partition_is_reported(copy):
    victim = sorted(copy.glob("dataset/N*/**/*.parquet"))[0]
    victim.unlink()
    assert message(copy) == (
        f"{copy}: 1 of 4 partitions are missing, first {victim.relative_to(copy)}."
    )


def test_lost_rows_are_reported(copy):
    properties = copy / "hats.properties"
    properties.write_text(properties.read_text().replace("hats_nrows=12", "hats_nrows=14"))
    assert message(copy) == (
        f"{copy}: hats.properties states 14 galaxies, the 4 partitions hold 12."
    )


def test_a_dataset_without_galaxies_is_refused(copy):
    (copy / "partition_info.csv").write_text("Norder,Npix\n")
    assert message(copy) == f"{copy}: the dataset holds no galaxies."


def test_a_list_of_partitions_that_lost_its_end_is_refused(copy):
    lines = (copy / "partition_info.csv").read_text().splitlines(keepends=True)
    (copy / "partition_info.csv").write_text("".join(lines[:-2]))
    with pytest.raises(DatasetError) as caught:
        open_dataset(copy)
    assert str(caught.value).startswith(
        f"{copy}: partition_info.csv lists 2 partitions and lacks 2 of sha256sums.txt, first "
        "dataset/Norder="
    )


def test_a_truncated_partition_is_reported(copy):
    victim = max(copy.glob("dataset/N*/**/*.parquet"), key=lambda p: p.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-1000])
    assert message(copy).startswith(f"{victim}: cannot be read as Parquet (")


def test_a_flipped_byte_among_the_pixels_is_detected(copy):
    victim = max(copy.glob("dataset/N*/**/*.parquet"), key=lambda p: p.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 0xFF
    victim.write_bytes(content)
    dataset = open_dataset(copy)
    with pytest.raises(DatasetError, match="row group 0: is damaged"):
        [b for p in dataset.partitions for b in p.batches()]
    with pytest.raises(DatasetError) as caught:
        dataset.verify()
    assert str(caught.value).startswith(f"{victim}: the file has sha256 ")


def test_verification_names_every_bad_file(copy):
    first, second = sorted(copy.glob("dataset/N*/**/*.parquet"))[:2]
    first.write_bytes(first.read_bytes() + b"0")
    dataset = open_dataset(copy)
    second.unlink()
    second.mkdir()
    stray = first.with_name("Npix=11.parquet")
    stray.write_bytes(b"")
    with pytest.raises(DatasetError) as caught:
        dataset.verify()
    text = str(caught.value)
    assert text.startswith(f"{copy}: 3 bad files.\n")
    assert f"{first}: the file has sha256 " in text
    assert f"{second}: cannot be read (Is a directory)." in text
    assert text.endswith(f"{stray}: partition_info.csv does not list this file.")


def test_an_unchanged_dataset_is_verified(dataset):
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


def test_damaged_datasets_raise_only_errors_of_galsearch(two_galaxies):
    """Whatever is in the small text files, the dataset is read as it was or refused."""
    root, _ = two_galaxies
    names = ("hats.properties", "partition_info.csv", "sha256sums.txt")
    originals = {name: (root / name).read_bytes() for name in names}
    expected = read_everything(root)

    def read(content):
        # The first byte says which of the files is damaged.
        for number, name in enumerate(names):
            (root / name).write_bytes(content[1:] if content[0] == number else originals[name])
        for batch, other in zip(read_everything(root), expected, strict=True):
            assert_same_galaxies(batch, other)

    def damaged_content(content, generator):
        return content[:1] + damaged(content[1:], generator)

    contents = [bytes([number]) + originals[name] for number, name in enumerate(names)]
    assert_only_galsearch_errors(read, contents, copies=60, damage=damaged_content)
