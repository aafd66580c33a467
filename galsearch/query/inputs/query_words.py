"""The words in which a query is put: the same in Python, on the command line and over HTTP."""

from collections.abc import Container, Mapping, Set
from pathlib import Path
from typing import Any, TypedDict

import numpy.typing as npt

from galsearch.core.errors import QueryError
from galsearch.core.modality import QueryModality
from galsearch.query.inputs.argument_checks import Cone, TargetIdInput
from galsearch.query.inputs.own_data.own_embedding import EncoderInput
from galsearch.query.inputs.own_data.own_image import ImageInput
from galsearch.query.inputs.own_data.own_spectrum import SpectrumInput
from galsearch.query.inputs.sky.name_table import NameTable
from galsearch.query.inputs.sky.sky_position import PositionInput


class OtherWords(TypedDict, total=False):
    """Arguments of every query by keyword, whatever its input; `Query` says what each means."""

    k: int | None
    offset: int
    min_similarity: float | None
    exclude_within: float | None
    one_per: str | None
    diversity: float | None
    n_probe: int | None
    exact: bool
    where: str | None
    within: Cone | None
    ids: TargetIdInput | None


class QueryWords(OtherWords, total=False):
    """Arguments of a query by keyword, with those that say what is searched for."""

    position: PositionInput | None
    radius: float
    name: str | None
    names: str | Path | NameTable | None
    image: ImageInput | None
    pixel_scale: float | None
    spectrum: SpectrumInput | None
    air: bool
    encoder: EncoderInput | None
    like: TargetIdInput | None
    unlike: TargetIdInput | None
    vector: npt.ArrayLike | None
    fingerprint: str | None
    using: QueryModality | str | None
    among: QueryModality | str
    from_embeddings: str | Path | None


_INPUTS = {
    "target_ids": "TARGETIDs",
    "position": "a position",
    "name": "a name",
    "image": "an image",
    "spectrum": "a spectrum",
    "like": "examples",
    "vector": "a vector",
}
"""Names in messages of the arguments that say what is searched for."""
_TOGETHER = (
    {"image", "position"},
    {"spectrum", "target_ids"},
    {"image", "spectrum"},
    {"image", "spectrum", "position"},
    {"image", "spectrum", "target_ids"},
    {"image", "spectrum", "position", "target_ids"},
)
"""Arguments of one input: the position of a galaxy in an image, its TARGETID in a DESI file."""
_NEEDS = {
    "fingerprint": ("vector",),
    "unlike": ("like",),
    "names": ("name",),
    "pixel_scale": ("image",),
    "air": ("spectrum",),
    "encoder": ("image", "spectrum"),
    "from_embeddings": ("target_ids",),
}
"""Arguments that have a meaning beside one of others only."""


def check_inputs(given: Mapping[str, Any]) -> None:
    """Check that a query has one kind of input, and nothing that belongs to another kind.

    Parameters
    ----------
    given
        Arguments by name; those that are None or False are not given.

    Raises
    ------
    QueryError
        Where there is no input, several that do not belong together, or an argument without its
        input.

    Examples
    --------
    >>> check_inputs({"name": "NGC 5194", "vector": None})
    >>> check_inputs({"name": "NGC 5194", "vector": [1.0]})
    Traceback (most recent call last):
    ...
    galsearch.core.errors.QueryError: a query has one kind of input; found a name and a vector.
    Correct the argument that the message names.
    """
    present = {name for name, value in given.items() if value is not None and value is not False}
    inputs = [name for name in _INPUTS if name in present]
    if not inputs:
        *others, last = _INPUTS.values()
        raise QueryError(f"a query needs {', '.join(others)} or {last}; found none of these.")
    if len(inputs) > 1 and set(inputs) not in _TOGETHER:
        raise QueryError(f"a query has one kind of input; found {_listed(inputs)}.")
    for name, needed in _NEEDS.items():
        if name in present and not present & set(needed):
            raise QueryError(
                f"{name} belongs to {' or '.join(_INPUTS[one] for one in needed)}; found "
                f"{_listed(inputs)}."
            )
    if "vector" in present and "fingerprint" not in present:
        raise QueryError("a query vector needs the fingerprint of its encoder; found none.")


def check_table_words(words: Mapping[str, Any], kinds: Set[frozenset[str]]) -> None:
    """Check that the arguments of all queries of a table fit to those that its rows hold.

    Parameters
    ----------
    words
        Arguments that are the same for all rows.
    kinds
        The different sets of arguments of rows.

    Raises
    ------
    QueryError
        As for `check_inputs`; an argument that belongs to the input of some rows is not needed by
        the others.
    """
    in_rows = frozenset[str]().union(*kinds)
    used = {name: value for name, value in words.items() if not in_rows & {*_NEEDS.get(name, ())}}
    for kind in kinds:
        check_inputs({**used, **dict.fromkeys(kind, True)})


def words_for(words: Mapping[str, Any], given: Container[str]) -> dict[str, Any]:
    """Arguments of all queries of a table without those that belong to other inputs than given.

    Examples
    --------
    >>> words_for({"k": 3, "air": True}, ["image"]), words_for({"air": True}, ["spectrum"])
    ({'k': 3}, {'air': True})
    """
    return {
        name: value
        for name, value in words.items()
        if name not in _NEEDS or any(needed in given for needed in _NEEDS[name])
    }


def _listed(names: list[str]) -> str:
    *others, last = (_INPUTS[name] for name in names)
    return f"{', '.join(others)} and {last}" if others else last
