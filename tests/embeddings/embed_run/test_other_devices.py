"""Several devices share the partitions of a dataset; here both are the CPU."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import CheckpointError, DeviceFailedError, NoGpuError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.embeddings import embed_dataset, open_store
from galsearch.embeddings.embed_run import other_devices
from galsearch.embeddings.embed_run.other_devices import share_out


@given(st.lists(st.integers(1, 1000), max_size=30), st.integers(1, 8))
def test_every_partition_is_in_one_share_and_shares_are_even(sizes, n_shares):
    shares = share_out(sizes, n_shares)
    assert sorted(number for share in shares for number in share) == list(range(len(sizes)))
    loads = [sum(sizes[number] for number in share) for share in shares]
    assert max(loads) - min(loads) <= max(sizes, default=0)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    from galsearch.encoders import checkpoint, initialise
    from tests.encoders.conftest import TINY

    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    spectrum = dataclasses.replace(TINY.spectrum, n_pixels=7781)
    checkpoint.save(path, initialise(dataclasses.replace(TINY, spectrum=spectrum), 1))
    return path


def test_two_devices_give_the_shards_of_one(dataset_dir, weights, tmp_path):
    seen = []
    one = embed_dataset(dataset_dir, tmp_path / "one", encoder=weights, device="cpu")
    two = embed_dataset(
        dataset_dir,
        tmp_path / "two",
        encoder=weights,
        device="cpu,cpu",
        progress=lambda *report: seen.append(report),
    )
    assert two == one
    assert seen[-1] == ("embedding galaxies", 8, 8)
    for path in (tmp_path / "one").rglob("*.parquet"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert other.read_bytes() == path.read_bytes()
    stores = [open_store(tmp_path / name, Modality.IMAGE) for name in ("one", "two")]
    assert stores[0].record == stores[1].record


def test_the_error_of_another_device_is_raised(dataset_dir, weights, tmp_path):
    with pytest.raises(NoGpuError) as caught:
        embed_dataset(dataset_dir, tmp_path / "out", encoder=weights, device="cpu,cuda:7")
    assert str(caught.value).startswith("device = 'cuda:7', and ")
    assert not list(tmp_path.rglob("store.json"))
    report = embed_dataset(dataset_dir, tmp_path / "out", encoder=weights, device="cpu")
    assert report.n_shards_kept > 0, "the shards of the first device"


def test_a_process_that_ends_early_is_told(dataset_dir, weights, tmp_path, monkeypatch):
    monkeypatch.setattr(other_devices, "_COMMAND", "import os; os._exit(9)")
    with pytest.raises(DeviceFailedError) as caught:
        embed_dataset(dataset_dir, tmp_path / "out", encoder=weights, device="cpu,cpu")
    assert str(caught.value) == ("the process that embeds on cpu ended early, with exit status 9.")
    assert len(open_dataset(dataset_dir)) == 8
    assert np.all([not (tmp_path / "out" / m / "store.json").exists() for m in Modality])


def test_weights_that_are_missing_are_told_before_a_process_starts(dataset_dir, tmp_path):
    with pytest.raises(CheckpointError):
        embed_dataset(dataset_dir, tmp_path / "out", encoder="none", device="cpu,cpu")
