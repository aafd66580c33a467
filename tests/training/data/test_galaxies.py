"""Galaxies of the training splits, and their prepared pixels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset, split_of
from training.data.galaxies import choose_galaxies, prepare_galaxies
from training.engine.processes import Processes
from training.objectives.dino_views import central_pixels

BOTH = tuple(Modality)


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


def test_only_galaxies_with_the_requested_modalities_are_used(
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
