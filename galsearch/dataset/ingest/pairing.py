"""Pairing: images and spectra of the same object become one galaxy with one TARGETID."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from galsearch.core.arrays import BoolArray, Float64Array, Int64Array, Rows, TargetIds
from galsearch.core.ids import find_rows_unsorted
from galsearch.core.target_id import target_id_from_position
from galsearch.dataset.healpix import healpix_29
from galsearch.dataset.ingest.identity.brick_choice import choose_bricks
from galsearch.dataset.ingest.ingest_recipe import PairingRule
from galsearch.dataset.ingest.inventory import ImageInventory, SpectrumInventory
from galsearch.dataset.ingest.sky_match import (
    Matches,
    match_positions,
    nearest_first,
    separation_arcsec,
)

NO_IMAGE, NO_SPECTRUM = "spectrum: no image", "image: no spectrum"
TAKEN = "image: its TARGETID is another galaxy's"
FAR_AWAY = "image: its TARGETID's spectrum is more than 60 arcsec away"
OTHER_ID = "image: paired by position with a spectrum of another TARGETID"
_MAX_BY_ID_ARCSEC = 60.0
"""Largest distance of an image and a spectrum of one TARGETID. An image that is 40 arcsec wide and
centred farther away shows another galaxy."""


@dataclass(frozen=True, eq=False)
class Galaxies:
    """The galaxies to be written, each with a spectrum, an image or both, and a unique TARGETID."""

    target_ids: TargetIds
    ra_deg: Float64Array
    """(n,) position of the spectrum's target, or of the image's centre if there is no spectrum."""
    dec_deg: Float64Array
    spectrum_rows: Rows
    """(n,) row of each galaxy's spectrum in the `SpectrumInventory`, -1 for none."""
    cutout_rows: Rows
    """(n,) row of each galaxy's cutout in the `ImageInventory`, -1 for none."""
    brick_numbers: Int64Array
    """(n,) index in the bricks of the `ImageInventory` of the brick from which a stamp is cut,
    -1 for none."""
    separation_arcsec: Float64Array
    """(n,) distance between cutout and spectrum, NaN where the galaxy lacks one of them."""
    n_ambiguous: int
    """Number of possible pairs not made because a nearer pair used the image or the spectrum."""
    dropped: Counter[str]
    """Number of dropped images and spectra by reason, 'image: ...' or 'spectrum: ...'."""
    noted: Counter[str]
    """Number of galaxies for which a rule decided between bricks or TARGETIDs, by note."""

    @property
    def has_image(self) -> BoolArray:
        """(n,) True for galaxies with an image: a cutout, or a brick to cut it from."""
        return np.asarray((self.cutout_rows >= 0) | (self.brick_numbers >= 0))

    @property
    def has_spectrum(self) -> BoolArray:
        """(n,) True for galaxies with a spectrum."""
        return self.spectrum_rows >= 0


def pair(spectra: SpectrumInventory, images: ImageInventory, rule: PairingRule) -> Galaxies:
    """The galaxies that spectra and images make up; all other rows are counted as dropped.

    A galaxy with a spectrum has the spectrum's TARGETID. An image without a spectrum has the
    TARGETID of its header, or one made from its position where the header has none. Such an image
    is dropped if a spectrum or an earlier image has its TARGETID.

    Parameters
    ----------
    spectra
        Spectra that can become galaxies.
    images
        Cutouts and bricks.
    rule
        Rule that decides when an image and a spectrum belong to the same galaxy.
    """
    matches = _match(spectra, images, rule)
    n = spectra.target_ids.size
    cutout = np.full(n, -1, np.int64)
    cutout[matches.first] = matches.second
    separation = np.full(n, np.nan)
    separation[matches.first] = matches.separation_arcsec
    dropped: Counter[str] = Counter()
    image_only_rows, image_only_ids = _images_without_spectrum(spectra, images, matches, dropped)
    n_image_only = image_only_rows.size
    bricks, noted = _bricks_of(spectra, images, cutout)
    noted[OTHER_ID] += _n_other_ids(spectra, images, cutout)
    galaxies = Galaxies(
        target_ids=np.concatenate([spectra.target_ids, image_only_ids]),
        ra_deg=np.concatenate([spectra.ra_deg % 360.0, images.ra_deg[image_only_rows]]),
        dec_deg=np.concatenate([spectra.dec_deg, images.dec_deg[image_only_rows]]),
        spectrum_rows=np.concatenate([np.arange(n), np.full(n_image_only, -1, np.int64)]),
        cutout_rows=np.concatenate([cutout, image_only_rows]),
        brick_numbers=np.concatenate([bricks, np.full(n_image_only, -1, np.int64)]),
        separation_arcsec=np.concatenate([separation, np.full(n_image_only, np.nan)]),
        n_ambiguous=matches.n_ambiguous,
        dropped=dropped,
        noted=+noted,
    )
    keep, unpaired = select_by_pairing(
        galaxies.has_image, galaxies.has_spectrum, unpaired=rule.unpaired
    )
    return _selected(galaxies, keep, dropped + unpaired)


