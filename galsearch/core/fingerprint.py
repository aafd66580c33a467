"""Fingerprint of an encoder: it ties encoder, embeddings, index and queries together."""

import re
from collections.abc import Mapping
from typing import Self

from galsearch.core.errors import EncoderMismatchError, InvalidFingerprintError

_SHORT_DIGITS = 16
_PATTERN = re.compile(r"[0-9a-f]{64}")


class Fingerprint(str):
    """Identity of an encoder: the SHA-256 digest of its architecture, weights and preprocessing.

    A fingerprint is a string of 64 hexadecimal digits, so that it can be written to JSON and
    Parquet.

    Raises
    ------
    InvalidFingerprintError
        Where the text is not 64 lower-case hexadecimal digits.

    Examples
    --------
    >>> fingerprint = Fingerprint("75bef907f0ba9d2e" + 48 * "0")
    >>> fingerprint.short
    '75bef907f0ba9d2e'
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:  # noqa: D102 (the docstring of the class describes construction)
        if not _PATTERN.fullmatch(text):
            raise InvalidFingerprintError(
                f"{text!r} is not an encoder fingerprint: expected 64 lower-case hexadecimal "
                "digits."
            )
        return super().__new__(cls, text)

    @property
    def short(self) -> str:
        """The first 16 digits of the fingerprint, for messages and file names."""
        return short_digest(self)


def short_digest(digest: str) -> str:
    """The first 16 digits of a hexadecimal digest, for messages and file names.

    Examples
    --------
    >>> short_digest("75bef907f0ba9d2e" + 48 * "0")
    '75bef907f0ba9d2e'
    """
    return digest[:_SHORT_DIGITS]


def require_same_encoder(fingerprints: Mapping[str, str]) -> None:
    """Check that embeddings from several places were made by the same encoder.

    Parameters
    ----------
    fingerprints
        Fingerprints by the place of the embeddings, such as `"index 'demo'"`. An error message
        names the places by these keys.

    Raises
    ------
    EncoderMismatchError
        Where the fingerprints differ; the message names every place and its encoder.

    Examples
    --------
    >>> require_same_encoder({"index 'demo'": 64 * "a", "the query vector": 64 * "a"})
    >>> require_same_encoder({"index 'demo'": 64 * "a", "the query vector": 64 * "b"})
    Traceback (most recent call last):
    ...
    galsearch.core.errors.EncoderMismatchError: index 'demo' has embeddings of encoder aaaaaaaaaaaaaaaa, the query vector of encoder bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders have no meaning.
    Embed with the encoder of the index, or build the index again from these embeddings.
    """  # noqa: E501 (a doctest cannot wrap the message of an exception)
    if len(set(fingerprints.values())) <= 1:
        return
    (first, digest), *others = fingerprints.items()
    parts = [f"{first} has embeddings of encoder {short_digest(digest)}"]
    parts += [f"{place} of encoder {short_digest(other)}" for place, other in others]
    raise EncoderMismatchError(
        f"{', '.join(parts)}. Similarities between embeddings of different encoders have no "
        "meaning."
    )
