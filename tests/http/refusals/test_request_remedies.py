"""Malformed fields are named in a sentence, at most five of them."""

from galsearch.http.refusals.request_remedies import problems_in_words


def test_fields_are_named() -> None:
    wrong = {"type": "int_parsing", "loc": ("k",), "msg": "Input should be a valid integer"}
    extra = {"type": "extra_forbidden", "loc": ("kk",)}
    assert problems_in_words([wrong, extra]) == (
        "the field 'k', of which was expected: Input should be a valid integer; the field 'kk', "
        "which is not known here"
    )
    assert problems_in_words([extra] * 9).count("not known") == 5
