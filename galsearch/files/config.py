"""TOML files read into frozen dataclasses; all problems of a file are reported together.

A file states only what differs from the defaults of the dataclass. An unknown key is an error
that suggests the nearest known name; a value of a wrong type is an error that names both types.
"""

import dataclasses
import reprlib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from galsearch.core.errors import ConfigError

T = TypeVar("T")

_LARGEST_INT = 2**63 - 1
"""Largest integer of a TOML file, which has integers of 64 bits."""


def read_config(path: str | Path, kind: type[T]) -> T:
    """An instance of the dataclass `kind` with the values of a TOML file.

    Parameters
    ----------
    path
        The TOML file.
    kind
        A dataclass whose fields are the permitted keys; its defaults stand in for missing keys.

    Raises
    ------
    ConfigError
        Where the file cannot be read or is not TOML, a key is unknown or missing, or a value has a
        wrong type.
    """
    # tomllib is imported here, because a query reads no TOML and starts faster without it.
    import tomllib

    text = _read_text(Path(path))
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise ConfigError(
            f"{path}: its lists or tables are nested too deep; expected a TOML file."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not a TOML file ({error}).") from None
    except ValueError:
        # tomllib lets Python convert numbers, which refuses those of thousands of digits.
        raise ConfigError(
            f"{path}: holds a number of thousands of digits; expected integers of 64 bits."
        ) from None
    return config_from_table(table, kind, where=str(path))


def config_from_table(table: Mapping[str, Any], kind: type[T], *, where: str) -> T:
    """An instance of the dataclass `kind` with the values of a table.

    Parameters
    ----------
    table
        Values by key, as a TOML parser returns them. A field that is itself a dataclass takes a
        nested table.
    kind
        The dataclass.
    where
        Name of the file or other source of the table, for messages.

    Raises
    ------
    ConfigError
        Where a key is unknown or missing, or a value has a wrong type. The message starts with
        `where` and lists every such problem.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Recipe:
    ...     n_lists: int = 256
    >>> config_from_table({"n_list": 3}, Recipe, where="a.toml")
    Traceback (most recent call last):
    ...
    galsearch.core.errors.ConfigError: a.toml: unknown key 'n_list': did you mean 'n_lists'?
    Correct the values that the message names.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: is {type(table).__name__}; expected a table of values by key.")
    problems: list[str] = []
    value = _build(table, kind, "", problems)
    if problems:
        head = f"{where}: " if len(problems) == 1 else f"{where}: {len(problems)} problems. "
        raise ConfigError(head + " ".join(problems))
    try:
        return kind(**value)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def as_table(config: Any) -> dict[str, Any]:
    """The fields of a dataclass as nested dictionaries and lists that JSON can represent."""
    return {key: _plain(value) for key, value in dataclasses.asdict(config).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _build(table: Mapping[str, Any], kind: Any, prefix: str, problems: list[str]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in fields:
            import difflib

            name = _shortened(key)
            near = difflib.get_close_matches(name, fields, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(fields)}."
            problems.append(f"unknown key '{prefix}{name}': {hint}")
            continue
        values[key] = _convert(value, hints[key], f"{prefix}{key}", problems)
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in table:
            problems.append(f"key '{prefix}{name}' is missing.")
    return values


def _convert(value: Any, hint: Any, name: str, problems: list[str]) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in arguments if kind is not type(None)]
        return _convert(value, kinds[0], name, problems)
    if origin is typing.Literal:
        # The type is compared as well, since True == 1 and 1.0 == 1.
        if not any(type(value) is type(known) and value == known for known in arguments):
            problems.append(
                f"'{name}' is {reprlib.repr(value)}; expected one of {list(arguments)}."
            )
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            problems.append(f"'{name}' is {type(value).__name__}; expected a table.")
            return value
        return _nested(value, hint, name, problems)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            problems.append(f"'{name}' is {type(value).__name__}; expected a list.")
            return value
        return tuple(_convert(item, arguments[0], name, problems) for item in value)
    if isinstance(value, int) and abs(value) > _LARGEST_INT:
        problems.append(f"'{name}' is an integer of more than 64 bits; expected a smaller one.")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wrong = not isinstance(value, hint) or (hint is not bool and isinstance(value, bool))
    if wrong:
        problems.append(f"'{name}' is {type(value).__name__}; expected {hint.__name__}.")
    return value


def _nested(table: Mapping[str, Any], kind: Any, name: str, problems: list[str]) -> Any:
    """A dataclass from a nested table; None, and the problems noted, where that is impossible."""
    before = len(problems)
    values = _build(table, kind, f"{name}.", problems)
    if len(problems) > before:
        return None
    try:
        return kind(**values)
    except ConfigError as error:
        problems.append(f"'{name}': {error}")
        return None


def _shortened(text: str) -> str:
    """A text for a message, without the middle of a long one."""
    return text if len(text) <= 60 else f"{text[:40]}...{text[-15:]}"


def _read_text(path: Path) -> str:
    """The text of a TOML file, without the byte order mark that some editors write."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; expected a TOML file.") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a directory; expected a TOML file.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except ValueError as error:
        # The text is not UTF-8, or the path holds a null character.
        raise ConfigError(f"{path}: not a TOML file ({error}).") from None
