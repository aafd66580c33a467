"""A TOML file says what it should, or every problem is listed at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from galsearch.core.errors import ConfigError
from galsearch.files.config import as_table, config_from_table, read_config


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


def test_a_true_is_not_a_number() -> None:
    with pytest.raises(ConfigError, match="'n_probe' is bool; expected int"):
        config_from_table({"name": "x", "n_probe": True}, Recipe, where="t")
