"""Group of observations that a file of DESI combines: a HEALPix pixel, or a tile up to a night."""

from dataclasses import dataclass

from galsearch.sources.fits.fits_header import Header

_MOST_DIGITS = 9
"""Number of digits of the largest pixel, tile, night and exposure that a header may state."""


@dataclass(frozen=True)
class ObservedGroup:
    """Group of observations of a coadd, a spectra file or a redrock file; -1 for what is unknown.

    A target has a spectrum, and a redshift, in each group to which its observations belong.
    """

    healpix: int = -1
    """HEALPix pixel (nside 64, nested)."""
    tile: int = -1
    night: int = -1
    """Last night (YYYYMMDD) of a tile, or the exposure of a file with one exposure (SPGRPVAL)."""


def observed_group(header: Header) -> ObservedGroup:
    """The group that the primary header of a DESI file states.

    Examples
    --------
    >>> cards = "TILEID  = 80613", "SPGRP   = 'cumulative'", "SPGRPVAL= 20210324"
    >>> observed_group(Header("".join(card.ljust(80) for card in cards), where="coadd.fits"))
    ObservedGroup(healpix=-1, tile=80613, night=20210324)
    """
    value, tile = _number(header.label("SPGRPVAL")), _number(header.label("TILEID"))
    if header.label("SPGRP") == "healpix" or tile < 0:
        healpix = _number(header.label("HPXPIXEL"))
        by_value = value if header.label("SPGRP") == "healpix" else -1
        return ObservedGroup(healpix=healpix if healpix >= 0 else by_value)
    return ObservedGroup(healpix=_number(header.label("HPXPIXEL")), tile=tile, night=value)


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else -1