def select_by_pairing(
    has_image: BoolArray, has_spectrum: BoolArray, *, unpaired: Literal["keep", "drop"]
) -> tuple[BoolArray, Counter[str]]:
    """(n,) True for galaxies that a pairing rule keeps, and the number of dropped ones by reason.

    Galaxies with neither an image nor a spectrum are not kept and not counted.

    Parameters
    ----------
    has_image, has_spectrum : (n,) bool
        True for galaxies with an image, and with a spectrum.
    unpaired : "keep" or "drop"
        Treatment of galaxies that have only an image or only a spectrum.

    Examples
    --------
    >>> image, spectrum = np.array([True, True, False]), np.array([True, False, True])
    >>> select_by_pairing(image, spectrum, unpaired="drop")
    (array([ True, False, False]), Counter({'spectrum: no image': 1, 'image: no spectrum': 1}))
    """
    if unpaired == "keep":
        return has_image | has_spectrum, Counter()
    n_no_image = int((has_spectrum & ~has_image).sum())
    n_no_spectrum = int((has_image & ~has_spectrum).sum())
    return has_image & has_spectrum, +Counter({NO_IMAGE: n_no_image, NO_SPECTRUM: n_no_spectrum})


def _selected(galaxies: Galaxies, keep: BoolArray, dropped: Counter[str]) -> Galaxies:
    return Galaxies(
        target_ids=galaxies.target_ids[keep],
        ra_deg=galaxies.ra_deg[keep],
        dec_deg=galaxies.dec_deg[keep],
        spectrum_rows=galaxies.spectrum_rows[keep],
        cutout_rows=galaxies.cutout_rows[keep],
        brick_numbers=galaxies.brick_numbers[keep],
        separation_arcsec=galaxies.separation_arcsec[keep],
        n_ambiguous=galaxies.n_ambiguous,
        dropped=+dropped,
        noted=galaxies.noted,
    )


def _match(spectra: SpectrumInventory, images: ImageInventory, rule: PairingRule) -> Matches:
    if rule.by == "position":
        return match_positions(
            spectra.ra_deg,
            spectra.dec_deg,
            images.ra_deg,
            images.dec_deg,
            max_separation_arcsec=rule.max_separation_arcsec,
        )
    rows = find_rows_unsorted(spectra.target_ids, images.target_ids)
    second = np.flatnonzero(rows >= 0)
    first = rows[second]
    separation = _separation(spectra, images, first, second)
    near = separation <= _MAX_BY_ID_ARCSEC
    return nearest_first(first[near], second[near], separation[near])


def _separation(
    spectra: SpectrumInventory, images: ImageInventory, spectrum_rows: Rows, image_rows: Rows
) -> Float64Array:
    """(n,) distance in arcsec between spectra and images."""
    return separation_arcsec(
        spectra.ra_deg[spectrum_rows],
        spectra.dec_deg[spectrum_rows],
        images.ra_deg[image_rows],
        images.dec_deg[image_rows],
    )


def _images_without_spectrum(
    spectra: SpectrumInventory,
    images: ImageInventory,
    matches: Matches,
    dropped: Counter[str],
) -> tuple[Rows, TargetIds]:
    """Rows and TARGETIDs of images without a spectrum; images with a used TARGETID are dropped."""
    image_only = np.setdiff1d(np.arange(images.ra_deg.size), matches.second)
    if not image_only.size:
        return image_only, image_only
    from_position = [
        int(target_id_from_position(int(pixel)))
        for pixel in healpix_29(images.ra_deg[image_only], images.dec_deg[image_only])
    ]
    ids = np.where(images.target_ids[image_only] > 0, images.target_ids[image_only], from_position)
    is_first = np.zeros(image_only.size, bool)
    is_first[np.unique(ids, return_index=True)[1]] = True
    free = is_first & ~np.isin(ids, spectra.target_ids)
    row = find_rows_unsorted(spectra.target_ids, images.target_ids[image_only])
    known = np.flatnonzero(row >= 0)
    far = np.zeros(image_only.size, bool)
    far[known] = _separation(spectra, images, row[known], image_only[known]) > _MAX_BY_ID_ARCSEC
    dropped[FAR_AWAY] += int((far & ~free).sum())
    dropped[TAKEN] += int((~far & ~free).sum())
    return image_only[free], ids[free]


def _bricks_of(
    spectra: SpectrumInventory, images: ImageInventory, cutout: Rows
) -> tuple[Int64Array, Counter[str]]:
    """(n,) index of the brick of each spectrum without a cutout, -1 for none, and notes."""
    numbers = np.full(cutout.size, -1, np.int64)
    without = np.flatnonzero(cutout < 0)
    photsys = None if spectra.photsys is None else spectra.photsys[without]
    numbers[without], noted = choose_bricks(
        images.bricks, spectra.ra_deg[without], spectra.dec_deg[without], photsys
    )
    return numbers, noted


def _n_other_ids(spectra: SpectrumInventory, images: ImageInventory, cutout: Rows) -> int:
    """Number of cutouts that state another TARGETID than the spectrum of their pair."""
    paired = np.flatnonzero(cutout >= 0)
    stated = images.target_ids[cutout[paired]]
    return int(((stated > 0) & (stated != spectra.target_ids[paired])).sum())
