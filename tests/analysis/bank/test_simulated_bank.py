"""The shipped bank is complete, of the shipped encoder, and says how it was made."""

import numpy as np
import pytest

from galsearch.analysis.bank.simulated_bank import (
    INDEX_NAME,
    PROPERTIES,
    is_simulated,
    provenance,
    simulated_bank,
    simulated_directory,
    simulated_labels,
    simulated_note,
)
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.encoders import load
from galsearch.index import verify
from galsearch.query import SearchEngine


def test_the_bank_is_whole_and_of_the_shipped_encoder() -> None:
    bank = simulated_bank()
    verify(simulated_directory() / INDEX_NAME)
    made = provenance()
    assert made["n_galaxies"] == len(bank) == len(bank.stored(Modality.IMAGE).ids)
    assert len(bank.stored(Modality.SPECTRUM).ids) == len(bank)
    assert made["fingerprint"] == bank.manifest.fingerprint == load(made["encoder"]).fingerprint
    assert bank.manifest.dataset == ""


def test_the_bank_is_small() -> None:
    files = [path for path in simulated_directory().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 7e6


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_has_a_label_of_every_galaxy(name: str) -> None:
    labels = simulated_labels(name)
    assert labels.name == name
    assert (len(labels), labels.n_missing) == (len(simulated_bank()), 0)
    assert len(np.unique(labels.values)) > 3


def test_other_columns_have_their_own_names_and_unknown_ones_are_refused() -> None:
    assert simulated_labels("has_bar", as_classes=True).classes == ("0", "1")
    with pytest.raises(QueryError) as error:
        simulated_labels("stelar_mass")
    assert str(error.value) == (
        "property 'stelar_mass', of the shipped bank of simulated galaxies: the catalogue has no "
        "column 'stelar_mass': did you mean 'stellar_mass'?"
    )


def test_the_note_says_that_the_galaxies_are_simulated(labelled_engine: SearchEngine) -> None:
    assert simulated_note(["z", "age"]) == (
        "z, age: from the labels of simulated galaxies, whose relations need not be those of real "
        "ones: the shipped bank has 8,600 of them (simulator version 6, seed 1717, encoder "
        "galsearch-small 75bef907f0ba9d2e); age is mass-weighted age of the stars in Gyr"
    )
    assert is_simulated(simulated_bank())
    assert not is_simulated(labelled_engine.index)
