"""JSON files of any origin, read such that whatever is wrong with one is an error with its name."""

import json
from pathlib import Path
from typing import Any, NoReturn

from galsearch.core.errors import GalsearchError


def read_json(path: Path, error_kind: type[GalsearchError]) -> Any:
    """The value in a JSON file.

    What Python's parser permits beyond JSON is refused: the constants NaN and Infinity, a key that
    an object has twice, and text that is not Unicode (half of a surrogate pair).

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
        value = json.loads(
            path.read_text(encoding="utf-8"),
            object_pairs_hook=_object_without_repeats,
            parse_constant=_refuse_constant,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise error_kind(f"{path}: its lists or objects are nested too deep.") from None
    except FileNotFoundError:
        raise error_kind(f"{path}: no such file.") from None
    except OSError as error:
        raise error_kind(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeEncodeError:
        raise error_kind(f"{path}: not a JSON file (a text in it is not Unicode).") from None
    except ValueError as error:
        raise error_kind(f"{path}: not a JSON file ({error}).") from None
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
