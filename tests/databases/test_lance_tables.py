"""The vectors of Lance are searched exactly, and found by TARGETID."""

from typing import Any

from galsearch.databases.database_protocol import VectorDatabase
from tests.databases.database_checks import (
    assert_largest_products_are_found,
    assert_no_ids_have_no_vectors,
)


def test_the_largest_inner_products_are_found(
    own_database: VectorDatabase, database_sky: Any
) -> None:
    assert_largest_products_are_found(own_database, database_sky)


def test_no_ids_have_no_vectors(own_database: VectorDatabase) -> None:
    assert_no_ids_have_no_vectors(own_database)
