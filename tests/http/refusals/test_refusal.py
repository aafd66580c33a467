"""Refusals of the service itself."""

from galsearch.http.refusals.refusal import busy, not_found


def test_a_busy_service_says_when_to_come_again() -> None:
    refusal = busy("4 requests are being answered already", 3)
    assert refusal.status_code == 429
    assert refusal.headers == {"Retry-After": "3"}
    assert refusal.remedy == "Repeat the request in 3 s or later."


def test_what_is_not_there_is_not_found() -> None:
    refusal = not_found("there is nothing.", "Ask for something else.")
    assert (refusal.status_code, refusal.code) == (404, "not-found")
