"""Writing of simulated spectra, redshifts and true parameters in the formats of real surveys."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, Int64Array
from galsearch.core.spectrum import SPEED_OF_LIGHT_KM_S
from galsearch.simulate.spectroscopy.arm_grid import ARMS, arm_wavelengths
from galsearch.simulate.spectroscopy.spectrograph import Exposure, observe_spectrum
from galsearch.simulate.survey.footprint import random_positions, target_ids
from galsearch.simulate.survey.record import ObservedGalaxy
from galsearch.sources import write_coadd, write_redrock, write_truth

SURVEY, PROGRAM = "main", "bright"
_BITS = {"LRG": 1 << 0, "ELG": 1 << 1}
_BGS_ANY = 1 << 60
"""Bit of DESI_TARGET for galaxies that are neither LRG nor ELG: those of the bright programme."""
_N_OTHER = 2
"""Number of rows without a galaxy at the end of a file: a sky fibre and a stuck positioner."""


def pixel_folder(out: Path, pixel: int) -> Path:
    """Directory of the spectra of a HEALPix pixel, as in a DESI release.

    Examples
    --------
    >>> pixel_folder(Path("survey"), 10123).as_posix()
    'survey/healpix/main/bright/101/10123'
    """
    return out / "healpix" / SURVEY / PROGRAM / str(pixel // 100) / str(pixel)


def write_spectra(
    out: Path,
    pixel: int,
    ids: Int64Array,
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    observed: Sequence[ObservedGalaxy],
    rng: np.random.Generator,
    *,
    hemisphere: str = "south",
) -> Int64Array:
    """Write coadd-main-bright-PIXEL.fits with n galaxies, one sky fibre and one stuck fibre.

    Returns
    -------
    ndarray
        (2,) TARGETIDs of the rows without a galaxy.
    """
    other_ra, other_dec = random_positions(pixel, _N_OTHER, rng)
    sky_id = target_ids(
        other_ra[:1], other_dec[:1], first_object=1 + pixel, hemisphere=hemisphere, sky=True
    )
    other_ids = np.concatenate([sky_id, np.array([-int(pixel) - 1])])
    sky = observe_spectrum(
        {arm: np.zeros(high - low) for arm, (low, high) in ARMS.items()},
        Exposure(effective_seconds=200.0, calibration=1.0, tilt=0.0),
        rng,
    )
    arms = {}
    for arm, wavelength in arm_wavelengths().items():
        spectra = [record.spectrum for record in observed] + [sky]
        blank = np.zeros((1, wavelength.size), np.float32)
        planes = [
            np.concatenate(
                [np.stack([getattr(spectrum, kind)[arm] for spectrum in spectra]), blank]
            )
            for kind in ("flux", "ivar", "mask")
        ]
        arms[arm] = (wavelength, planes[0], planes[1], planes[2].astype(np.int32))
    write_coadd(
        pixel_folder(out, pixel) / f"coadd-{SURVEY}-{PROGRAM}-{pixel}.fits",
        target_ids=np.concatenate([ids, other_ids]),
        ra_deg=np.concatenate([ra_deg, other_ra]),
        dec_deg=np.concatenate([dec_deg, other_dec]),
        arms=arms,
        fibermap=_fibermap(observed, rng, hemisphere),
        survey=SURVEY,
        program=PROGRAM,
        healpix=pixel,
    )
    return other_ids


def _fibermap(
    observed: Sequence[ObservedGalaxy], rng: np.random.Generator, hemisphere: str
) -> dict[str, npt.NDArray[Any]]:
    """Columns of FIBERMAP; catalogue fluxes have errors of 1 per cent plus the noise of the sky."""
    n = len(observed)
    columns: dict[str, npt.NDArray[Any]] = {
        "COADD_FIBERSTATUS": _rows([0] * n, [0, 1 << 1], np.int32),
        "OBJTYPE": _rows(["TGT"] * n, ["SKY", ""], "U3"),
        "EBV": _rows([record.ebv for record in observed], [0.03, 0.0], np.float32),
        "MORPHTYPE": _rows([_tractor_type(record) for record in observed], ["", ""], "U4"),
        "PHOTSYS": _rows([hemisphere[0].upper()] * n, [hemisphere[0].upper(), ""], "U1"),
        "COADD_EXPTIME": _rows(
            [record.exposure.effective_seconds for record in observed], [200.0, 0.0], np.float32
        ),
        "DESI_TARGET": _rows(
            [_BITS.get(record.galaxy.target.sample, _BGS_ANY) for record in observed],
            [1 << 32, 0],
            np.int64,
        ),
        "SHAPE_R": _rows(
            [float(record.truth["R_EFF_ARCSEC"]) for record in observed], [0, 0], np.float32
        ),
    }
    for row, band in enumerate("GRZ"):
        true = np.array([record.sed.band_flux[:, row].sum() for record in observed])
        error = np.hypot(0.01 * true, (0.03, 0.05, 0.13)[row])
        flux = true + rng.normal(0, 1, n) * error
        columns[f"FLUX_{band}"] = _rows(flux, [0, 0], np.float32)
        columns[f"FLUX_IVAR_{band}"] = _rows(error**-2, [0, 0], np.float32)
        columns[f"FIBERFLUX_{band}"] = _rows(
            [record.fibre_flux[row] for record in observed], [0, 0], np.float32
        )
    return columns


def _rows(galaxies: Any, others: list[Any], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate([np.asarray(galaxies, dtype=dtype), np.asarray(others, dtype=dtype)])


def _tractor_type(record: ObservedGalaxy) -> str:
    if float(record.truth["BULGE_FRACTION"]) > 0.7:
        return "DEV"
    return "EXP" if float(record.truth["BULGE_FRACTION"]) < 0.1 else "SER"


def write_redshifts(
    out: Path,
    pixel: int,
    ids: Int64Array,
    other_ids: Int64Array,
    observed: Sequence[ObservedGalaxy],
    rng: np.random.Generator,
) -> None:
    """Write redrock-main-bright-PIXEL.fits with a redshift for each row of the coadd.

    Redshift errors are 10 km/s and grow as the signal-to-noise ratio falls. Below 0.4 per pixel
    every second redshift is wrong, and most of these have ZWARN 4 (SMALL_DELTA_CHI2).
    """
    true = np.array([record.galaxy.target.z for record in observed])
    signal_to_noise = np.maximum([record.spectrum.signal_to_noise for record in observed], 0.02)
    error = (1 + true) * np.hypot(10.0, 30.0 / signal_to_noise) / SPEED_OF_LIGHT_KM_S
    failed = (signal_to_noise < 0.4) & (rng.random(true.size) < 0.5)
    measured = np.where(
        failed, rng.uniform(0, 1.2, true.size), true + error * rng.normal(0, 1, true.size)
    )
    flagged = failed & (rng.random(true.size) < 0.9)
    n_other = len(other_ids)
    write_redrock(
        pixel_folder(out, pixel) / f"redrock-{SURVEY}-{PROGRAM}-{pixel}.fits",
        target_ids=np.concatenate([ids, other_ids]),
        z=np.concatenate([measured, np.full(n_other, 1.0)]),
        z_err=np.concatenate([error, np.full(n_other, 1e-3)]),
        zwarn=np.concatenate([np.where(flagged, 4, 0), np.full(n_other, 5 | 1 << 9)]),
        spectype=np.array(["GALAXY"] * (true.size + n_other)),
        deltachi2=np.concatenate(
            [np.where(flagged, 5.0, 40.0 + 300.0 * signal_to_noise**2), np.zeros(n_other)]
        ),
    )


def write_truth_table(path: Path, ids: Int64Array, rows: Sequence[dict[str, float | str]]) -> None:
    """Write truth-PIXEL.fits with one row for each galaxy."""
    columns: dict[str, Any] = {"TARGETID": ids}
    for name in rows[0]:
        columns[name] = np.array([row[name] for row in rows])
    write_truth(path, columns)
