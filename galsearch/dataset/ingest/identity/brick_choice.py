"""Bricks of the Legacy Surveys as their files give them, and the choice of one for each galaxy.

A brick near Dec +32 lies in north/ and in south/ under one name, observed with other cameras, and
every release has it again. Files of different surveys are never combined to one image.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, Int64Array
from galsearch.core.errors import IngestError
from galsearch.dataset.ingest.identity.file_origin import (
    differing_folders,
    folder_of,
    path_of,
    region_of,
    release_of,
)
from galsearch.dataset.schema import BANDS
from galsearch.sources.legacy_surveys.brick_grid import brick_names
from galsearch.sources.legacy_surveys.brick_header import BrickHeader

_BRICK_FILE = re.compile(
    r"(?:legacysurvey|decals)-(?P<brick>.+)-(?P<kind>image|invvar)-(?P<band>[A-Za-z]\w*)"
    r"\.fits(?:\.fz|\.gz)?"
)
_STANDARD_NAME = re.compile(r"\d{4}[pm]\d{3}")
_NORTH_FROM_DEC_DEG = 32.375
"""Declination from which the Legacy Surveys take targets from the north, at galactic latitudes
above 0 (desitarget.io.desitarget_resolve_dec)."""
_NORTH_GALACTIC_POLE_DEG = (192.85948, 27.12825)
"""ICRS position (RA, Dec) of the north galactic pole."""


@dataclass(frozen=True)
class Brick:
    """Files of one brick from one survey and release."""

    name: str
    images: dict[str, str]
    """Path or URL of the image by band."""
    invvars: dict[str, str]
    """Path or URL of the inverse variance by band, of bands that have an image."""
    header: BrickHeader | None = None
    """Sky that the brick covers; None for bricks of the standard grid, whose name states it."""

    @property
    def is_standard(self) -> bool:
        """True for a brick of the grid of the Legacy Surveys, False for one of somebody's own."""
        return _STANDARD_NAME.fullmatch(self.name) is not None

    @property
    def url(self) -> str:
        """Path or URL of the first image."""
        return next(iter(self.images.values()))


@dataclass(frozen=True)
class BrickList:
    """Bricks that files make up, and the files that are not used."""

    bricks: tuple[Brick, ...] = ()
    noted: Counter[str] = field(default_factory=Counter)
    """Number of files that are not used, by reason."""


OTHER_PRODUCT = "file: of a brick, but no image or inverse variance in g, r or z"
SECOND_FILE = "file: second one of a brick for its band and folder"
WITHOUT_IMAGE = "file: inverse variance of a brick without an image"


def list_bricks(urls: Sequence[str]) -> BrickList:
    """The bricks that files make up, by their names and folders.

    The files of a brick may lie in several folders, as long as these do not name different
    releases or regions (north, south) and no band occurs twice; otherwise each folder holds a brick
    of its own.

    Parameters
    ----------
    urls
        Paths or URLs of files legacysurvey-{brick}-{image,invvar}-{band}.fits.fz.

    Raises
    ------
    IngestError
        Where files are given and none is an image of a brick in g, r or z.
    """
    noted: Counter[str] = Counter()
    by_name: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    other_bands = set()
    for url in urls:
        match = _BRICK_FILE.fullmatch(path_of(url).name)
        if match and match["band"] in BANDS:
            by_name[match["brick"]].append((match["kind"], match["band"], url))
        else:
            noted[OTHER_PRODUCT] += 1
            other_bands |= {match["band"]} if match and match["kind"] == "image" else set()
    bricks = []
    for name, files in by_name.items():
        for group in _groups(files):
            bricks += _brick(name, group, noted)
    if urls and not bricks:
        raise IngestError(_no_brick(urls, sorted(other_bands)))
    return BrickList(tuple(bricks), +noted)


def choose_bricks(
    bricks: Sequence[Brick],
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    photsys: npt.NDArray[np.str_] | None = None,
) -> tuple[Int64Array, Counter[str]]:
    """(n,) index in `bricks` of the brick of each position, -1 for none, and notes on the choice.

    A position belongs to the standard brick that contains it, or else to the brick with another
    name that reaches farthest beyond it. Of several bricks of one name, one with more of the bands
    g, r, z is taken; of equal ones, that of the region of the target (north or south by PHOTSYS, or
    else north at Dec 32.375 and more in the northern galactic hemisphere), then the first by path.

    Parameters
    ----------
    bricks
        Bricks from `list_bricks`.
    ra_deg, dec_deg : (n,)
        ICRS positions in degrees.
    photsys : (n,)
        Region of each target, 'N', 'S' or '' where unknown.

    Returns
    -------
    tuple
        (n,) indices, and the number of positions by note.
    """
    chosen = np.full(ra_deg.size, -1, np.int64)
    noted: Counter[str] = Counter()
    if not bricks or not ra_deg.size:
        return chosen, noted
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, brick in enumerate(bricks):
        numbers[brick.name].append(number)
    names = _names_at(bricks, ra_deg, dec_deg)
    north = _is_north(ra_deg, dec_deg, photsys)
    for name in sorted(set(names.tolist()) & numbers.keys()):
        for is_north in (True, False):
            here = np.flatnonzero((names == name) & (north == is_north))
            if here.size:
                best = _best(bricks, numbers[name], "north" if is_north else "south")
                chosen[here] = best
                noted.update(_note(bricks, numbers[name], best, here.size))
    return chosen, noted


