"""The first chunks of a simulated survey as samples: true parameters, magnitudes, spectra and
cutouts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from galsearch.core.spectrum import Spectrum
from galsearch.sources import read_cutout, read_spectra_file, read_table

MILKY_WAY = {"g": 3.214, "r": 2.165, "z": 1.211}
"""Extinction A / E(B-V) in g, r, z of Legacy Surveys DR9 (legacysurvey.org/dr9/catalogs, galactic
extinction coefficients).
"""


@dataclass(frozen=True, eq=False)
class SimulatedSurvey:
    """Table of true parameters of a simulated survey, one row per galaxy in the order of the truth
    files, with access to spectra and cutouts.
    """

    root: Path
    truth: dict[str, npt.NDArray[Any]]
    pixel: Int64Array
    """(n,) HEALPix pixel of each galaxy, by which its files are found."""

    @classmethod
    def open(cls, root: Path, n: int) -> "SimulatedSurvey":
        """Open the first chunks of a simulated survey that together hold at least `n` galaxies."""
        tables, pixels, rows = [], [], 0
        for path in sorted((root / "truth").glob("truth-*.fits")):
            table = read_table(str(path))
            rows += len(table["target_id"])
            tables.append(table)
            pixels.append(np.full(len(table["target_id"]), int(path.stem.split("-")[1])))
            if rows >= n:
                break
        if not tables:
            raise SystemExit(f"{root}: no truth files. Make a survey with galsearch simulate.")
        names = [name for name in tables[0] if all(name in table for table in tables)]
        truth = {name: np.concatenate([table[name] for table in tables]) for name in names}
        truth["sample"] = np.char.strip(truth["sample"].astype(str))
        return cls(root, truth, np.concatenate(pixels))

    def sample(self, *names: str) -> BoolArray:
        """(n,) True for galaxies that belong to one of the named samples."""
        return np.isin(self.truth["sample"], names)

    def magnitudes(self) -> dict[str, Float64Array]:
        """True magnitudes (n,) of the galaxies in g, r, z, without the Milky Way's dust."""
        ebv = self.truth["ebv"]
        return {b: self.truth[f"mag_{b}"] - a * ebv for b, a in MILKY_WAY.items()}

    def spectra(self, rows: Int64Array) -> Iterator[tuple[int, Spectrum]]:
        """Yield row and spectrum of the galaxies at `rows`, file by file; those without flux are
        left out.
        """
        for pixel in np.unique(self.pixel[rows]):
            of_pixel = rows[self.pixel[rows] == pixel]
            row_of = {int(self.truth["target_id"][row]): int(row) for row in of_pixel}
            folder = self.root / "healpix" / "main"
            url = next(folder.glob(f"*/*/{pixel}/coadd-*.fits"))
            file = read_spectra_file(str(url))
            for target, spectrum in zip(file.target_ids.tolist(), file.spectra, strict=True):
                if target in row_of:
                    yield row_of[target], spectrum

    def cutout(self, row: int) -> Float32Array:
        """(3, 152, 152) cutout of the galaxy at `row` in g, r, z, in nanomaggies per pixel."""
        name = f"cutout-{self.truth['target_id'][row]}.fits"
        return read_cutout(str(self.root / "cutouts" / str(self.pixel[row]) / name)).flux
