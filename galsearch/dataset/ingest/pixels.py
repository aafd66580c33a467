"""Second pass of an ingest, which reads the pixels of the galaxies of one partition.

Each survey file is opened once for each partition.
"""

from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Rows
from galsearch.core.cutout import Cutout
from galsearch.core.errors import IngestError
from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.inventory import ImageInventory, SpectrumInventory
from galsearch.dataset.ingest.pairing import Galaxies
from galsearch.dataset.schema import BANDS, IMAGE_SHAPE, IMAGE_SIZE_PIXELS, PIXEL_SCALE_ARCSEC
from galsearch.sources.desi.spectra_file import read_spectra_file
from galsearch.sources.legacy_surveys.bricks import cut_stamps
from galsearch.sources.legacy_surveys.cutout_file import read_cutout


@dataclass(frozen=True, eq=False)
class ImagePixels:
    """Images of n galaxies on the grid and in the bands of the dataset."""

    flux: Float32Array
    """(n, 3, 152, 152) images in nanomaggies per pixel."""
    mask: BoolArray
    """(n, 3, 152, 152) mask, True where the image has no measurement."""
    has: BoolArray
    """(n,) True for galaxies that have an image with a measured pixel."""
    read: BoolArray
    """(n,) True for galaxies that have an image, measured or not, in a file that can be read."""

    def take(self, keep: BoolArray) -> "ImagePixels":
        """The images of the galaxies for which `keep` is True."""
        return ImagePixels(self.flux[keep], self.mask[keep], self.has[keep], self.read[keep])


@dataclass(frozen=True, eq=False)
class SpectrumPixels:
    """Spectra of n galaxies on the DESI grid."""

    flux: Float32Array
    """(n, 7781) spectra in 1e-17 erg / (s cm2 Angstrom)."""
    ivar: Float32Array
    """(n, 7781) inverse variance of the spectra."""
    mask: BoolArray
    """(n, 7781) mask, True where the spectrum has no measurement."""
    has: BoolArray
    """(n,) True for galaxies that have a spectrum."""

    def take(self, keep: BoolArray) -> "SpectrumPixels":
        """The spectra of the galaxies for which `keep` is True."""
        return SpectrumPixels(self.flux[keep], self.ivar[keep], self.mask[keep], self.has[keep])


def load_images(
    galaxies: Galaxies, rows: Rows, sources: ImageInventory, bad_files: BadFiles
) -> ImagePixels:
    """Images of the galaxies at the given rows, read from cutouts or cut from bricks.

    A galaxy has no image where its file is bad.
    """
    n = rows.size
    images = ImagePixels(
        np.zeros((n, *IMAGE_SHAPE), np.float32),
        np.ones((n, *IMAGE_SHAPE), bool),
        np.zeros(n, bool),
        np.zeros(n, bool),
    )
    cutout_rows, brick_numbers = galaxies.cutout_rows[rows], galaxies.brick_numbers[rows]
    for position in np.flatnonzero(cutout_rows >= 0):
        url = sources.urls[cutout_rows[position]]
        with bad_files.reading(url):
            _set_image(images, int(position), read_cutout(url))
    for number in np.unique(brick_numbers[brick_numbers >= 0]):
        brick, here = sources.bricks[number], np.flatnonzero(brick_numbers == number)
        with bad_files.reading(brick.url):
            stamps = cut_stamps(
                brick.images,
                galaxies.ra_deg[rows[here]],
                galaxies.dec_deg[rows[here]],
                size_pixels=IMAGE_SIZE_PIXELS,
                invvar_urls=brick.invvars,
            )
            for position, stamp in zip(here, stamps, strict=True):
                _set_image(images, int(position), stamp)
    return images


def load_spectra(
    galaxies: Galaxies, rows: Rows, sources: SpectrumInventory, bad_files: BadFiles
) -> SpectrumPixels:
    """Spectra of the galaxies at the given rows, read from coadd and spectra files.

    A galaxy has no spectrum where its file is bad.

    Raises
    ------
    IngestError
        Where a file holds other galaxies than in the first pass of the ingest.
    """
    n, shape = rows.size, (rows.size, DESI_N_PIXELS)
    spectra = SpectrumPixels(
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
        np.ones(shape, bool),
        np.zeros(n, bool),
    )
    positions = np.flatnonzero(galaxies.spectrum_rows[rows] >= 0)
    wanted = galaxies.spectrum_rows[rows[positions]]
    for file in np.unique(sources.file_numbers[wanted]):
        here = np.flatnonzero(sources.file_numbers[wanted] == file)
        # Galaxies are sorted by row because a spectra file returns rows in ascending order,
        # whatever the order of the request.
        here = here[np.argsort(sources.file_rows[wanted[here]])]
        file_rows = sources.file_rows[wanted[here]].tolist()
        found = None
        with bad_files.reading(sources.urls[file]):
            found = read_spectra_file(sources.urls[file], rows=file_rows)
        if found is None:
            continue
        if not np.array_equal(found.target_ids, sources.target_ids[wanted[here]]):
            raise IngestError(
                f"{sources.urls[file]}: the file changed during the ingest; its TARGETIDs differ. "
                "Nothing was written."
            )
        for position, spectrum in zip(positions[here], found.spectra, strict=True):
            spectra.flux[position], spectra.ivar[position] = spectrum.flux, spectrum.ivar
            spectra.mask[position], spectra.has[position] = spectrum.mask, True
    return spectra


def _set_image(images: ImagePixels, position: int, cutout: Cutout) -> None:
    """Store a cutout as image number `position`, on the grid and in the bands of the dataset."""
    stamp = cutout.select_bands(BANDS).regrid(IMAGE_SIZE_PIXELS, PIXEL_SCALE_ARCSEC)
    images.flux[position], images.mask[position] = stamp.flux, stamp.mask
    images.has[position], images.read[position] = bool(stamp.good.any()), True
