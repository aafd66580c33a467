"""Release and cameras from which the files of a brick come, which must not be mixed.

The image of a brick has the same name and the same pixels in each release, and in the north
(cameras 90prime and Mosaic-3, the surveys BASS and MzLS) and the south (DECam) where both observed
it. One run of the survey's pipeline makes all files of a brick.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header

_REGIONS = {"decam": "south", "90prime": "north", "mosaic": "north", "mosaic3": "north"}
"""Part of the Legacy Surveys by the name of the camera in lower case."""


@dataclass(frozen=True)
class BrickOrigin:
    """What the header of a file of a brick states about its origin, '' where it states nothing."""

    release: str
    """Number of the data release (card DRVERSIO), such as '9010'."""
    camera: str
    """Camera of the images (card INSTRUME), such as '90prime'."""

    @property
    def region(self) -> str:
        """'north' or 'south', or '' for an unknown camera."""
        return _REGIONS.get(self.camera.lower(), "")

    def __str__(self) -> str:
        stated = [f"release {self.release}"] if self.release else []
        stated += [f"camera {self.camera} ({self.region})"] if self.region else []
        return ", ".join(stated)


UNKNOWN_ORIGIN = BrickOrigin("", "")
"""Origin of a brick whose header states none."""


def brick_origin(header: Header) -> BrickOrigin:
    """The origin that the header of an image of a brick states.

    Examples
    --------
    >>> cards = "DRVERSIO=  9011", "INSTRUME= '90prime'"
    >>> header = Header("".join(card.ljust(80) for card in cards), where="image-g.fits.fz")
    >>> str(brick_origin(header))
    'release 9011, camera 90prime (north)'
    """
    return BrickOrigin(header.label("DRVERSIO"), header.label("INSTRUME"))


def check_one_origin(origins: Mapping[str, BrickOrigin]) -> None:
    """Check that all files of a brick are of one release, and all of the north or of the south.

    A north brick legitimately has two surveys: g and r of BASS, z of MzLS. What a header does not
    state is not compared.

    Parameters
    ----------
    origins
        Origin by the path or URL of the file.

    Raises
    ------
    SourceError
        Where two files differ; the message names both.
    """
    for fact in ("release", "region"):
        stated = {url: origin for url, origin in origins.items() if getattr(origin, fact)}
        first = next(iter(stated), "")
        for url, origin in stated.items():
            if getattr(origin, fact) != getattr(stated[first], fact):
                raise SourceError(
                    f"{url}: is of {origin}, but {first} is of {stated[first]}; expected the files "
                    "of a brick from one release, and from the north or the south."
                )
