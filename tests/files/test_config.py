"""A TOML file says what it should, or every problem is listed at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from galsearch.core.errors import ConfigError
from galsearch.files.config import as_table, config_from_table, read_config
from tests.damaged_files import assert_only_galsearch_errors


@dataclass(frozen=True)
class Inner:
    radius_arcsec: float = 1.0


@dataclass(frozen=True)
class Recipe:
    name: str
    n_probe: int = 8
    files: tuple[str, ...] = ()
    device: Literal["cpu", "gpu"] = "cpu"
    limit: int | None = None
    inner: Inner = field(default_factory=Inner)


def test_a_file_holds_differences_from_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = "x"\nfiles = ["a", "b"]\nlimit = 3\n[inner]\nradius_arcsec = 2\n')
    recipe = read_config(path, Recipe)
    assert recipe == Recipe("x", 8, ("a", "b"), "cpu", 3, Inner(2.0))
    assert config_from_table(as_table(recipe), Recipe, where="again") == recipe


def test_every_problem_is_listed_at_once() -> None:
    table = {
        "n_probes": 3,
        "n_probe": "many",
        "device": "tpu",
        "inner": {"radius": 1},
        "files": ["a", 2],
        "colour": 1,
    }
    with pytest.raises(ConfigError) as caught:
        config_from_table(table, Recipe, where="a.toml")
    assert str(caught.value) == (
        "a.toml: 7 problems. unknown key 'n_probes': did you mean 'n_probe'? "
        "'n_probe' is str; expected int. "
        "'device' is 'tpu'; expected one of ['cpu', 'gpu']. "
        "unknown key 'inner.radius': did you mean 'radius_arcsec'? "
        "'files' is int; expected str. "
        "unknown key 'colour': known: name, n_probe, files, device, limit, inner. "
        "key 'name' is missing."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file; expected a TOML file."),
        (
            "name = ",
            "not a TOML file (Invalid value (at end of document)).",
        ),
        (
            f"n_probe = {'[' * 10_000}{']' * 10_000}",
            "its lists or tables are nested too deep; expected a TOML file.",
        ),
        (
            f"n_probe = {'9' * 6000}",
            "holds a number of thousands of digits; expected integers of 64 bits.",
        ),
        (
            f'name = "x"\nn_probe = 0x{"f" * 6000}',
            "'n_probe' is an integer of more than 64 bits; expected a smaller one.",
        ),
        (
            f'name = "x"\n[inner]\nradius_arcsec = {"9" * 400}',
            "'inner.radius_arcsec' is an integer of more than 64 bits; expected a smaller one.",
        ),
        (
            f'name = "x"\ndevice = {list(range(1000))}',
            "'device' is [0, 1, 2, 3, 4, 5, ...]; expected one of ['cpu', 'gpu'].",
        ),
        (
            f'name = "x"\n{"y" * 100_000} = 1',
            f"unknown key '{'y' * 40}...{'y' * 15}': known: name, n_probe, files, device, limit, "
            "inner.",
        ),
    ],
)
def test_a_file_that_is_not_there_or_not_toml(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "a.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        read_config(path, Recipe)
    assert str(caught.value) == f"{path}: {message}"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "x"\n')
    assert read_config(path, Recipe) == Recipe("x")


def test_a_file_of_another_encoding_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b'name = "\xe9"\n')
    with pytest.raises(ConfigError, match=r"not a TOML file \('utf-8' codec can't decode"):
        read_config(path, Recipe)


def test_damaged_files_raise_only_galsearch_errors(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    text = (
        'name = "x"\nn_probe = 12\nfiles = ["a/*.fits", "b"]\ndevice = "gpu"\nlimit = 3\n'
        "[inner]\nradius_arcsec = 1.5\n"
    )

    def read(content: bytes) -> Recipe:
        path.write_bytes(content)
        return read_config(path, Recipe)

    assert_only_galsearch_errors(read, [text.encode()], copies=1000)


def test_a_true_is_not_a_number() -> None:
    with pytest.raises(ConfigError, match="'n_probe' is bool; expected int"):
        config_from_table({"name": "x", "n_probe": True}, Recipe, where="t")
