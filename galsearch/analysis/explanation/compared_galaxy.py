"""The two galaxies of an explanation: one modality of each, from a dataset or from own data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC, Cutout
from galsearch.core.errors import MissingModalityError
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.core.target_id import TargetId
from galsearch.dataset.reader import Dataset
from galsearch.query.inputs.own_data.own_image import BANDS, ImageInput, OwnImage, read_own_image
from galsearch.query.inputs.own_data.own_spectrum import (
    OwnSpectrum,
    SpectrumInput,
    read_own_spectrum,
)

GalaxyInput: TypeAlias = int | str | Path | ImageInput | SpectrumInput
"""A TARGETID, or an image or a spectrum in any form that `Query` takes."""


@dataclass(frozen=True, eq=False)
class ComparedGalaxy:
    """The image or the spectrum of one galaxy."""

    name: str
    """Text such as `TARGETID 39627848784286003`, or the name of a file."""
    own: OwnImage | OwnSpectrum
    """The pixels."""
    target_id: TargetId | None
    """None where it is not known."""
    z: float
    """Redshift in the catalogue; NaN where it is not known."""

    @property
    def modality(self) -> Modality:
        """Modality of the pixels."""
        return Modality.IMAGE if isinstance(self.own, OwnImage) else Modality.SPECTRUM


def stored_id(given: Any) -> TargetId | None:
    """The TARGETID that names a galaxy of a dataset; None for a path, an array or another object.

    Examples
    --------
    >>> int(stored_id("39627848784286003")), stored_id("cutout.fits")
    (39627848784286003, None)
    """
    is_number = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
    if is_number or (isinstance(given, str) and given.strip().isdecimal()):
        return TargetId(given)
    return None


def own_data(given: GalaxyInput, modality: Modality) -> ComparedGalaxy:
    """An image or a spectrum of the user.

    Raises
    ------
    SourceError, InvalidCutoutError, InvalidSpectrumError, QueryError
        Where it cannot be read as this modality; see `read_own_image` and `read_own_spectrum`.
    """
    if modality is Modality.IMAGE:
        image = read_own_image(given)
        return ComparedGalaxy(image.place, image, None, float("nan"))
    spectrum = read_own_spectrum(given)
    return ComparedGalaxy(spectrum.place, spectrum, spectrum.target_id, float("nan"))


def stored_data(dataset: Dataset, target_id: TargetId, modality: Modality) -> ComparedGalaxy:
    """The image or the spectrum of a galaxy of a dataset.

    Raises
    ------
    UnknownTargetError
        Where the dataset lacks the galaxy.
    MissingModalityError
        Where the galaxy has no such data.
    """
    batch = dataset.read([target_id], modalities=[modality])
    has: Mapping[Modality, Any] = {
        Modality.IMAGE: batch.has_image,
        Modality.SPECTRUM: batch.has_spectrum,
    }
    if not has[modality][0]:
        raise MissingModalityError(
            f"TARGETID {target_id} has no {modality} in dataset {dataset.name!r}."
        )
    name, z = f"TARGETID {target_id}", float(batch.z[0])
    if modality is Modality.IMAGE:
        place = (float(batch.ra_deg[0]), float(batch.dec_deg[0]))
        cutout = Cutout(
            batch.image_flux[0], BANDS, LEGACY_PIXEL_SCALE_ARCSEC, *place, batch.image_mask[0]
        )
        return ComparedGalaxy(name, OwnImage(cutout, name, place, ()), target_id, z)
    spectrum = Spectrum(
        DESI_WAVELENGTH_ANGSTROM,
        batch.spectrum_flux[0],
        batch.spectrum_ivar[0],
        batch.spectrum_mask[0],
    )
    own = OwnSpectrum(spectrum, name, True, True, target_id, ())
    return ComparedGalaxy(name, own, target_id, z)
