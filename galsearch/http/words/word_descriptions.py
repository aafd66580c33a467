"""Descriptions of the fields of requests, which are those of the arguments of `Query`."""

import inspect
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from galsearch.query import Query


@cache
def query_words() -> Mapping[str, str]:
    """The description of each argument of `Query`, by its name, from the docstring.

    Examples
    --------
    >>> query_words()["among"]
    'Modality that is searched: image, spectrum or both.'
    """
    text = inspect.cleandoc(Query.__doc__ or "")
    parameters = re.search(r"^Parameters\n-+\n(.*?)^\w+\n-+$", text, re.M | re.S)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in ("" if parameters is None else parameters[1]).splitlines():
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(":")[0].split(",")]
            found |= dict.fromkeys(names, "")
        for name in names if line.startswith(" ") else ():
            found[name] = f"{found[name]} {line.strip()}".strip()
    return MappingProxyType(found)
