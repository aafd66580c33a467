"""The galaxies of estimates: named ones, all, those of a condition, or those of embeddings."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.analysis.bank.query_galaxies import GalaxySelection, select_galaxies
from galsearch.core.errors import EncoderMismatchError, MissingModalityError, QueryError
from galsearch.core.modality import Modality
from galsearch.query import SearchEngine
from tests.analysis.labelled_sky import N_SPECTRA, N
from tests.conftest import Sky

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


def read_all(selection: GalaxySelection) -> tuple[np.ndarray, np.ndarray]:
    parts = list(selection.batches)
    return (
        np.concatenate([part.target_ids for part in parts]),
        np.concatenate([part.vectors for part in parts]),
    )


def test_all_galaxies_with_a_vector_are_selected(labelled_engine: SearchEngine, labelled: Sky):
    selection = select_galaxies(labelled_engine.index, SPECTRUM)
    ids, vectors = read_all(selection)
    np.testing.assert_array_equal(ids, labelled.ids[:N_SPECTRA])
    np.testing.assert_array_equal(ids, selection.target_ids)
    np.testing.assert_allclose(vectors, labelled.spectrum[:N_SPECTRA], atol=1e-6)
    assert selection.n_without_vector == N - N_SPECTRA


def test_named_galaxies_keep_their_order(labelled_engine: SearchEngine, labelled: Sky):
    wanted = labelled.ids[[7, 3, 5]]
    ids, vectors = read_all(select_galaxies(labelled_engine.index, IMAGE, target_ids=wanted))
    np.testing.assert_array_equal(ids, wanted)
    np.testing.assert_allclose(vectors, labelled.image[[7, 3, 5]], atol=1e-6)


def test_a_condition_selects_galaxies(labelled_engine: SearchEngine, labelled: Sky):
    selection = select_galaxies(labelled_engine.index, IMAGE, where="n_arms == 2")
    np.testing.assert_array_equal(selection.target_ids, labelled.ids[2::3])


def test_embeddings_hold_the_galaxies(
    labelled_engine: SearchEngine, labelled: Sky, labelled_home: Path
):
    folder = labelled_home / "embeddings"
    ids, vectors = read_all(
        select_galaxies(labelled_engine.index, SPECTRUM, from_embeddings=folder)
    )
    np.testing.assert_array_equal(np.sort(ids), labelled.ids[:N_SPECTRA])
    wanted = labelled.ids[[300, 2]]
    ids, vectors = read_all(
        select_galaxies(labelled_engine.index, SPECTRUM, target_ids=wanted, from_embeddings=folder)
    )
    np.testing.assert_array_equal(ids, wanted)
    np.testing.assert_allclose(vectors, labelled.spectrum[[300, 2]], atol=1e-6)


def test_wrong_selections_are_refused(
    labelled_engine: SearchEngine, labelled: Sky, labelled_home: Path, tmp_path: Path
):
    index = labelled_engine.index
    missing = int(labelled.ids[-1])
    cases = [
        (
            {"target_ids": missing},
            f"TARGETID {missing} has no spectrum embedding in index 'labelled' (600 images, 550 "
            "spectra); its image embedding is present.",
            MissingModalityError,
        ),
        (
            {"where": "n_arms > 5"},
            "where 'n_arms > 5': none of the 600 galaxies fulfils it.",
            QueryError,
        ),
        (
            {"where": "n_arms > 1", "from_embeddings": labelled_home / "embeddings"},
            "where is a condition on the galaxies of an index, not of embeddings.",
            QueryError,
        ),
    ]
    for arguments, message, kind in cases:
        with pytest.raises(kind) as error:
            select_galaxies(index, SPECTRUM, **arguments)
        assert str(error.value) == message
    other = labelled.write(tmp_path / "other", fingerprints=("b" * 64, "b" * 64))
    with pytest.raises(EncoderMismatchError) as mismatch:
        select_galaxies(index, SPECTRUM, from_embeddings=other)
    assert str(mismatch.value) == (
        f"index 'labelled' has embeddings of encoder {'a' * 16}, {other} of encoder {'b' * 16}. "
        "Similarities between embeddings of different encoders have no meaning."
    )
