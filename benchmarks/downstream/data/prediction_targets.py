"""Quantities to predict: properties and morphology, from the columns of a dataset.

A label is a column, `log10(column)`, or a difference of such terms. For example the specific star
formation rate, star formation rate over stellar mass, is `log10(sfr)-log10_mass`.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import DatasetError

FEWEST_TRAIN, FEWEST_TEST = 100, 20
"""Smallest numbers of labelled galaxies for a meaningful fit and a meaningful score."""


@dataclass(frozen=True)
class Property:
    """A quantity to predict, and the error above which a prediction is an outlier."""

    name: str
    unit: str
    outlier: float
    """Absolute error above which a prediction counts as an outlier."""
    relative: bool = False
    """True where errors are divided by 1 + the true value, as for redshifts."""


PROPERTIES = (
    Property("redshift", "dz / (1 + z)", 0.05, relative=True),
    Property("mass", "dex", 0.3),
    Property("age", "Gyr", 2.0),
    Property("metallicity", "dex", 0.3),
    Property("ssfr", "dex", 0.5),
)
NAMES = tuple(p.name for p in PROPERTIES)

PRESETS: dict[str, dict[str, str]] = {
    "simulation": {
        "redshift": "true_z",
        "mass": "log10_mass",
        "age": "age_gyr",
        "metallicity": "log10_z_zsun",
        "ssfr": "log10_sfr-log10_mass",
    },
    "PROVABGS": {
        "redshift": "z",
        "mass": "log_mstar",
        "age": "tage_mw",
        "metallicity": "log10(z_mw)",
        "ssfr": "log10(avg_sfr)-log_mstar",
    },
}
"""Expressions of the labels by kind of dataset; the first one whose columns all exist is used."""

CLASS_COLUMN = "morphology"
FLAG_COLUMNS = ("has_spiral_arms", "has_bar", "has_ring", "is_merger")
"""Columns of morphological class and flags in the simulation's table of true parameters."""

_TERM = re.compile(r"\s*(?:log10\(\s*(?P<log>\w+)\s*\)|(?P<plain>\w+))\s*")


