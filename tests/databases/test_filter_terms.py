"""Each database finds the rows that fulfil a condition, and no others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import QueryError
from galsearch.databases.database_protocol import VectorDatabase
from galsearch.databases.filter_terms import (
    Comparison,
    Joined,
    Membership,
    Missing,
    SqlDialect,
    Term,
    sql_text,
)
from tests.databases.conftest import ODD_TEXT, N, catalogue_columns

COLUMNS = {
    **{name: values.to_pylist() for name, values in catalogue_columns(N).items()},
    "z": [None if i % 5 == 0 else float(z) for i, z in enumerate(np.linspace(0, 1, N))],
}
COLUMNS["snr"] = [None if value is None or np.isnan(value) else value for value in COLUMNS["snr"]]
CONDITIONS: dict[str, tuple[Term, Callable[[dict[str, Any]], bool]]] = {
    "less": (Comparison("z", "<", 0.3), lambda r: r["z"] is not None and r["z"] < 0.3),
    "nan": (Comparison("snr", ">=", 20.0), lambda r: r["snr"] is not None and r["snr"] >= 20),
    "single": (
        Comparison("mag_r", "<=", float(np.float32(17.3))),
        lambda r: r["mag_r"] <= np.float32(17.3),
    ),
    "float": (Comparison("snr", "==", 25 / 3), lambda r: r["snr"] == 25 / 3),
    "text": (Comparison("kind", "==", ODD_TEXT), lambda r: r["kind"] == ODD_TEXT),
    "other text": (Comparison("kind", "!=", "BGS"), lambda r: r["kind"] in ("LRG", ODD_TEXT)),
    "truth": (Comparison("has_bar", "==", True), lambda r: r["has_bar"] is True),
    "untruth": (Comparison("has_bar", "==", False), lambda r: r["has_bar"] is False),
    "whole": (Comparison("n_arms", "!=", 2), lambda r: r["n_arms"] not in (2, None)),
    "in": (Membership("kind", ("BGS", "LRG")), lambda r: r["kind"] in ("BGS", "LRG")),
    "in numbers": (Membership("n_arms", (1, 3)), lambda r: r["n_arms"] in (1, 3)),
    "not in": (Membership("n_arms", (1, 3), False), lambda r: r["n_arms"] in (0, 2, 4)),
    "missing": (Missing("kind"), lambda r: r["kind"] is None),
    "known": (Missing("z", False), lambda r: r["z"] is not None),
    "and": (
        Joined("and", (Comparison("n_arms", "==", 2), Comparison("has_bar", "==", True))),
        lambda r: r["n_arms"] == 2 and r["has_bar"] is True,
    ),
    "or": (
        Joined("or", (Comparison("n_arms", ">", 3), Missing("kind"))),
        lambda r: (r["n_arms"] or 0) > 3 or r["kind"] is None,
    ),
}


def rows() -> list[dict[str, Any]]:
    return [{name: values[i] for name, values in COLUMNS.items()} for i in range(N)]


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_selects_the_rows_that_fulfil_it(
    name: str, database: VectorDatabase, database_sky: Any
) -> None:
    term, fulfils = CONDITIONS[name]
    hits = database.search("galaxies_image", database_sky.image[0], N, terms=term, without=[])
    wanted = database_sky.ids[[fulfils(row) for row in rows()]]
    assert 0 < len(wanted) < N
    assert np.sort(hits.target_ids).tolist() == wanted.tolist()


def test_a_galaxy_is_found_and_left_out_by_its_id(
    database: VectorDatabase, database_sky: Any
) -> None:
    ids = database_sky.ids.tolist()
    some = Membership("target_id", tuple(ids[:5]))
    hits = database.search("galaxies_image", database_sky.image[0], N, terms=some, without=ids[:2])
    assert np.sort(hits.target_ids).tolist() == ids[2:5]
    one = Comparison("target_id", "!=", ids[0])
    hits = database.search("galaxies_image", database_sky.image[0], N, terms=one, without=[])
    assert len(hits.target_ids) == N - 1


def test_qdrant_has_no_order_of_texts_and_ids(
    exported: tuple[str, Any, Any], database: VectorDatabase, database_sky: Any
) -> None:
    if exported[0] != "qdrant":
        pytest.skip("a limit of Qdrant")
    for term, message in (
        (
            Comparison("kind", "<", "C"),
            "column 'kind' is compared with 'C' by <; Qdrant has no order of texts.",
        ),
        (
            Comparison("target_id", "<", 5),
            "Qdrant can only be asked whether target_id equals whole numbers.",
        ),
    ):
        with pytest.raises(QueryError) as caught:
            database.search("galaxies_image", database_sky.image[0], 1, terms=term, without=[])
        assert str(caught.value) == message


def test_texts_are_quoted() -> None:
    assert sql_text(Comparison("a", "==", "x' or '1'='1"), SqlDialect()) == (
        "a = 'x'' or ''1''=''1'"
    )
    escaped = sql_text(Comparison("a", "==", 'x\\" or "1'), SqlDialect(has_escapes=True))
    assert escaped == 'a = "x\\\\\\" or \\"1"'
