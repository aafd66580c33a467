"""Missing values of a label table stay missing from the survey files to a condition of a query."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

import galsearch
from galsearch.dataset.ingest.ingest_recipe import IngestRecipe, LabelTables, SpectrumFiles
from galsearch.dataset.ingest.run import ingest
from galsearch.embeddings import embed_dataset
from galsearch.index import IndexRecipe, build_index
from tests.embeddings.conftest import FIRST_ID, ProjectionPair, write_survey

IDS = FIRST_ID + np.arange(7)
LARGE = 4000000000000000001


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index of seven spectra with labels of a table with null values (TNULL)."""
    root = tmp_path_factory.mktemp("labels")
    write_survey(root)
    labels = Table({"TARGETID": IDS})
    labels["N_VISITS"] = MaskedColumn(np.arange(7, dtype="i4"), mask=[0, 0, 1, 0, 1, 0, 0])
    labels["GAIA_ID"] = MaskedColumn(LARGE + np.arange(7), mask=[0, 0, 0, 1, 0, 0, 0])
    labels.write(root / "labels.fits")
    recipe = IngestRecipe(
        "labels",
        spectra=SpectrumFiles((str(root / "coadd-*.fits"),)),
        labels=LabelTables((str(root / "labels.fits"),)),
    )
    ingest(recipe, root / "dataset")
    embed_dataset(root / "dataset", root / "embeddings", encoder=ProjectionPair())
    build_index(IndexRecipe(name="i"), embeddings=root / "embeddings", out=root / "index")
    return galsearch.open_index(root / "index")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("n_visits > 2", [3, 5, 6]),
        ("not (n_visits > 2)", [1]),
        ("n_visits >= 0", [1, 3, 5, 6]),
        ("n_visits > 100", []),
        (f"gaia_id == {LARGE + 2}", [2]),
        (f"gaia_id != {LARGE + 2}", [1, 4, 5, 6]),
        (f"gaia_id > {LARGE + 1} and n_visits < 6", [5]),
    ],
)
def test_a_missing_value_fulfils_no_condition(index, where, expected):
    found = index.query(target_id=IDS[0], using="spectrum", among="spectrum", k=7, where=where)
    assert sorted(found.target_ids.tolist()) == (FIRST_ID + np.array(expected, int)).tolist()
