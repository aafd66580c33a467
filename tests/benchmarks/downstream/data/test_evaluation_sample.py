"""Samples that are refused, and messages about what was left out."""

import numpy as np
import pytest

from benchmarks.downstream.data.evaluation_sample import draw_sample
from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from tests.benchmarks.downstream.synthetic_galaxies import BOTH, TRUE, synthetic_galaxies


def test_a_missing_modality_is_refused_with_the_option_to_leave_it_out() -> None:
    galaxies = synthetic_galaxies(has_spectrum=np.zeros(280, bool))
    with pytest.raises(DatasetError) as caught:
        draw_sample(galaxies, modalities=BOTH)
    assert str(caught.value) == (
        "dataset 'toy': none of its 280 galaxies has a spectrum. To measure the other modality, "
        "add --modality image."
    )
    assert len(draw_sample(galaxies, modalities=[Modality.IMAGE]).target_ids) == 280


def test_modalities_of_different_galaxies_are_refused() -> None:
    first = np.arange(280) < 140
    with pytest.raises(DatasetError) as caught:
        draw_sample(synthetic_galaxies(has_image=first, has_spectrum=~first), modalities=BOTH)
    assert str(caught.value) == (
        "dataset 'toy': none of its 280 galaxies has both image and spectrum. To measure one of "
        "them, add --modality image or --modality spectrum."
    )


def test_too_few_galaxies_are_refused() -> None:
    with pytest.raises(DatasetError) as caught:
        draw_sample(synthetic_galaxies(), modalities=BOTH, n=60, seed=3)
    counts = str(caught.value)
    assert counts.startswith("dataset 'toy': its splits hold ")
    assert counts.endswith(
        "galaxies; expected at least 100 train, 20 validation, 20 test. Measure a larger dataset."
    )


def test_gaps_are_counted_and_said() -> None:
    mass = np.where(np.arange(280) % 7 == 0, np.nan, TRUE[:, 2])
    absent = np.arange(280) < 10
    sample = draw_sample(synthetic_galaxies(log10_mass=mass, has_image=~absent), modalities=BOTH)
    assert sample.messages[0] == "toy: 280 galaxies, 270 have image and spectrum; 10 left out"
    n_gaps = int(np.isnan(mass[10:]).sum())
    assert (
        f"label mass = log10_mass: {270 - n_gaps} known, {n_gaps} left out (NaN)" in sample.messages
    )
    lacking = next(line for line in sample.messages if line.startswith("photometry"))
    assert lacking == "photometry: mag_g, mag_r, mag_z; 5 galaxies lack a band"


def test_without_shapes_and_photometry_the_rest_is_measured() -> None:
    galaxies = synthetic_galaxies()
    galaxies.table = galaxies.table.drop_columns(["has_bar", "mag_r"])
    sample = draw_sample(galaxies, modalities=BOTH)
    assert sample.shapes is None
    assert sample.magnitudes is None
    assert sample.messages[-2:] == (
        "shapes: not measured, the dataset has no has_bar",
        "photometry: not measured, the dataset has no mag_g, mag_r, mag_z",
    )
