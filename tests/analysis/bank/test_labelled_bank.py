"""Neighbours in a bank are the most similar labelled galaxies, without the galaxy and repeats."""

import numpy as np
import pytest

from galsearch.analysis.bank.labelled_bank import (
    LabelledBank,
    QueryGalaxies,
    joined_neighbours,
    stored_galaxies,
)
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.query import SearchEngine
from tests.conftest import Sky

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


def test_neighbours_are_those_of_a_slow_search(labelled_engine: SearchEngine, labelled: Sky):
    bank = LabelledBank(labelled_engine.index, labelled.ids[:300], SPECTRUM, "test")
    galaxies = stored_galaxies(labelled_engine.index, labelled.ids[250:350], IMAGE)
    found = bank.neighbours(galaxies, IMAGE, 5)
    cosines = labelled.image[250:350] @ labelled.spectrum[:300].T
    cosines[np.arange(50), np.arange(250, 300)] = -2
    np.testing.assert_array_equal(found.label_rows, np.argsort(-cosines, axis=1)[:, :5])
    np.testing.assert_allclose(found.similarity, -np.sort(-cosines, axis=1)[:, :5], atol=1e-5)
    np.testing.assert_allclose(found.distance, 1 - found.similarity.mean(axis=1), atol=1e-6)


def test_a_galaxy_at_the_same_position_is_a_repeat(labelled_engine: SearchEngine, labelled: Sky):
    index = labelled_engine.index
    bank = LabelledBank(index, labelled.ids, IMAGE, "test")
    one = stored_galaxies(index, labelled.ids[40:41], IMAGE)
    nearest = int(bank.neighbours(one, IMAGE, 1).label_rows[0, 0])
    assert nearest != 40
    at_neighbour = QueryGalaxies(
        one.target_ids, one.vectors, np.array([nearest * 0.1]), one.dec_deg
    )
    found = bank.neighbours(at_neighbour, IMAGE, 3)
    assert not {40, nearest} & set(found.label_rows[0].tolist())
    unknown = QueryGalaxies(np.array([1]), one.vectors, np.array([np.nan]), np.array([np.nan]))
    assert bank.neighbours(unknown, IMAGE, 1).label_rows[0, 0] == 40


def test_fewer_neighbours_than_wanted_are_padded(labelled_engine: SearchEngine, labelled: Sky):
    bank = LabelledBank(labelled_engine.index, labelled.ids[:20], IMAGE, "test")
    galaxies = stored_galaxies(labelled_engine.index, labelled.ids[:2], IMAGE)
    found = bank.neighbours(galaxies, IMAGE, 30)
    assert found.similarity.shape == (2, 20)
    assert np.isnan(found.similarity[:, -1]).all()
    assert (found.label_rows[:, -1] == -1).all()
    assert np.isfinite(found.distance).all()


def test_a_bank_of_few_galaxies_is_refused(labelled_engine: SearchEngine, labelled: Sky):
    with pytest.raises(QueryError) as error:
        LabelledBank(labelled_engine.index, labelled.ids[540:], SPECTRUM, "property 'mass'")
    assert str(error.value) == (
        "property 'mass': 10 galaxies of index 'labelled' have both a value and a vector of the "
        "modality spectrum; expected at least 20."
    )


def test_parts_are_joined(labelled_engine: SearchEngine, labelled: Sky):
    bank = LabelledBank(labelled_engine.index, labelled.ids, IMAGE, "test")
    galaxies = stored_galaxies(labelled_engine.index, labelled.ids[:6], IMAGE)
    whole = bank.neighbours(galaxies, IMAGE, 4)
    parts = [bank.neighbours(galaxies.part(slice(i, i + 2)), IMAGE, 4) for i in (0, 2, 4)]
    joined = joined_neighbours(parts)
    np.testing.assert_array_equal(joined.label_rows, whole.label_rows)
    np.testing.assert_array_equal(whole.nearest(2).similarity, whole.similarity[:, :2])
    np.testing.assert_array_equal(whole.part(slice(2, 4)).label_rows, parts[1].label_rows)
