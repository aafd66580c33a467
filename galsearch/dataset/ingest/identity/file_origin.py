"""Origin of a survey file: its folder, its release and the observation that it holds.

File names alone do not identify an observation: every release of DESI has a file
coadd-sv3-dark-26065.fits, and a brick of the Legacy Surveys may lie in north/ and in south/.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from urllib.parse import unquote

_RELEASE_OF_REDUCTION = {
    "everest": "",
    "fuji": "edr",
    "guadalupe": "dr1",
    "himalayas": "",
    "iron": "dr1",
    "jura": "",
    "kibo": "",
    "loa": "dr2",
}
"""Spectroscopic reductions of DESI, and the public release that holds each, '' for none."""
_RELEASE = re.compile(r"edr|dr\d+(\.\d+)?")
_KIND = re.compile(r"(?<![a-z])(coadd|spectra|redrock|zbest)(?![a-z])", re.IGNORECASE)
"""Kind of a file of DESI, which a coadd and its redrock file do not share."""


def path_of(url: str) -> PurePosixPath:
    """The path of a file in its file system, without the host and the query of a URL.

    Examples
    --------
    >>> str(path_of("https://a.org/dr1/coadd%2D1.fits?token=150.1234567890123"))
    '/dr1/coadd-1.fits'
    """
    if "://" not in url:
        return PurePosixPath(PurePath(url).as_posix())
    # urllib.parse.urlsplit refuses some hosts; the host does not matter here.
    path = re.split("[?#]", url.partition("://")[2], maxsplit=1)[0].partition("/")[2]
    return PurePosixPath("/" + unquote(path))


def folder_of(url: str) -> tuple[str, ...]:
    """The components of the path of the folder in which a file lies."""
    return path_of(url).parent.parts


def release_of(url: str) -> str:
    """The reduction or release that the folders of a file name, such as 'iron', or '' for none.

    Examples
    --------
    >>> release_of("s3://desidata/dr1/spectro/redux/iron/healpix/coadd-1.fits")
    'iron'
    >>> release_of("dr9/south/coadd/150/1503p322/legacysurvey-1503p322-image-g.fits.fz")
    'dr9'
    """
    names = [name.lower() for name in folder_of(url)]
    reductions = [name for name in names if name in _RELEASE_OF_REDUCTION]
    releases = [name for name in names if _RELEASE.fullmatch(name)]
    return ([*reductions, *releases] or [""])[0]


def differ_in_release(url: str, other_url: str) -> bool:
    """True where the folders of two files name different reductions or releases.

    Examples
    --------
    >>> differ_in_release("fuji/coadd-1.fits", "iron/redrock-1.fits")
    True
    >>> differ_in_release("dr1/coadd-1.fits", "iron/redrock-1.fits")
    False
    """
    release, other = release_of(url), release_of(other_url)
    if not release or not other or release == other:
        return False
    return _RELEASE_OF_REDUCTION.get(release) != other and (
        _RELEASE_OF_REDUCTION.get(other) != release
    )


def region_of(url: str) -> str:
    """The part of the Legacy Surveys that a folder of a file names: 'north', 'south' or ''.

    Examples
    --------
    >>> region_of("dr9/south/coadd/150/1503p322/legacysurvey-1503p322-image-g.fits.fz")
    'south'
    """
    named = {name.lower() for name in folder_of(url)} & {"north", "south"}
    return named.pop() if len(named) == 1 else ""


def observation_of(url: str) -> str:
    """The part of a file name that a coadd shares with the redrock file that was fitted to it.

    Examples
    --------
    >>> observation_of("iron/redrock-main-bright-17.fits")
    '-main-bright-17.fits'
    >>> observation_of("coadd-main-bright-17.fits.gz")
    '-main-bright-17.fits'
    """
    name = path_of(url).name.removesuffix(".gz").removesuffix(".fz")
    return _KIND.sub("", name, count=1)


def n_shared_folders(url: str, other_url: str) -> int:
    """Number of components that the paths of the folders of two files have in common."""
    return (Counter(folder_of(url)) & Counter(folder_of(other_url))).total()


def differing_folders(urls: Sequence[str]) -> list[str]:
    """For each file, the part of its folder in which it differs from the others.

    Examples
    --------
    >>> differing_folders(["a/fuji/healpix/1/x.fits", "a/iron/healpix/1/x.fits"])
    ['fuji', 'iron']
    """
    folders = [folder_of(url) for url in urls]
    shortest = min(len(folder) for folder in folders)
    first = _n_equal(folders, range(shortest))
    last = _n_equal(folders, range(-1, -1 - (shortest - first), -1))
    return ["/".join(folder[first : len(folder) - last]) or "." for folder in folders]


def _n_equal(folders: Sequence[tuple[str, ...]], positions: range) -> int:
    """Number of leading `positions` at which all folders have the same component."""
    for number, position in enumerate(positions):
        if len({folder[position] for folder in folders}) > 1:
            return number
    return len(positions)
