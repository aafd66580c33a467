"""JSON of any origin, read such that whatever is wrong with it is an error with its name."""

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from galsearch.core.errors import GalsearchError


def read_json(path: Path, error_kind: type[GalsearchError]) -> Any:
    """The value in a JSON file; see `parse_json`.

    Parameters
    ----------
    path
        The JSON file.
    error_kind
        Class of the error for a file that cannot be read or is not JSON.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where the file cannot be read or is not JSON.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise error_kind(f"{path}: no such file.") from None
    except OSError as error:
        raise error_kind(f"{path}: cannot be read ({error.strerror}).") from None
    return parse_json(content, f"{path}", error_kind)


def parse_json(content: bytes | str, place: str, error_kind: type[GalsearchError]) -> Any:
    """The value that a JSON text stands for.

    What Python's parser permits beyond JSON is refused: the constants NaN and Infinity, numbers
    that are too large for a float, a key that an object has twice, and text that is not Unicode
    (half of a surrogate pair). So every number in the value is finite.

    Parameters
    ----------
    content
        The JSON text; bytes are UTF-8.
    place
        Name of the file, or of the part of a file, with which messages begin.
    error_kind
        Class of the error.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where the text is not JSON.

    Examples
    --------
    >>> parse_json('{"z": [0.5, null]}', "a.json", GalsearchError)
    {'z': [0.5, None]}
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object_without_repeats,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise error_kind(f"{place}: its lists or objects are nested too deep.") from None
    except UnicodeEncodeError:
        raise error_kind(f"{place}: not JSON (a text in it is not Unicode).") from None
    except ValueError as error:
        raise error_kind(f"{place}: not JSON ({error}).") from None
    return value


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object has the key {repeated!a} twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:40]} is too large a number")
    return value
