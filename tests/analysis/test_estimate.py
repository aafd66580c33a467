"""Properties of stored galaxies, and of those of embeddings, from labelled neighbours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import galsearch
from galsearch.analysis import Estimation, iterate_estimates
from galsearch.analysis.bank import query_galaxies
from galsearch.core.errors import EncoderMismatchError, MissingModalityError, QueryError
from galsearch.index import IndexRecipe, build_index
from galsearch.query import SearchEngine
from tests.analysis.labelled_sky import N_LABELLED, N_SPECTRA, N, true_mass
from tests.conftest import Sky


def test_masses_of_unlabelled_galaxies_are_found(
    labelled_engine: SearchEngine, labelled: Sky
) -> None:
    found = galsearch.estimate(labelled.ids[N_LABELLED:], property="mass", index=labelled_engine)
    true, columns = true_mass(labelled)[N_LABELLED:], found.columns
    assert np.corrcoef(columns["mass"], true)[0, 1] > 0.7
    inside = (columns["mass_low_95"] <= true) & (true <= columns["mass_high_95"])
    assert inside.mean() > 0.85
    assert found.notes[0].startswith("mass: ")


@pytest.mark.parametrize("direction", galsearch.DIRECTIONS)
def test_every_direction_covers_labelled_galaxies(
    labelled_engine: SearchEngine, labelled: Sky, direction: tuple[Any, Any]
) -> None:
    using, among = direction
    found = galsearch.estimate(
        property="mass", index=labelled_engine, using=using, among=among, where="mass > 0"
    )
    true = true_mass(labelled)[np.searchsorted(labelled.ids, found.target_ids)]
    for name, coverage in (("68", 0.6827), ("95", 0.9545)):
        low, high = found.columns[f"mass_low_{name}"], found.columns[f"mass_high_{name}"]
        assert abs(((low <= true) & (true <= high)).mean() - coverage) < 0.05


def test_batches_join_to_the_whole(
    labelled_engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: dict[str, Any] = {"property": "mass,morphology", "index": labelled_engine}
    whole = galsearch.estimate(using="spectrum", among="spectrum", **arguments)
    assert len(whole) == N_SPECTRA
    assert whole.notes[-1] == f"{N - N_SPECTRA} galaxies without a vector are left out"
    monkeypatch.setattr(query_galaxies, "BATCH_SIZE", 100)
    reports: list[tuple[str, int, int]] = []
    request = Estimation(None, using="spectrum", among="spectrum", **arguments)
    parts = list(iterate_estimates(request, progress=lambda *report: reports.append(report)))
    assert [len(part) for part in parts] == [100] * 5 + [50]
    for name, values in whole.columns.items():
        joined = np.concatenate([part.columns[name] for part in parts])
        np.testing.assert_array_equal(joined, values)
    assert reports[-1] == ("estimating", N_SPECTRA, N_SPECTRA)


def test_properties_are_estimated_alone_as_together(labelled_engine: SearchEngine) -> None:
    together = galsearch.estimate(property=["mass", "n_arms"], index=labelled_engine, k=9)
    for name in ("mass", "n_arms"):
        alone = galsearch.estimate(property=name, index=labelled_engine, k=9)
        for column, values in alone.columns.items():
            np.testing.assert_array_equal(values, together.columns[column])


def test_a_galaxy_is_not_told_its_own_label(labelled_engine: SearchEngine, labelled: Sky) -> None:
    """Labels that follow nothing are not found, although the galaxies are in the bank."""
    found = galsearch.estimate(property="n_arms", as_classes="n_arms", index=labelled_engine, k=8)
    right = found.columns["n_arms"] == np.array([str(i % 3) for i in range(N)])
    assert right.mean() < 0.45


def test_a_bank_is_another_index_of_the_same_encoder(
    labelled_engine: SearchEngine,
    labelled: Sky,
    make_sky: Callable[..., Sky],
    tmp_path: Path,
) -> None:
    recipe = IndexRecipe(name="query", n_tuning_queries=50)
    mine = make_sky(300, seed=9)
    for name, digit in (("same", "a"), ("other", "b")):
        embeddings = mine.write(tmp_path / name, fingerprints=(digit * 64, digit * 64))
        build_index(recipe, embeddings=embeddings, out=tmp_path / f"index-{name}")
    least = float(np.median(true_mass(labelled)))
    found = galsearch.estimate(
        property="mass",
        index=tmp_path / "index-same",
        bank=labelled_engine,
        bank_where=f"mass > {least}",
    )
    assert len(found) == 300
    assert found.columns["mass_low_95"].min() > least
    with pytest.raises(EncoderMismatchError) as error:
        galsearch.estimate(property="mass", index=tmp_path / "index-other", bank=labelled_engine)
    assert str(error.value) == (
        f"index 'query' in {tmp_path / 'index-other'} has embeddings of encoder {'b' * 16}, index "
        f"'labelled' in {labelled_engine.index.directory} of encoder {'a' * 16}. Similarities "
        "between embeddings of different encoders have no meaning."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"property": "few"},
            "property 'few': 5 galaxies of index 'labelled' have both a value and a vector of the "
            "modality image; expected at least 20.",
        ),
        (
            {"property": "mass", "bank_where": "mass > 99"},
            "property 'mass': 0 galaxies of index 'labelled' have both a value and a vector of the "
            "modality image; expected at least 20.",
        ),
        (
            {"property": "nothing"},
            "property 'nothing': 0 galaxies of index 'labelled' have both a value and a vector of "
            "the modality image; expected at least 20.",
        ),
    ],
)
def test_too_few_labels_are_refused(
    labelled_engine: SearchEngine, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(QueryError) as error:
        galsearch.estimate(index=labelled_engine, **arguments)
    assert str(error.value) == message


def test_an_index_without_the_modality_is_refused(
    make_sky: Callable[..., Sky], tmp_path: Path
) -> None:
    embeddings = make_sky(100).write(tmp_path / "sky", spectrum=slice(0, 0))
    recipe = IndexRecipe(name="images", n_tuning_queries=20)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "index")
    with pytest.raises(MissingModalityError) as error:
        galsearch.estimate(property="z", index=tmp_path / "index", among="spectrum")
    assert str(error.value) == (
        "index 'images' has no spectrum vectors; it was built of image vectors alone."
    )
