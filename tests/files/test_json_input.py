"""A JSON file is read as it is, or refused in one sentence that names it."""

from pathlib import Path

import pytest

from galsearch.core.errors import ManifestError, ShardError
from galsearch.files.json_input import read_json
from tests.damaged_files import assert_only_galsearch_errors


def test_the_value_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"z": [0.5, null, true], "name": "\\u00b5"}', "utf-8")
    assert read_json(tmp_path / "a.json", ShardError) == {"z": [0.5, None, True], "name": "µ"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "its lists or objects are nested too deep."),
        ('{"a":' * 100_000, "its lists or objects are nested too deep."),
        ('{"a": NaN}', "not JSON (NaN is not a number in JSON)."),
        ("[-Infinity]", "not JSON (-Infinity is not a number in JSON)."),
        ("[1e999]", "not JSON (1e999 is too large a number)."),
        ("[" + "9" * 400 + ".0]", f"not JSON ({'9' * 40} is too large a number)."),
        ('{"dim": 3, "dim": 4}', "not JSON (an object has the key 'dim' twice)."),
        ('{"a": "\\ud800"}', "not JSON (a text in it is not Unicode)."),
        ("", "not JSON (Expecting value: line 1 column 1 (char 0))."),
    ],
)
def test_what_is_not_json_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ManifestError) as caught:
        read_json(path, ManifestError)
    assert str(caught.value) == f"{path}: {reason}"


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" + "9" * 6000 + "]")
    with pytest.raises(ShardError, match=r"a\.json: not JSON \(Exceeds the limit"):
        read_json(path, ShardError)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ShardError) as missing:
        read_json(tmp_path / "a.json", ShardError)
    assert str(missing.value) == f"{tmp_path / 'a.json'}: no such file."
    with pytest.raises(ShardError) as directory:
        read_json(tmp_path, ShardError)
    assert str(directory.value) == f"{tmp_path}: cannot be read (Is a directory)."


def test_damaged_files_raise_only_errors_of_galsearch(tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_json(path, ShardError)

    assert_only_galsearch_errors(read, [b'{"a": {"b": [1, 2.5e3, "c", null]}, "d": "\\u00e9"}'])
