"""The map of an index as bytes that a browser draws without parsing them."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.analysis import EmbeddingMap, stored_map
from galsearch.core.modality import Modality
from galsearch.files.digest import sha256_of_text
from galsearch.http.answers.describe_answer import plain
from galsearch.http.state.served_index import ServedIndex

MAGIC = b"GSM1"
"""First bytes of a map."""
MOST_CLASSES = 12
_LAST_STEP = 65_535
_ALIGNMENT = 8

Levels = npt.NDArray[np.uint8]


def map_digest(served: ServedIndex, using: Modality | None, column: str | None) -> str:
    """A digest that differs between all maps that the service may send."""
    return sha256_of_text(f"{served.engine.index.digest()} {using} {column}")[:32]


def map_answer(served: ServedIndex, using: Modality | None, column: str | None, most: int) -> bytes:
    """The map of a modality of an index, see `map_bytes`; the bytes are kept.

    Raises
    ------
    NoMapError
        Where no map of the modality is stored.
    QueryError
        Where the catalogue has no such column, or it holds something that is not drawn.
    """

    def make() -> bytes:
        drawn = stored_map(served.engine, using=using)
        facts = {
            "index": served.name,
            "using": drawn.using,
            "galaxies": len(drawn),
            "trustworthiness": plain(drawn.entry.trustworthiness),
            "column": column or "z",
        }
        return map_bytes(drawn, drawn.values(column or "z"), facts, most)

    return served.cached(("map", using, column, most), make)


def map_bytes(
    drawn: EmbeddingMap, values: npt.NDArray[Any], facts: dict[str, Any], most: int
) -> bytes:
    """A map in the format of `/v1/map`.

    The bytes are `GSM1`, the length of a JSON object as a 32-bit integer, the object, spaces up to
    a multiple of 8 bytes, and the arrays that the object names, one after the other in this order,
    all little-endian: `target_id` (int64), `x` and `y` (uint16; 0 and 65535 are the ends of
    `x_range` and `y_range`), `level` (uint8; 0 for an unknown value, 1 to 255 between the ends of
    `value_range`, or the number of the class from 1, 255 for other classes).

    Parameters
    ----------
    drawn
        The map.
    values : (n,)
        Values that colour it: numbers, or texts.
    facts
        Other fields of the object.
    most
        Largest number of galaxies; of more, as many are taken at random.
    """
    rows = np.arange(len(drawn))
    if len(drawn) > most:
        rows = np.sort(np.random.default_rng(0).permutation(len(drawn))[:most])
    levels, scale = _levels(values)
    low, side = _square(drawn.x, drawn.y)
    arrays = {
        "target_id": drawn.target_ids[rows].astype("<i8"),
        "x": _steps(drawn.x[rows], low[0], side),
        "y": _steps(drawn.y[rows], low[1], side),
        "level": levels[rows],
    }
    head = {
        **facts,
        "shown": len(rows),
        "x_range": [low[0], low[0] + side],
        "y_range": [low[1], low[1] + side],
        **scale,
        "arrays": [[name, array.dtype.name] for name, array in arrays.items()],
    }
    text = json.dumps(head, allow_nan=False).encode()
    text += b" " * (-(len(MAGIC) + 4 + len(text)) % _ALIGNMENT)
    start = MAGIC + len(text).to_bytes(4, "little") + text
    return start + b"".join(array.tobytes() for array in arrays.values())


def _square(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> tuple[list[float], float]:
    """Lower corner and side of the square in whose middle a map lies."""
    spans = [float(np.ptp(x)), float(np.ptp(y))]
    side = max(*spans, 1e-6)
    corner = [float(x.min()), float(y.min())]
    return [value - (side - span) / 2 for value, span in zip(corner, spans, strict=True)], side


def _steps(values: npt.NDArray[Any], low: float, side: float) -> npt.NDArray[np.uint16]:
    scaled = (values.astype(np.float64) - low) / side * _LAST_STEP
    return np.clip(np.rint(scaled), 0, _LAST_STEP).astype("<u2")


def _levels(values: npt.NDArray[Any]) -> tuple[Levels, dict[str, Any]]:
    """A byte for each value, and the scale or the classes that it stands for."""
    if values.dtype == object:
        texts = np.array(["" if value is None else str(value) for value in values])
        names, counts = np.unique(texts[texts != ""], return_counts=True)
        classes = names[np.argsort(-counts, kind="stable")][:MOST_CLASSES].tolist()
        levels = np.where(texts == "", 0, 255).astype(np.uint8)
        for number, name in enumerate(classes, start=1):
            levels[texts == name] = number
        return levels, {"classes": classes, "value_range": None}
    known = np.isfinite(values)
    low, high = np.percentile(values[known], (1, 99)) if known.any() else (0.0, 1.0)
    high = max(float(high), float(low) + 1e-9)
    scaled = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1)
    levels = np.where(known, 1 + np.rint(scaled * 254), 0).astype(np.uint8)
    return levels, {"classes": None, "value_range": [float(low), high]}
