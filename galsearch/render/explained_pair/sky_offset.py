"""Offsets on the sky in words."""


def offset_text(east_arcsec: float, north_arcsec: float) -> str:
    """An offset such as `1.6 west, 4.7 north`, in arcseconds to one decimal.

    Examples
    --------
    >>> offset_text(-1.572, 4.716)
    '1.6 west, 4.7 north'
    """
    east = "east" if east_arcsec >= 0 else "west"
    north = "north" if north_arcsec >= 0 else "south"
    return f"{abs(east_arcsec):.1f} {east}, {abs(north_arcsec):.1f} {north}"