def _groups(files: Iterable[tuple[str, str, str]]) -> list[list[tuple[str, str, str]]]:
    """Files (kind, band, URL) of one brick name, by survey: region and release, or else folder."""
    by_origin: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for file in files:
        by_origin[region_of(file[2]), release_of(file[2])].append(file)
    groups = []
    for group in by_origin.values():
        by_folder = defaultdict(list)
        for file in group:
            by_folder[folder_of(file[2])].append(file)
        claims = Counter(
            claim for files in by_folder.values() for claim in {file[:2] for file in files}
        )
        groups += list(by_folder.values()) if max(claims.values()) > 1 else [group]
    return groups


def _brick(name: str, files: Sequence[tuple[str, str, str]], noted: Counter[str]) -> list[Brick]:
    found: dict[str, dict[str, str]] = {"image": {}, "invvar": {}}
    for kind, band, url in sorted(files, key=lambda file: file[2]):
        if band in found[kind]:
            noted[SECOND_FILE] += 1
        found[kind].setdefault(band, url)
    invvars = {band: url for band, url in found["invvar"].items() if band in found["image"]}
    noted[WITHOUT_IMAGE] += len(found["invvar"]) - len(invvars)
    images = {band: found["image"][band] for band in BANDS if band in found["image"]}
    return [Brick(name, images, invvars)] if images else []


def _no_brick(urls: Sequence[str], other_bands: Sequence[str]) -> str:
    found = f"; found images in {', '.join(other_bands)}" if other_bands else ""
    return (
        f"none of the {len(urls)} files of images.bricks is an image of a brick in g, r or z, "
        f"first {urls[0]}; expected names such as legacysurvey-1503p322-image-g.fits.fz{found}. "
        "Nothing was written."
    )


def _names_at(
    bricks: Sequence[Brick], ra_deg: Float64Array, dec_deg: Float64Array
) -> npt.NDArray[np.str_]:
    """(n,) name of the brick in `bricks` that holds each position, '' for none."""
    standard = sorted({brick.name for brick in bricks if brick.is_standard})
    at = brick_names(ra_deg, dec_deg) if standard else np.full(ra_deg.size, "")
    names = np.where(np.isin(at, standard), at, "").astype(object)
    farthest = np.zeros(ra_deg.size)
    for brick in bricks:
        if brick.header is not None:
            margin = brick.header.pixels_to_edge(ra_deg, dec_deg)
            here = (margin > farthest) & ~np.isin(at, standard)
            names[here], farthest[here] = brick.name, margin[here]
    return names.astype(str)


def _is_north(
    ra_deg: Float64Array, dec_deg: Float64Array, photsys: npt.NDArray[np.str_] | None
) -> npt.NDArray[np.bool_]:
    """(n,) True for targets that the Legacy Surveys take from the north."""
    pole_ra, pole_dec = np.deg2rad(_NORTH_GALACTIC_POLE_DEG)
    ra, dec = np.deg2rad(ra_deg), np.deg2rad(dec_deg)
    above_plane = np.sin(pole_dec) * np.sin(dec) + (
        np.cos(pole_dec) * np.cos(dec) * np.cos(ra - pole_ra)
    )
    by_position = (dec_deg >= _NORTH_FROM_DEC_DEG) & (above_plane > 0)
    if photsys is None:
        return np.asarray(by_position)
    return np.asarray(np.where(np.isin(photsys, ["N", "S"]), photsys == "N", by_position))


def _best(
    bricks: Sequence[Brick], numbers: Sequence[int], region: Literal["north", "south"]
) -> int:
    """Number of the brick of one name that is taken for targets of a region."""

    def rank(number: int) -> tuple[int, bool, str]:
        brick = bricks[number]
        named = region_of(brick.url)
        return -len(brick.images), named not in (region, ""), brick.url

    return min(numbers, key=rank)


def _note(
    bricks: Sequence[Brick], numbers: Sequence[int], best: int, n_galaxies: int
) -> Counter[str]:
    """The note that several surveys have the brick of galaxies, and which of them was taken."""
    if len(numbers) == 1:
        return Counter()
    labels = differing_folders([bricks[number].url for number in numbers])
    taken = labels[list(numbers).index(best)]
    listed = ", ".join(sorted(labels))
    return Counter({f"image: from the brick in {taken}, which lies in {listed}": n_galaxies})
