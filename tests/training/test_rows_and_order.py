"""Arrays of galaxies in memory and in files, the choice of galaxies, and their order."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import CheckpointError, ConfigError, DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset, split_of
from training.data.galaxies import choose_galaxies, prepare_galaxies
from training.data.galaxy_arrays import array_in_file, array_in_memory
from training.engine.batch_order import BatchOrder
from training.engine.processes import Processes
from training.objectives.dino_views import central_pixels

BOTH = tuple(Modality)


def chunks():
    values = torch.arange(24.0).reshape(6, 4)
    yield np.array([4, 0]), values[[4, 0]]
    yield np.array([1, 2, 3, 5]), values[[1, 2, 3, 5]]


def test_rows_come_out_where_they_belong(tmp_path: Path) -> None:
    for rows in (
        array_in_memory(6, chunks()),
        array_in_file(tmp_path / "a.npy", {"made": 1}, 6, chunks()),
        array_in_file(tmp_path / "a.npy", {"made": 1}, 6, iter(())),
    ):
        assert len(rows) == 6
        assert rows.take(torch.tensor([5, 0])).tolist() == [[20, 21, 22, 23], [0, 1, 2, 3]]
        assert [len(batch) for batch in rows.batches(4)] == [4, 2]


def test_a_row_that_is_missing_is_noticed(tmp_path: Path) -> None:
    message = "the catalogue lists 7 galaxies with this modality, the partitions hold 6."
    for make in (array_in_memory, lambda *a: array_in_file(tmp_path / "a.npy", {}, *a)):
        with pytest.raises(DatasetError) as caught:
            make(7, chunks())
        assert str(caught.value) == message
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_other_making_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    array_in_file(path, {"tower": "a" * 64, "version": 1}, 6, chunks())
    with pytest.raises(CheckpointError) as caught:
        array_in_file(path, {"tower": "b" * 64, "version": 2}, 6, chunks())
    assert str(caught.value) == (
        f"{path} was made from something else: tower is {16 * 'a'}..., not {16 * 'b'}...; "
        "version is 1, not 2. Name another directory, or delete it."
    )
    assert json.loads(path.with_suffix(".json").read_text())["version"] == 1


def test_numbers_beyond_half_precision_are_clipped() -> None:
    rows = array_in_memory(1, [(np.array([0]), torch.tensor([[1e9, -1e9, 0.5]]))])
    assert rows.take(torch.tensor([0])).tolist() == [[65504.0, -65504.0, 0.5]]


def test_pixels_above_the_bound_are_streamed_and_are_the_same(
    learning_set: Path, tmp_path: Path
) -> None:
    galaxies = choose_galaxies(open_dataset(learning_set), (Modality.IMAGE,))
    found = {
        bound: prepare_galaxies(
            galaxies, Modality.IMAGE, lambda batch: central_pixels(batch, 24), {"size": 24},
            tmp_path, bound, Processes(),
        )
        for bound in (1.0, 1e-6)
    }  # fmt: skip
    assert isinstance(found[1e-6].array, np.memmap)
    assert not isinstance(found[1.0].array, np.memmap)
    np.testing.assert_array_equal(found[1.0].array, found[1e-6].array)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["image.json", "image.npy"]
    batch = galaxies.dataset.read(galaxies.target_ids[[7, 2]])
    middle = batch.image_flux[:, :, 64:88, 64:88]
    np.testing.assert_allclose(found[1.0].take(torch.tensor([7, 2])), middle, rtol=1e-3)


def test_galaxies_are_those_that_have_what_is_asked_for(
    make_dataset: Callable[..., Path],
) -> None:
    dataset = open_dataset(make_dataset(5, 3))
    galaxies = choose_galaxies(dataset, BOTH)
    assert len(galaxies) == 8
    assert set(galaxies.target_ids) == set(dataset.target_ids.tolist())
    for split, n in (("train", 5), ("validation", 3)):
        rows = galaxies.rows_of(split)
        assert len(rows) == n
        assert set(split_of(galaxies.target_ids[rows])) == {split}
    for rows, batch in galaxies.batches(Modality.SPECTRUM):
        np.testing.assert_array_equal(galaxies.target_ids[rows], batch.target_ids)
        assert not batch.has_image.any()


@pytest.mark.parametrize("modality", BOTH)
def test_pretraining_without_its_modality_is_refused(
    make_dataset: Callable[..., Path], modality: Modality
) -> None:
    dataset = open_dataset(make_dataset(4, 2, cutouts=False))
    if modality is Modality.SPECTRUM:
        assert len(choose_galaxies(dataset, (modality,))) == 6
        return
    with pytest.raises(DatasetError) as caught:
        choose_galaxies(dataset, (modality,))
    assert str(caught.value) == (
        "dataset 'tiny' has 0 training and 0 validation galaxies with image, at least 2 of each "
        "are needed. Of its 6 galaxies 0 have an image, 6 a spectrum, and 0 both: ingest more."
    )


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
def test_a_pass_sees_a_galaxy_once_and_the_next_pass_in_another_order(
    n_rows: int, batch_size: int, seed: int
) -> None:
    if batch_size > n_rows:
        with pytest.raises(ConfigError):
            BatchOrder(n_rows, batch_size, seed)
        return
    order = BatchOrder(n_rows, batch_size, seed)
    passes = [torch.cat([order.next() for _ in range(order.batches_per_epoch)]) for _ in range(2)]
    for rows in passes:
        assert len(rows) == n_rows // batch_size * batch_size
        assert len(rows.unique()) == len(rows)
        assert int(rows.max()) < n_rows
    if n_rows > 20:
        assert not torch.equal(*passes)


@given(st.integers(0, 30))
def test_an_order_continues_where_it_was(n_before: int) -> None:
    order, other = BatchOrder(10, 3, 1), BatchOrder(10, 3, 1)
    for _ in range(n_before):
        order.next()
    other.load_state_dict(order.state_dict())
    for _ in range(8):
        assert torch.equal(order.next(), other.next())


def test_steps_and_processes_draw_differently() -> None:
    seeds = {Processes(rank, 4).seed(1, step) for rank in range(4) for step in range(1000)}
    assert len(seeds) == 4000
    assert Processes(2, 4).seed(1, 5) == Processes(2, 4).seed(1, 5)
    assert Processes().seed(1, 5) != Processes().seed(2, 5)
