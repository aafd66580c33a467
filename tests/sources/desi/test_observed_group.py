"""The pixel or tile of a file of DESI is read from its header, whatever the header holds."""

import pytest

from galsearch.sources.desi.observed_group import ObservedGroup, observed_group
from galsearch.sources.fits.fits_header import Header


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        (("SPGRP   = 'healpix'", "SPGRPVAL= 26065"), ObservedGroup(healpix=26065)),
        (("HPXPIXEL= 26065", "SPGRPVAL= 7"), ObservedGroup(healpix=26065)),
        (
            ("SPGRP   = 'cumulative'", "SPGRPVAL= 20210324", "TILEID  = 80613"),
            ObservedGroup(tile=80613, night=20210324),
        ),
        (("TILEID  = '80613'",), ObservedGroup(tile=80613)),
        (("SPGRPVAL= 20210324",), ObservedGroup()),
        (("HPXPIXEL= 99999999999999999999", "TILEID  = -5"), ObservedGroup()),
        (("TILEID  = 3.5",), ObservedGroup()),
    ],
)
def test_the_group_is_that_of_the_header(cards: tuple[str, ...], expected: ObservedGroup) -> None:
    header = Header("".join(card.ljust(80) for card in cards), where="a.fits")
    assert observed_group(header) == expected
