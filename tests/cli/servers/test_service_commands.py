"""The options of `galsearch serve`: indexes, datasets and the token."""

from pathlib import Path

import pytest

from galsearch.cli.servers.service_commands import directories, read_token
from galsearch.core.errors import ConfigError


def test_a_directory_has_its_own_name_or_a_given_one() -> None:
    assert directories(["index_builds/demo", "dr1=builds/one"]) == {
        "demo": Path("index_builds/demo"),
        "dr1": Path("builds/one"),
    }
    assert directories(["/data/pixels"], "demo") == {"demo": Path("/data/pixels")}
    with pytest.raises(ConfigError) as caught:
        directories(["one=a", "one=b"])
    assert str(caught.value) == "the name 'one' is given to a and to b."


def test_a_token_is_read_without_the_blanks_around_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n")
    assert read_token(file) == "0123456789abcdef"
    file.write_text("short\n")
    with pytest.raises(ConfigError) as caught:
        read_token(file)
    assert str(caught.value) == (
        f"{file}: the token has 5 characters; expected 16 or more of ASCII, without blanks."
    )
    with pytest.raises(ConfigError) as caught:
        read_token(tmp_path / "nothing")
    assert str(caught.value).startswith(f"{tmp_path / 'nothing'}: the token cannot be read (")
