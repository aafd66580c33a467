"""Dates and times that are written as text, to the nanosecond."""

import datetime
import re

from galsearch.query.where.column_values import ConditionProblem

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_WITH_FRACTION = re.compile(r"(.*(?::\d\d|T\d{6}))[.,](\d{1,9})0*(|Z|[+-][\d:]+)", re.ASCII)


def instant_ns(text: str) -> int:
    """Nanoseconds from 1970 to a date or time, in UTC.

    Parameters
    ----------
    text
        A date or time by ISO 8601. A date is its midnight. Without a zone, a time is in UTC.

    Raises
    ------
    ConditionProblem
        Where the text is neither.

    Examples
    --------
    >>> instant_ns("1970-01-02"), instant_ns("1970-01-01T00:00:00.000000001")
    (86400000000000, 1)
    >>> instant_ns("1970-01-01 02:00:00.5+02:00")
    500000000
    """
    found = _WITH_FRACTION.fullmatch(text.strip())
    whole_seconds = found[1] + found[3] if found else text.strip()
    try:
        instant = datetime.datetime.fromisoformat(_without_fraction(whole_seconds))
    except ValueError:
        raise ConditionProblem(
            f"{text!r} is no date or time; write one such as '2024-05-31' or "
            "'2024-05-31T12:00:00.5Z'",
            of_part=False,
        ) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=datetime.UTC)
    since = instant - _EPOCH
    fraction = int((found[2] if found else "0").ljust(9, "0"))
    return (since.days * 86_400 + since.seconds) * 10**9 + fraction


def _without_fraction(text: str) -> str:
    """The text; ValueError where it has a fraction, of which Python would drop digits."""
    if "." in text or "," in text:
        raise ValueError(text)
    return text
