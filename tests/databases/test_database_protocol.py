"""Addresses of databases, and the facts that a table records of itself."""

import pytest

from galsearch.core.errors import DatabaseError, ShardError
from galsearch.core.modality import Modality
from galsearch.databases.database_protocol import (
    DatabaseAddress,
    TableFacts,
    database_errors,
    parse_address,
)

FACTS = TableFacts("toy", "a" * 64, "image", 16, 90, {"z": "double"})


def test_facts_survive_as_text() -> None:
    assert TableFacts.parse(FACTS.as_text(), "here") == FACTS


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"encoder": 1}', FACTS.as_text().replace("aaa", "zzz")]
)
def test_other_facts_are_refused(text: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        TableFacts.parse(text, "here, galaxies_image")
    assert str(caught.value).startswith("here, galaxies_image: was not exported by galsearch (")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("lance://vectors", DatabaseAddress("lance", "vectors")),
        ("milvus:///a/b#dr1", DatabaseAddress("milvus", "/a/b", "dr1")),
        ("qdrant+https://h:6333#x", DatabaseAddress("qdrant", "https://h:6333", "x")),
        ("index_builds/demo", None),
        ("https://a/lance://b", None),
        ("chroma://vectors", None),
    ],
)
def test_addresses(text: str, address: DatabaseAddress | None) -> None:
    assert parse_address(text) == address


def test_a_table_has_the_name_of_its_modality() -> None:
    address = DatabaseAddress("qdrant", "http://h:6333", "dr1")
    assert address.is_server
    assert address.table(Modality.SPECTRUM) == "dr1_spectrum"
    assert str(address) == "qdrant database http://h:6333"


def test_errors_of_packages_name_the_database_and_our_own_pass() -> None:
    with pytest.raises(DatabaseError) as caught, database_errors("lance database x"):
        raise KeyError("a\n b")
    assert str(caught.value) == "lance database x: KeyError: 'a\\n b'"
    for own in (ShardError("damaged"), FileNotFoundError("x")):
        with pytest.raises(type(own)), database_errors("lance database x"):
            raise own
