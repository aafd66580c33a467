"""Fingerprints are valid by construction, and different encoders are an error."""

import pytest

from galsearch.core.errors import EncoderMismatchError, InvalidFingerprintError
from galsearch.core.fingerprint import Fingerprint, require_same_encoder, short_digest


def test_a_fingerprint_is_its_text() -> None:
    text = "75bef907f0ba9d2e" + 48 * "f"
    assert Fingerprint(text) == text
    assert Fingerprint(text).short == short_digest(text) == "75bef907f0ba9d2e"


@pytest.mark.parametrize("text", ["", "ab", 64 * "g", 64 * "A", 65 * "a", 64 * "a" + "\n"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidFingerprintError) as caught:
        Fingerprint(text)
    assert str(caught.value) == (
        f"{text!r} is not an encoder fingerprint: expected 64 lower-case hexadecimal digits."
    )


def test_one_encoder_everywhere_is_right() -> None:
    require_same_encoder({})
    require_same_encoder({"images": 64 * "a", "spectra": 64 * "a"})


def test_different_encoders_are_named_with_their_places() -> None:
    with pytest.raises(EncoderMismatchError) as caught:
        require_same_encoder({"first": 64 * "a", "second": 64 * "a", "third": 64 * "b"})
    assert str(caught.value) == (
        "first has embeddings of encoder aaaaaaaaaaaaaaaa, second of encoder aaaaaaaaaaaaaaaa, "
        "third of encoder bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders "
        "have no meaning."
    )
