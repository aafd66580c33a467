"""Labels come from the named bank, from the index, or from the shipped bank where it has none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import galsearch
from galsearch.analysis.bank.label_sources import LabelSource, galaxies_and_bank
from galsearch.analysis.bank.simulated_bank import (
    SIMULATED,
    is_simulated,
    simulated_bank,
    simulated_note,
)
from galsearch.core.errors import EncoderMismatchError, NoIndexError, QueryError
from galsearch.core.modality import Modality
from galsearch.index import IndexRecipe, build_index
from galsearch.query import SearchEngine, open_index
from tests.conftest import Demonstration, Sky


@pytest.fixture(scope="module")
def partly_labelled(make_sky: Callable[..., Sky], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An index of the encoder of the shipped bank, with ages and without a redshift."""
    home = tmp_path_factory.mktemp("partly")
    encoder = str(simulated_bank().manifest.fingerprint)
    sky = make_sky(60, seed=3, dim=128)
    embeddings = sky.write(home / "sky", fingerprints=(encoder, encoder))
    table = pq.read_table(embeddings / "catalogue.parquet")
    table = table.set_column(
        table.column_names.index("z"), "z", pa.nulls(len(table), pa.float64())
    ).append_column("age", pa.array(np.arange(60.0)))
    pq.write_table(table, embeddings / "catalogue.parquet")
    recipe = IndexRecipe(name="partly", family="flat", n_tuning_queries=20)
    build_index(recipe, embeddings=embeddings, out=home / "index")
    return open_index(home / "index")


def test_the_shipped_bank_stands_in_for_missing_labels_alone(partly_labelled: SearchEngine) -> None:
    found = galsearch.estimate(
        property="z,age,stellar_mass", index=partly_labelled, k=8, n_held_out=100
    )
    columns = found.columns
    assert set(columns["z_bank"]) == set(columns["stellar_mass_bank"]) == {"simulated"}
    assert "age_bank" not in columns
    assert found.notes[-1] == simulated_note(["z", "stellar_mass"])
    assert found.notes[1].startswith("age: 8 neighbours among 60 labelled galaxies")
    # Random vectors are unlike those of any galaxy.
    assert columns["z_outside_bank"].all()
    assert found.to_arrow()["z_bank"][0].as_py() == "simulated"


def test_a_named_bank_or_a_condition_is_never_replaced(partly_labelled: SearchEngine) -> None:
    for words in ({"bank": partly_labelled}, {"bank_where": "age > 3"}):
        with pytest.raises(QueryError) as error:
            galsearch.estimate(property="ssfr", index=partly_labelled, **words)
        assert str(error.value).startswith("property 'ssfr': the catalogue has no column 'ssfr'")


def test_a_condition_on_the_shipped_bank_chooses_its_galaxies() -> None:
    source = LabelSource(simulated_bank(), "true_z < 0.1", is_named=True)
    index, labels = source.labels("stellar_mass", as_classes=False)
    assert index is simulated_bank()
    assert 20 < len(labels) < len(index) / 2


def test_the_words_of_a_condition_on_the_shipped_bank_are_those_of_its_properties() -> None:
    def chosen(where: str) -> list[int]:
        source = LabelSource(simulated_bank(), where, is_named=True)
        return source.labels("age", as_classes=False)[1].target_ids.tolist()

    assert chosen("z < 0.1") == chosen("true_z < 0.1")
    assert chosen("stellar_mass > 10.5 and ssfr < -11") == chosen(
        "log10_mass > 10.5 and log10_ssfr < -11"
    )
    assert chosen("morphology == 'spiral'") != chosen("has_bar == 1")
    with pytest.raises(QueryError) as error:
        chosen("stellar_mas > 10")
    assert str(error.value).startswith(
        "where 'stellar_mas > 10': the catalogue has no column 'stellar_mas'"
    )
    assert "'stellar_mass'" in str(error.value)


def test_another_encoder_is_refused(labelled_engine: SearchEngine) -> None:
    mismatch = (
        f"index 'labelled' in {labelled_engine.index.directory} has embeddings of encoder "
        f"{'a' * 16}, the shipped bank of simulated galaxies of encoder 75bef907f0ba9d2e. "
        "Similarities between embeddings of different encoders have no meaning."
    )
    with pytest.raises(EncoderMismatchError) as error:
        galsearch.estimate(property="z", index=labelled_engine, bank="simulated")
    assert str(error.value) == mismatch
    with pytest.raises(EncoderMismatchError) as error:
        galsearch.estimate(property="ssfr", index=labelled_engine)
    assert str(error.value) == (
        "property 'ssfr': the catalogue of the index has no labels of it, and the shipped bank, "
        f"which has, does not fit: {mismatch}"
    )


def test_own_data_and_embeddings_need_no_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = galaxies_and_bank(None, SIMULATED, ["z", "has_bar"], needs_index=False)
    unnamed = galaxies_and_bank(None, None, ["z", "age"], needs_index=False)
    assert all(map(is_simulated, named + unnamed))
    for bank, properties, needs_index in (
        (None, ["z", "has_bar"], False),
        ("missing", ["z"], False),
        (None, ["z"], True),
        (SIMULATED, ["z"], True),
    ):
        with pytest.raises(NoIndexError):
            galaxies_and_bank(None, bank, properties, needs_index=needs_index)


def test_simulated_galaxies_get_their_properties(demonstration: Demonstration) -> None:
    """Galaxies of another seed, through their spectra and their images."""
    embeddings = demonstration.home / "demo" / "embeddings"
    table = pq.read_table(embeddings / "catalogue.parquet")
    for using, most in ((Modality.SPECTRUM, 0.02), (Modality.IMAGE, 0.12)):
        found = galsearch.estimate(
            property="z",
            bank="simulated",
            from_embeddings=embeddings,
            using=using,
            among=using,
            k=16,
            n_held_out=500,
        )
        true = dict(zip(table["target_id"].to_pylist(), table["true_z"].to_pylist(), strict=True))
        error = [z - true[one] for one, z in zip(found.target_ids, found.columns["z"], strict=True)]
        assert np.median(np.abs(error)) < most
