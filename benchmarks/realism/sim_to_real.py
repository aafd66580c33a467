"""From simulation to reality: real spectra and images asked of encoders trained on simulated ones.

    python -m benchmarks.realism.sim_to_real --encoder NAME --survey DIR --real ../shared/real

Spectra: each real EDR spectrum takes the redshift of its nearest simulated neighbours (spectra of
the survey, embedded by the same encoder), and so do real SDSS galaxies. The EDR spectra come
without a flag of their redshifts' quality and many are hardly above their noise, so a fit of
redrock's templates says which of the redshifts their pixels can confirm. One DESI galaxy was
exposed for far longer than the survey exposes: it asks as it is, and told that it was not.

Images: real Galaxy Zoo galaxies take the vote fractions of their neighbours among themselves,
beside a baseline that knows colours and size alone. What was measured, object by object, goes to
`benchmarks/results/sim_to_real.json`.
"""

import argparse
import csv
import dataclasses
import datetime
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.realism.lines import sdss_file
from benchmarks.realism.simulated import Simulated
from benchmarks.realism.spectra import GRID_ANGSTROM, real_spectra, standardised
from benchmarks.realism.template_redshifts import AGREES, template_redshifts
from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from galsearch.core.rgb import OFFSET, SCALES, Q
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum
from galsearch.encoders import load
from galsearch.sources import read_redrock, read_spectra_file

OUTLIER = 0.05
_BRIGHT_TIME_IVAR = 3.0
"""About the median over pixels of simulated BGS spectra."""
N_CONTROL = 500
GALAXY_Z = 0.85
"""The file of real spectra gives no class: galaxies are those under the quasars and ELGs."""
K_REDSHIFT, K_VOTES = (1, 5, 10), (5, 10, 20)
_VOTES = (
    "smooth-or-featured_featured-or-disk_fraction",
    "disk-edge-on_no_fraction",
    "has-spiral-arms_no_fraction",
    "ring",
)


def main() -> int:
    """Measure the encoder that the command line names."""
    parser = argparse.ArgumentParser(description="Redshifts and votes of real galaxies.")
    parser.add_argument("--encoder", required=True, help="a name or a safetensors file")
    parser.add_argument("--survey", type=Path, required=True, help="made by galsearch simulate")
    parser.add_argument("--real", type=Path, required=True, help="folder of real survey files")
    parser.add_argument("--n", type=int, default=6000, help="simulated spectra to ask among")
    default = Path(__file__).parents[1] / "results" / "sim_to_real.json"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    pair = load(arguments.encoder)
    results = {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "encoder": Path(arguments.encoder).name,
        "fingerprint": pair.fingerprint,
        "survey": json.loads((arguments.survey / "simulation.json").read_text(encoding="utf-8")),
        "redshifts": redshifts(pair.spectrum, arguments.survey, arguments.real, arguments.n),
        "votes": votes(pair.image, arguments.real),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results) + "\n", encoding="utf-8")
    print(table(results))
    return 0


