"""An estimator chooses k, calibrates with held-out galaxies and names its columns."""

import numpy as np
import pytest

from galsearch.analysis.bank.labelled_bank import LabelledBank, QueryGalaxies, stored_galaxies
from galsearch.analysis.bank.property_labels import read_labels
from galsearch.analysis.calibration.property_estimator import PropertyEstimator
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.progress import no_stage_progress
from galsearch.query import SearchEngine
from tests.conftest import Sky

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


def estimator(engine: SearchEngine, name: str, k: int | None = None) -> PropertyEstimator:
    labels = read_labels(engine.index, name)
    bank = LabelledBank(engine.index, labels.target_ids, IMAGE, name)
    return PropertyEstimator(
        bank, labels, IMAGE, k=k, n_held_out=400, seed=1, report=no_stage_progress
    )


def test_a_fifth_of_the_held_out_galaxies_chooses_k(labelled_engine: SearchEngine) -> None:
    chosen = estimator(labelled_engine, "mass")
    assert chosen.k in (8, 16, 32, 64)
    assert str(chosen.facts) == (
        f"mass: {chosen.k} neighbours among 500 labelled galaxies (100 without a value left out), "
        "calibrated with 320 of them"
    )
    assert estimator(labelled_engine, "mass", k=7).facts.n_held_out == 400


def test_no_more_neighbours_than_a_galaxy_of_the_bank_has(labelled_engine: SearchEngine) -> None:
    most = estimator(labelled_engine, "mass", k=499)
    assert str(most.facts).startswith("mass: 499 neighbours among 500 labelled galaxies (")
    more = estimator(labelled_engine, "mass", k=2000)
    assert more.k == 499
    assert str(more.facts).startswith(
        "mass: 499 neighbours (2,000 were requested) among 500 labelled galaxies ("
    )


def test_columns_of_numbers_and_classes(labelled_engine: SearchEngine, labelled: Sky) -> None:
    galaxies = stored_galaxies(labelled_engine.index, labelled.ids[:5], IMAGE)
    numbers = estimator(labelled_engine, "mass", k=8)
    found = numbers.bank.neighbours(galaxies, IMAGE, 8)
    assert list(numbers.columns(found)) == [
        "mass",
        "mass_low_68",
        "mass_high_68",
        "mass_low_95",
        "mass_high_95",
        "mass_agreement",
        "mass_agreement_p",
        "mass_bank_p",
        "mass_outside_bank",
        "mass_reliability",
        "mass_unreliable",
    ]
    classes = estimator(labelled_engine, "morphology", k=8).columns(found)
    assert list(classes) == [
        "morphology",
        "morphology_set_95",
        "morphology_probability_disk",
        "morphology_probability_elliptical",
        "morphology_probability_merger",
        "morphology_agreement",
        "morphology_agreement_p",
        "morphology_bank_p",
        "morphology_outside_bank",
        "morphology_reliability",
        "morphology_unreliable",
    ]
    for name, names in zip(classes["morphology"], classes["morphology_set_95"], strict=True):
        assert name in names.split("|")


def test_a_vector_far_from_the_bank_is_outside(
    labelled_engine: SearchEngine, labelled: Sky
) -> None:
    mass = estimator(labelled_engine, "mass", k=8)
    strange = -labelled.image[:3]
    places = np.full(3, np.nan)
    galaxies = QueryGalaxies(np.arange(3) + 1, strange, places, places)
    columns = mass.columns(mass.bank.neighbours(galaxies, IMAGE, 8))
    assert columns["mass_outside_bank"].all()
    assert columns["mass_unreliable"].all()
    assert columns["mass_bank_p"].max() == pytest.approx(1 / 401)
    own = mass.bank.neighbours(
        stored_galaxies(labelled_engine.index, labelled.ids[500:], IMAGE), IMAGE, 8
    )
    usual = mass.columns(own)
    assert usual["mass_outside_bank"].mean() < 0.1
    assert usual["mass_unreliable"].mean() < 0.15
    np.testing.assert_array_equal(usual["mass_unreliable"], usual["mass_reliability"] <= 0.036)


def test_calibration_needs_vectors_of_the_query_modality(
    labelled_engine: SearchEngine, labelled: Sky
) -> None:
    labels = read_labels(labelled_engine.index, "n_arms").among(labelled.ids[535:])
    bank = LabelledBank(labelled_engine.index, labels.target_ids, IMAGE, "n_arms")
    with pytest.raises(QueryError) as error:
        PropertyEstimator(
            bank, labels, SPECTRUM, k=4, n_held_out=400, seed=1, report=no_stage_progress
        )
    assert str(error.value) == (
        "property 'n_arms': 15 labelled galaxies of index 'labelled' have a vector of the modality "
        "spectrum, with which estimates are calibrated; expected at least 20."
    )
