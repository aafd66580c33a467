"""Labels are the known values of a catalogue column; what is not known is counted."""

import numpy as np
import pytest

from galsearch.analysis.bank.property_labels import column_names, read_labels
from galsearch.core.errors import QueryError
from galsearch.query import SearchEngine
from tests.analysis.labelled_sky import N_LABELLED, N, true_mass
from tests.conftest import Sky


def test_numbers_are_read_and_missing_ones_counted(labelled_engine: SearchEngine, labelled: Sky):
    labels = read_labels(labelled_engine.index, "mass")
    assert labels.classes is None
    np.testing.assert_array_equal(labels.target_ids, labelled.ids[:N_LABELLED])
    np.testing.assert_array_equal(labels.values, true_mass(labelled)[:N_LABELLED])
    assert (len(labels), labels.n_missing) == (N_LABELLED, N - N_LABELLED)


def test_an_infinite_number_is_missing(labelled_engine: SearchEngine, labelled: Sky):
    labels = read_labels(labelled_engine.index, "infinite")
    assert labels.n_missing == 1
    assert labelled.ids[7] not in labels.target_ids


def test_texts_truths_and_chosen_whole_numbers_are_classes(labelled_engine: SearchEngine):
    index = labelled_engine.index
    assert read_labels(index, "morphology").classes == ("disk", "elliptical", "merger")
    assert read_labels(index, "is_blue").classes == ("false", "true")
    arms = read_labels(index, "n_arms", as_classes=True)
    assert arms.classes == ("0", "1", "2")
    np.testing.assert_array_equal(arms.values, np.arange(N) % 3)
    assert read_labels(index, "n_arms").classes is None


def test_a_column_without_values_has_no_labels(labelled_engine: SearchEngine):
    labels = read_labels(labelled_engine.index, "nothing")
    assert (len(labels), labels.n_missing, labels.classes) == (0, N, None)


def test_labels_of_some_galaxies(labelled_engine: SearchEngine, labelled: Sky):
    labels = read_labels(labelled_engine.index, "mass").among(labelled.ids[490:])
    np.testing.assert_array_equal(labels.target_ids, labelled.ids[490:500])
    np.testing.assert_array_equal(labels.values, true_mass(labelled)[490:500])


@pytest.mark.parametrize(
    ("name", "as_classes", "message"),
    [
        (
            "masss",
            False,
            "property 'masss': the catalogue has no column 'masss': did you mean 'mass'?",
        ),
        (
            "name",
            False,
            "property 'name': the column holds 600 different values; expected numbers, or at most "
            "64 classes.",
        ),
        (
            "when",
            False,
            "property 'when': the column holds dates or times; expected numbers or classes.",
        ),
        (
            "mass",
            True,
            "property 'mass': the column holds numbers; expected classes (texts, truths or whole "
            "numbers).",
        ),
    ],
)
def test_a_column_without_labels_is_refused(
    labelled_engine: SearchEngine, name: str, as_classes: bool, message: str
):
    with pytest.raises(QueryError) as error:
        read_labels(labelled_engine.index, name, as_classes=as_classes)
    assert str(error.value) == message


def test_all_columns_are_named(labelled_engine: SearchEngine):
    assert column_names(labelled_engine.index)[:5] == [
        "target_id",
        "ra_deg",
        "dec_deg",
        "z",
        "mass",
    ]
