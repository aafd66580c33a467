"""Which image and which spectrum are one galaxy, and what it is called."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.target_id import target_id_from_position
from galsearch.dataset.healpix import healpix_29
from galsearch.dataset.ingest.ingest_recipe import PairingRule
from galsearch.dataset.ingest.inventory import ImageRows, SpectrumRows
from galsearch.dataset.ingest.sky_match import (
    Matches,
    match_positions,
    nearest_first,
    separation_arcsec,
)
from galsearch.sources.legacy_surveys.brick_grid import brick_names

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NO_IMAGE, NO_SPECTRUM = "spectrum: no image", "image: no spectrum"
TAKEN = "image: its TARGETID is another galaxy's"


@dataclass(frozen=True, eq=False)
class Galaxies:
    """The galaxies to be written: unique ids, each with a spectrum, an image or both."""

    target_ids: Ints
    ra_deg: Floats
    """(n,) of the spectrum's target, or of the image's centre where there is no spectrum."""
    dec_deg: Floats
    spectrum: Ints
    """(n,) rows of SpectrumRows, -1 for none."""
    image: Ints
    """(n,) rows of ImageRows, -1 for none."""
    brick: npt.NDArray[np.str_]
    """(n,) name of the brick to cut a stamp from, '' for none."""
    separation_arcsec: Floats
    """(n,) between image and spectrum, NaN where not both."""
    n_ambiguous: int
    """Pairs that were possible and gave way to nearer ones."""
    dropped: Counter[str]
    """'image: ...' or 'spectrum: ...' -> how many."""


def pair(spectra: SpectrumRows, images: ImageRows, rule: PairingRule) -> Galaxies:
    """Every spectrum and image in one galaxy, or counted among the dropped.

    A pair is called by its spectrum's TARGETID; a lone image by its own where it has one that is
    free, else by its position. Lone images of one id: the first stays.
    """
    matches = _match(spectra, images, rule)
    n = spectra.target_ids.size
    image = np.full(n, -1, np.int64)
    image[matches.first] = matches.second
    separation = np.full(n, np.nan)
    separation[matches.first] = matches.separation_arcsec
    brick = _bricks_of(spectra, images, image)
    dropped: Counter[str] = Counter()
    lone_rows, lone_ids = _lone_images(spectra, images, matches, dropped)
    stays = np.ones(n, bool)
    if rule.unpaired == "drop":
        stays = (image >= 0) | (brick != "")
        dropped[NO_IMAGE] += int((~stays).sum())
        dropped[NO_SPECTRUM] += lone_rows.size
        lone_rows, lone_ids = lone_rows[:0], lone_ids[:0]
    none = np.full(lone_rows.size, -1, np.int64)
    return Galaxies(
        np.concatenate([spectra.target_ids[stays], lone_ids]),
        np.concatenate([spectra.ra_deg[stays] % 360.0, images.ra_deg[lone_rows]]),
        np.concatenate([spectra.dec_deg[stays], images.dec_deg[lone_rows]]),
        np.concatenate([np.flatnonzero(stays), none]),
        np.concatenate([image[stays], lone_rows]),
        np.concatenate([brick[stays], np.full(none.size, "", "U8")]),
        np.concatenate([separation[stays], np.full(none.size, np.nan)]),
        matches.n_ambiguous,
        +dropped,
    )


def _match(spectra: SpectrumRows, images: ImageRows, rule: PairingRule) -> Matches:
    if rule.by == "position":
        return match_positions(
            spectra.ra_deg,
            spectra.dec_deg,
            images.ra_deg,
            images.dec_deg,
            max_separation_arcsec=rule.max_separation_arcsec,
        )
    order = np.argsort(spectra.target_ids)
    at = np.searchsorted(spectra.target_ids[order], images.target_ids)
    first = order[np.minimum(at, order.size - 1)] if order.size else at
    second = (
        np.flatnonzero(spectra.target_ids[first] == images.target_ids) if order.size else at[:0]
    )
    first = first[second]
    separation = separation_arcsec(
        spectra.ra_deg[first],
        spectra.dec_deg[first],
        images.ra_deg[second],
        images.dec_deg[second],
    )
    return nearest_first(first, second, separation)


def _lone_images(
    spectra: SpectrumRows, images: ImageRows, matches: Matches, dropped: Counter[str]
) -> tuple[Ints, Ints]:
    """Rows and ids of the images without a spectrum; those whose id is taken are dropped."""
    lone = np.setdiff1d(np.arange(images.ra_deg.size), matches.second)
    if not lone.size:
        return lone, lone
    by_position = [
        int(target_id_from_position(int(pixel)))
        for pixel in healpix_29(images.ra_deg[lone], images.dec_deg[lone])
    ]
    ids = np.where(images.target_ids[lone] > 0, images.target_ids[lone], by_position)
    first = np.zeros(lone.size, bool)
    first[np.unique(ids, return_index=True)[1]] = True
    free = first & ~np.isin(ids, spectra.target_ids)
    dropped[TAKEN] += int((~free).sum())
    return lone[free], ids[free]


def _bricks_of(spectra: SpectrumRows, images: ImageRows, image: Ints) -> npt.NDArray[np.str_]:
    """(n,) brick of each spectrum without a cutout, '' where that brick is not at hand."""
    names = np.full(image.size, "", "U8")
    if images.bricks and image.size:
        names = brick_names(spectra.ra_deg, spectra.dec_deg)
    at_hand = np.isin(names, list(images.bricks)) & (image < 0)
    return np.where(at_hand, names, "")