def redshifts(encoder: Any, survey: Path, real: Path, n: int) -> dict[str, Any]:
    """True redshifts of the asking spectra, and those of their simulated neighbours."""
    simulated = Simulated.open(survey, n)
    found = list(simulated.spectra(np.arange(len(simulated.pixel))[:n]))
    z = np.asarray(simulated.truth["true_z"], float)[[row for row, _ in found]]
    # Both go the same way: what the stored form of the real ones loses, the others lose too.
    bare = _bare_vectors(encoder, *_stacked([standardised(spectrum) for _, spectrum in found]))
    flux, good, true = real_spectra(real)
    asked = {"real": (_bare_vectors(encoder, flux, good), bare, true)}
    whole = _vectors(encoder, [spectrum for _, spectrum in found])
    spectra, sdss = sdss_spectra(real)
    asked["SDSS"] = (_vectors(encoder, spectra), whole, sdss)
    spectra, deep = deep_spectra(real)
    asked["deep"] = (_vectors(encoder, spectra), whole, deep)
    asked["deep, noise of BGS"] = (_vectors(encoder, _shallow(spectra)), whole, deep)
    # The same questions asked by simulated spectra of the others: what noise alone allows.
    control = np.arange(0, len(z), max(len(z) // N_CONTROL, 1))
    return {
        "n_simulated": len(found),
        "z_range": [float(z.min()), float(z.max())],
        "template fit": template_redshifts(GRID_ANGSTROM, flux, good, real).tolist(),
        **{
            name: {"true": own.tolist(), "neighbours": _neighbours(vectors @ among.T, z)}
            for name, (vectors, among, own) in asked.items()
        },
        **{
            name: {"true": z[control].tolist(), "neighbours": _neighbours(similar, z)}
            for name, similar in (
                ("control, stored form", _without_self(bare, control)),
                ("control", _without_self(whole, control)),
            )
        },
    }


def _neighbours(similar: npt.NDArray[np.floating], z: Float64Array) -> list[list[float]]:
    """Redshifts of the most similar ones, nearest first."""
    order = np.argsort(-similar, axis=1)[:, : max(K_REDSHIFT)]
    return np.round(z[order], 5).tolist()  # type: ignore[no-any-return]


def _without_self(vectors: Float32Array, asking: Int64Array) -> npt.NDArray[np.floating]:
    similar = vectors[asking] @ vectors.T
    similar[np.arange(asking.size), asking] = -np.inf
    return np.asarray(similar)


def _stacked(
    pairs: list[tuple[Float64Array, BoolArray]],
) -> tuple[Float64Array, BoolArray]:
    return np.stack([flux for flux, _ in pairs]), np.stack([good for _, good in pairs])


def _bare_vectors(encoder: Any, flux: Float64Array, good: BoolArray) -> Float32Array:
    """(n, d) of spectra in robust sigmas about their median: no level, no noise, no unit."""
    grid = DESI_WAVELENGTH_ANGSTROM
    there = np.stack([np.interp(grid, GRID_ANGSTROM, row) for row in flux]).astype(np.float32)
    bad = np.stack([np.interp(grid, GRID_ANGSTROM, (~row).astype(float)) > 0.01 for row in good])
    bad |= grid > GRID_ANGSTROM[-1]
    return np.asarray(encoder.embed(there, mask=bad, calibrated=False))


def _vectors(encoder: Any, spectra: list[Spectrum]) -> Float32Array:
    """(n, d) of spectra as they were recorded."""
    flux, ivar = (np.stack([getattr(one, kind) for one in spectra]) for kind in ("flux", "ivar"))
    return np.asarray(encoder.embed(flux, ivar, np.stack([~one.good for one in spectra])))


def sdss_spectra(real: Path) -> tuple[list[Spectrum], Float64Array]:
    """Real SDSS galaxies on DESI's grid (what SDSS does not reach is masked), and redshifts."""
    folder, grid = real / "sdss-galaxy-spectra", DESI_WAVELENGTH_ANGSTROM
    spectra, z = [], []
    for row in csv.DictReader((folder / "index.csv").read_text().splitlines()):
        wavelength, flux, ivar = sdss_file(folder / row["file"])
        there = (grid > wavelength[0]) & (grid < wavelength[-1])
        found = np.where(there, np.interp(grid, wavelength, ivar), 0).astype(np.float32)
        value = np.interp(grid, wavelength, flux).astype(np.float32)
        spectra.append(Spectrum(grid, value, found, found <= 0))
        z.append(float(row["z"]))
    return spectra, np.array(z)


def deep_spectra(real: Path) -> tuple[list[Spectrum], Float64Array]:
    """Real DESI galaxies (one) whose exposures add up to far more than the survey's, redshifts."""
    folder = real / "desi-fastspecfit"
    found = read_spectra_file(str(folder / "coadd-4-80613-thru20210324.fits"))
    redshifts = read_redrock(str(folder / "redrock-4-80613-thru20210324.fits"))
    z = dict(zip(redshifts.target_ids.tolist(), redshifts.z.tolist(), strict=True))
    rows = [row for row, target in enumerate(found.target_ids.tolist()) if target in z]
    return (
        [found.spectra[row] for row in rows],
        np.array([z[int(found.target_ids[row])] for row in rows]),
    )


def _shallow(spectra: list[Spectrum]) -> list[Spectrum]:
    """The same light and pixels, with a noise that is said to be as large as bright time's."""
    return [
        dataclasses.replace(
            one, ivar=one.ivar * np.float32(_BRIGHT_TIME_IVAR / np.median(one.ivar[one.good]))
        )
        for one in spectra
    ]


def votes(encoder: Any, real: Path) -> dict[str, Any]:
    """Held-out R2 of each vote fraction, from neighbours in the embedding and in the baseline."""
    folder = real / "ls-zoobot-jpg"
    rows = csv.DictReader((folder / "example_ring_catalog_basic.csv").read_text().splitlines())
    present = [row for row in rows if (folder / f"{row['iauname']}.jpg").exists()]
    pictures = [
        np.asarray(Image.open(folder / f"{row['iauname']}.jpg"), np.float32) / 255
        for row in present
    ]
    size = encoder.config.image.image_size
    embedded = encoder.embed(np.stack([as_cutout(picture, size) for picture in pictures]))
    plain = np.array([colours_and_size(picture) for picture in pictures])
    plain = (plain - plain.mean(axis=0)) / plain.std(axis=0)
    true = {name: np.array([float(row[name]) for row in present]) for name in _VOTES}
    similar = {
        "embedding": embedded @ embedded.T,
        "colour and size": -((plain[:, None] - plain[None]) ** 2).sum(axis=2),
    }
    return {
        "n": len(present),
        "r2": {
            name: {
                who: {str(k): _r2(similarity, values, k) for k in K_VOTES}
                for who, similarity in similar.items()
            }
            for name, values in true.items()
        },
    }


def as_cutout(picture: npt.NDArray[np.floating], size: int) -> Float32Array:
    """A picture of 424 pixels as the nanomaggies it was rendered from, (3, size, size), g, r, z.

    Pictures are framed by their galaxy's size, so that the whole of one goes into what the
    encoder sees; its pixels are of no known size on the sky.

    The stretch v = x arcsinh(Q I) / (sqrt(Q) I), with I the mean of x, has mean arcsinh(Q I) /
    sqrt(Q): it is undone exactly where no plane was clipped. North is up: rows are turned.
    """
    small = Image.fromarray((picture * 255).astype(np.uint8)).resize(
        (size, size), Image.Resampling.BOX
    )
    planes = np.moveaxis(np.asarray(small, np.float32)[::-1] / 255, 2, 0)[::-1]
    mean = np.maximum(planes.mean(axis=0), 1e-4)
    intensity = np.sinh(mean * np.sqrt(Q)) / Q
    scaled = planes * intensity / mean
    flux = np.stack([(scaled[i] - OFFSET) / SCALES[band] for i, band in enumerate("grz")])
    return np.asarray(flux, dtype=np.float32)


def colours_and_size(picture: npt.NDArray[np.floating]) -> list[float]:
    """Two colours, brightness, and radii that hold 50 and 90 per cent of the light."""
    light = np.maximum(picture - np.median(picture, axis=(0, 1)), 0)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    radius = np.hypot(y - light.shape[0] / 2, x - light.shape[1] / 2)
    near = radius < 0.35 * light.shape[0]
    red, green, blue = (float(light[..., i][near].sum()) + 1.0 for i in range(3))
    order = np.argsort(radius[near])
    grown = np.cumsum(light.sum(axis=2)[near][order])
    half, most = (
        float(radius[near][order][np.searchsorted(grown, share * grown[-1])])
        for share in (0.5, 0.9)
    )
    return [np.log(red / green), np.log(green / blue), np.log(green), np.log(half), half / most]


def _r2(similarity: npt.NDArray[Any], values: Float64Array, k: int) -> float:
    """1 - the residual of the mean of the k nearest others, over the variance."""
    without = np.array(similarity, dtype=float)
    np.fill_diagonal(without, -np.inf)
    nearest = np.argsort(-without, axis=1)[:, :k]
    known = np.isfinite(values)
    guess = np.nanmean(values[nearest], axis=1)
    residual = ((values - guess)[known] ** 2).sum()
    return float(1 - residual / ((values[known] - values[known].mean()) ** 2).sum())


def table(results: dict[str, Any]) -> str:
    """Markdown, computed from what was stored."""
    measured = results["redshifts"]
    true, near = (np.array(measured["real"][key]) for key in ("true", "neighbours"))
    fitted = np.array(measured["template fit"])
    galaxy = true < GALAXY_Z
    confirmed = galaxy & (np.abs(fitted - true) / (1 + true) < AGREES)
    rows: list[tuple[str, Any, Any]] = [
        ("EDR galaxies, z < 0.85", true[galaxy], near[galaxy]),
        ("of these, redshift confirmed by a fit", true[confirmed], near[confirmed]),
        ("the fit itself, z < 0.85", true[galaxy], fitted[galaxy, None]),
        ("all EDR spectra", true, near),
    ]
    rows += [
        (name, np.array(measured[name]["true"]), np.array(measured[name]["neighbours"]))
        for name in ("control, stored form", "SDSS", "control")
    ]
    lines = ["| asking spectra | n | k | NMAD dz/(1+z) | over .05 |", "|---|---|---|---|---|"]
    for name, z, found in rows:
        for k in [k for k in K_REDSHIFT if k <= found.shape[1]]:
            error = (np.median(found[:, :k], axis=1) - z) / (1 + z)
            nmad = 1.4826 * np.median(np.abs(error - np.median(error)))
            share = np.mean(np.abs(error) > OUTLIER)
            lines.append(f"| {name} | {len(z)} | {k} | {nmad:.4f} | {share:.0%} |")
    lines += ["", "| asking deep spectrum | its z | of its 5 neighbours |", "|---|---|---|"]
    for name in ("deep", "deep, noise of BGS"):
        for z, found in zip(measured[name]["true"], measured[name]["neighbours"], strict=True):
            lines.append(f"| {name} | {z:.4f} | {np.median(found[:5]):.4f} |")
    lines += ["", "| vote fraction | k | embedding R2 | colour and size R2 |", "|---|---|---|---|"]
    for name, by_who in results["votes"]["r2"].items():
        for k in K_VOTES:
            pair = [by_who[who][str(k)] for who in ("embedding", "colour and size")]
            lines.append(f"| {name} | {k} | {pair[0]:.3f} | {pair[1]:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