def parse_labels(texts: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Expressions of the properties by name: those of the preset that fits the columns, changed or
    extended by texts of the form NAME=EXPRESSION.

    Raises
    ------
    DatasetError
        Where a text names no property, or no preset fits and no text is given.
    """
    given = {}
    for text in texts:
        name, equals, expression = text.partition("=")
        if not equals or name not in NAMES or not expression.strip():
            raise DatasetError(
                f"label {text!r}: expected NAME=EXPRESSION with NAME one of {', '.join(NAMES)}."
            )
        given[name] = expression.strip()
    for preset in PRESETS.values():
        if all(set(columns_of(e)) <= set(columns) for e in preset.values()):
            return {**preset, **given}
    if not given:
        raise DatasetError(
            "the dataset has no known set of label columns (such as log10_mass or log_mstar): name "
            f"labels, such as --label redshift=z. Its columns: {', '.join(columns)}."
        )
    return {name: given[name] for name in NAMES if name in given}


def columns_of(expression: str) -> list[str]:
    """Names of the catalogue columns that a label's expression uses."""
    return [column for column, _ in _terms(expression)]


def evaluate(name: str, expression: str, table: pa.Table) -> Float64Array:
    """(n,) label of every galaxy; NaN where a column is null, NaN, or has no logarithm.

    Raises
    ------
    DatasetError
        Where a column is missing or not numeric.
    """
    values: Float64Array | None = None
    for column, is_log in _terms(expression):
        found = _numbers(f"label {name} = {expression!r}", column, table)
        if is_log:
            with np.errstate(divide="ignore", invalid="ignore"):
                found = np.log10(found)
        values = found if values is None else values - found
    assert values is not None  # noqa: S101 (an expression has a term)
    return np.where(np.isfinite(values), values, np.nan)


def _terms(expression: str) -> list[tuple[str, bool]]:
    matches = [_TERM.fullmatch(part) for part in expression.split("-")]
    terms = [(m["log"] or m["plain"], m["log"] is not None) for m in matches if m]
    if len(terms) != len(matches):
        raise DatasetError(
            f"label expression {expression!r}: expected columns or log10(column), joined by '-'."
        )
    return terms


def _numbers(what: str, column: str, table: pa.Table) -> Float64Array:
    if column not in table.column_names:
        near = difflib.get_close_matches(column, table.column_names, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "no name is similar."
        numeric = [f.name for f in table.schema if _is_number(f.type)]
        raise DatasetError(
            f"{what}: the dataset has no column {column!r}; {hint} "
            f"Columns of numbers: {', '.join(numeric)}."
        )
    kind = table.schema.field(column).type
    if not _is_number(kind):
        raise DatasetError(f"{what}: the column {column!r} holds {kind}, not numbers.")
    values = table[column].cast(pa.float64()).to_numpy()
    return np.asarray(values, dtype=np.float64)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


@dataclass(frozen=True, eq=False)
class Targets:
    """True values of several quantities to predict, one in each column."""

    names: tuple[str, ...]
    """Names of the quantities, one for each column of `values`."""
    values: Float64Array
    """(n, quantities) true values of n galaxies, NaN where unknown."""


def check_known(name: str, expression: str, values: Float64Array, split: npt.NDArray[Any]) -> str:
    """A message with the numbers of galaxies that have and that lack a label, after checking that
    there are enough.

    Raises
    ------
    DatasetError
        Where too few galaxies of the training or test split have the label, or it is constant.
    """
    known = np.isfinite(values)
    n_train, n_test = (int(known[split == s].sum()) for s in ("train", "test"))
    if n_train < FEWEST_TRAIN or n_test < FEWEST_TEST:
        raise DatasetError(
            f"label {name} = {expression!r} is known for {n_train} of {(split == 'train').sum()} "
            f"training galaxies and {n_test} of {(split == 'test').sum()} test galaxies; a fit "
            f"needs {FEWEST_TRAIN} and its score {FEWEST_TEST} at least."
        )
    if np.ptp(values[known]) == 0:
        raise DatasetError(
            f"label {name} = {expression!r} is {values[known][0]:g} for every galaxy that has it: "
            "there is nothing to predict."
        )
    left_out = int((~known).sum())
    return f"label {name} = {expression}: {int(known.sum())} known, {left_out} left out (NaN)"


def properties_of(labels: Mapping[str, str], table: pa.Table) -> Targets:
    """Redshift and physical properties of every galaxy in a table, in the order of `PROPERTIES`,
    from the expressions in `labels`.
    """
    values = [evaluate(name, expression, table) for name, expression in labels.items()]
    order = sorted(range(len(values)), key=lambda i: NAMES.index(list(labels)[i]))
    names = tuple(list(labels)[i] for i in order)
    return Targets(names, np.stack([values[i] for i in order], axis=1))


def shapes_of(class_column: str | None, flags: Sequence[str], table: pa.Table) -> Targets:
    """Morphology of every galaxy in a table: one column `class:NAME` for each class (1 for galaxies
    of the class, else 0), and one column for each flag (0 or 1).

    Raises
    ------
    DatasetError
        Where a column is missing, or a flag has a value other than 0 and 1.
    """
    names, values = [], []
    if class_column is not None:
        if class_column not in table.column_names:
            raise DatasetError(f"the dataset has no column {class_column!r} of classes.")
        texts = np.asarray(table[class_column].to_pylist(), dtype=object)
        known = np.array([text is not None for text in texts])
        for one in sorted({str(text) for text in texts[known]}):
            names.append(f"class:{one}")
            values.append(np.where(known, (texts == one).astype(float), np.nan))
    for flag in flags:
        found = _numbers(f"flag {flag}", flag, table)
        odd = np.isfinite(found) & ~np.isin(found, (0, 1))
        if odd.any():
            raise DatasetError(f"flag {flag}: expected 0 or 1, found {found[odd][0]:g}.")
        names.append(flag)
        values.append(found)
    return Targets(tuple(names), np.stack(values, axis=1))
