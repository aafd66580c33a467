"""Names of objects and their positions in a table of the user."""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import SourceError, UnknownNameError
from galsearch.query.inputs.sky.sky_position import parse_positions
from galsearch.query.inputs.table_columns import read_columns

_NAME_COLUMNS = ("name", "object", "objname", "designation", "id")
_RA_COLUMNS = ("ra_deg", "ra", "raj2000", "target_ra")
_DEC_COLUMNS = ("dec_deg", "dec", "decj2000", "dej2000", "de", "target_dec")


class NameTable:
    """A table of names and positions, which is read once.

    Parameters
    ----------
    path
        A CSV, ECSV, FITS or Parquet table with columns name, ra_deg and dec_deg (or RA, Dec).

    Raises
    ------
    SourceError
        Where the table is missing or has no such columns.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        columns = read_columns(self.path)
        self._names, self._ra_deg, self._dec_deg = (
            _column(self.path, columns, wanted)
            for wanted in (_NAME_COLUMNS, _RA_COLUMNS, _DEC_COLUMNS)
        )
        self._row_by_key = {_key(text): row for row, text in reversed(list(enumerate(self._names)))}

    def __len__(self) -> int:
        """Number of different names."""
        return len(self._row_by_key)

    def position(self, name: str) -> Float64Array:
        """(1, 2) right ascension and declination in degrees of the object with a name.

        Parameters
        ----------
        name
            The name; differences in upper case and blanks do not matter.

        Raises
        ------
        UnknownNameError
            Where the table does not have the name; the message suggests similar ones.
        SourceError
            Where the position of the object is missing or is none.
        """
        row = self._row_by_key.get(_key(name))
        if row is None:
            raise self._unknown(name)
        both = (self._ra_deg, self._dec_deg)
        try:
            found = [float(v[row]) for v in both if not np.ma.getmaskarray(v)[row]]
        except (TypeError, ValueError):
            found = []
        if len(found) != 2:
            raise SourceError(
                f"{self.path}: the position of {self._names[row]} is {self._ra_deg[row]}, "
                f"{self._dec_deg[row]}; expected degrees."
            )
        return parse_positions((found[0], found[1]))

    def _unknown(self, name: str) -> UnknownNameError:
        near = difflib.get_close_matches(_key(name), self._row_by_key, n=3)
        suggested = ", ".join(f"{self._names[self._row_by_key[key]]}" for key in near)
        return UnknownNameError(
            f"{name!r} is not among the {len(self):,} names of {self.path}"
            f"{f'; similar ones: {suggested}' if near else ''}.",
            name=name,
        )


def _column(
    url: str, columns: Mapping[str, npt.NDArray[Any]], wanted: tuple[str, ...]
) -> npt.NDArray[Any]:
    """The first column that has one of the wanted names, in upper or lower case."""
    by_name = {name.strip().lower(): values for name, values in columns.items()}
    for name in wanted:
        if name in by_name:
            return by_name[name]
    raise SourceError(
        f"{url}: no column {' or '.join(wanted[:2])}. Columns: {', '.join(columns) or '(none)'}."
    )


def _key(name: object) -> str:
    """A name without blanks and differences of case, by which names are compared."""
    return re.sub(r"\s+", "", str(name)).casefold()
