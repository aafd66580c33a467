"""Second pass: the pixels of one partition's galaxies, each source file opened once for it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.cutout import Cutout
from galsearch.core.errors import DatasetError
from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.dataset.ingest.inventory import ImageRows, SpectrumRows
from galsearch.dataset.ingest.pairing import Galaxies
from galsearch.dataset.schema import BANDS, IMAGE_SHAPE, IMAGE_SIZE_PIXELS, PIXEL_SCALE_ARCSEC
from galsearch.sources.desi.spectra_file import read_spectra_file
from galsearch.sources.legacy_surveys.bricks import cut_stamps
from galsearch.sources.legacy_surveys.cutout_file import read_cutout

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Images:
    """(n, 3, 152, 152) flux and mask, and who has one."""

    flux: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]
    has: npt.NDArray[np.bool_]
    """(n,), False where there is no image or nothing in it was measured."""

    def take(self, keep: npt.NDArray[np.bool_]) -> "Images":
        """The rows that are kept."""
        return Images(self.flux[keep], self.mask[keep], self.has[keep])


@dataclass(frozen=True, eq=False)
class Spectra:
    """(n, 7781) flux, ivar and mask, and who has one."""

    flux: npt.NDArray[np.float32]
    ivar: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]
    has: npt.NDArray[np.bool_]

    def take(self, keep: npt.NDArray[np.bool_]) -> "Spectra":
        """The rows that are kept."""
        return Spectra(self.flux[keep], self.ivar[keep], self.mask[keep], self.has[keep])


def load_images(galaxies: Galaxies, rows: Ints, sources: ImageRows) -> Images:
    """The images of these galaxies on the dataset's grid and bands."""
    n = rows.size
    images = Images(
        np.zeros((n, *IMAGE_SHAPE), np.float32), np.ones((n, *IMAGE_SHAPE), bool), np.zeros(n, bool)
    )
    for at in np.flatnonzero(galaxies.image[rows] >= 0):
        _place(images, int(at), read_cutout(sources.urls[galaxies.image[rows[at]]]))
    bricks = galaxies.brick[rows]
    for brick in np.unique(bricks[bricks != ""]):
        files, mine = sources.bricks[str(brick)], np.flatnonzero(bricks == brick)
        # An inverse variance beside no image would be a map of nothing.
        invvar = {b: url for b, url in files["invvar"].items() if b in files["image"]}
        stamps = cut_stamps(
            files["image"],
            galaxies.ra_deg[rows[mine]],
            galaxies.dec_deg[rows[mine]],
            size_pixels=IMAGE_SIZE_PIXELS,
            invvar_urls=invvar,
        )
        for at, stamp in zip(mine, stamps, strict=True):
            _place(images, int(at), stamp)
    return images


def load_spectra(galaxies: Galaxies, rows: Ints, sources: SpectrumRows) -> Spectra:
    """The spectra of these galaxies on the DESI grid.

    Raises
    ------
    DatasetError
        Where a file holds other galaxies than in the first pass.
    """
    n, shape = rows.size, (rows.size, DESI_N_PIXELS)
    spectra = Spectra(
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
        np.ones(shape, bool),
        np.zeros(n, bool),
    )
    places = np.flatnonzero(galaxies.spectrum[rows] >= 0)
    wanted = galaxies.spectrum[rows[places]]
    for file in np.unique(sources.file[wanted]):
        mine = np.flatnonzero(sources.file[wanted] == file)
        # A file gives its rows in ascending order, whatever the order they are asked in.
        mine = mine[np.argsort(sources.row[wanted[mine]])]
        found = read_spectra_file(sources.urls[file], rows=sources.row[wanted[mine]].tolist())
        if not np.array_equal(found.target_ids, sources.target_ids[wanted[mine]]):
            raise DatasetError(
                f"{sources.urls[file]}: changed while it was read; other TARGETIDs than before. "
                "Nothing was written."
            )
        for at, spectrum in zip(places[mine], found.spectra, strict=True):
            spectra.flux[at], spectra.ivar[at] = spectrum.flux, spectrum.ivar
            spectra.mask[at], spectra.has[at] = spectrum.mask, True
    return spectra


def _place(images: Images, at: int, cutout: Cutout) -> None:
    stamp = cutout.select_bands(BANDS).regrid(IMAGE_SIZE_PIXELS, PIXEL_SCALE_ARCSEC)
    images.flux[at], images.mask[at] = stamp.flux, stamp.mask
    images.has[at] = bool(stamp.good.any())
