"""Names that resemble one that does not exist, for the suggestions in messages."""

from collections.abc import Iterable


def similar_names(
    name: str, known: Iterable[str], *, limit: int = 1, cutoff: float = 0.5
) -> list[str]:
    """The known names that resemble `name` most, the most similar one first; perhaps none.

    Upper and lower case are not told apart, because survey files write column names in capitals.

    Parameters
    ----------
    name
        The name that was requested.
    known
        Names that exist.
    limit
        Largest number of names that are returned.
    cutoff
        Least similarity, from 0 to 1, of `difflib.SequenceMatcher`.

    Examples
    --------
    >>> similar_names("N_VISITS", ["z", "n_visits", "mag_r"])
    ['n_visits']
    """
    import difflib  # here, because only a message needs it

    names = list(dict.fromkeys(known))
    by_folded: dict[str, list[str]] = {}
    for each in names:
        by_folded.setdefault(each.casefold(), []).append(each)
    near = difflib.get_close_matches(name.casefold(), by_folded, n=limit, cutoff=cutoff)
    return [each for folded in near for each in by_folded[folded]][:limit]
