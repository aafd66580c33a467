"""Remedies of the kinds of errors that a request causes, and malformed fields in words."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "unknown-target": "Send a target_id of this index, or name another index with index.",
        "no-match": "Send a larger radius, in arcseconds, or another position.",
        "unknown-name": 'Send its position, as position="RA DEC" in degrees or sexagesimal.',
        "no-dataset": "Ask the operator of the service to serve the dataset of this index.",
        "missing-modality": "Choose the other modality with using or among.",
        "no-map": "Choose the other modality with using, or ask the operator for galsearch map.",
        "invalid-target-id": "Send the TARGETID as text of decimal digits in target_id.",
        "invalid-fingerprint": "Send the fingerprint of the encoder as 64 hexadecimal digits.",
        "invalid-cutout": "Check the image that was uploaded.",
        "invalid-spectrum": "Check the spectrum that was uploaded.",
        "encoder-mismatch": "Send an embedding of the encoder of this index.",
        "bad-query": "Correct the field that the message names.",
        "rounded-vectors": "Send the query without exact.",
        "bad-source": "Upload an image (FITS, JPEG, PNG, npy) or a spectrum (FITS, CSV, npy).",
        "bad-embedding-table": "Correct the table of embeddings.",
        "bad-query-table": "Correct the table of queries.",
        "bad-files": "Upload the file again.",
        "bad-table-format": "Choose another format: jsonl, csv, parquet, fits, ecsv or votable.",
        "binary-on-terminal": "Choose another format.",
    }
)
"""Remedy for each code of an error that a request causes, in words of HTTP."""
_MOST_PROBLEMS = 5


def problems_in_words(problems: Sequence[Mapping[str, Any]]) -> str:
    """The fields of a request that are unknown, missing or of another type.

    Parameters
    ----------
    problems
        What pydantic found, with the place of each field in `loc`.

    Examples
    --------
    >>> problems_in_words([{"type": "missing", "loc": ("property",)}])
    "no field 'property'"
    """
    return "; ".join(map(_problem, problems[:_MOST_PROBLEMS]))


def _problem(item: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"])[:80]
    if item["type"] == "extra_forbidden":
        return f"the field {place!r}, which is not known here"
    if item["type"] == "missing":
        return f"no field {place!r}"
    if item["type"] == "json_invalid":
        return "a body that is not JSON"
    return f"the field {place!r}, of which was expected: {item['msg'][:200]}"
