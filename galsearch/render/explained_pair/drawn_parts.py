"""An image or a spectrum with the contributions of its parts, as a picture shows them."""

from dataclasses import dataclass

from galsearch.core.arrays import Float32Array, Float64Array

INK, DIM, FALL, RISE = "#1b1b1f", "#6b6b76", "#c2354a", "#2f6f9f"
"""Colours of text and curves, of secondary text, and of parts without which the similarity falls
and rises."""


@dataclass(frozen=True)
class DrawnTest:
    """The similarity of the galaxies, and what it is without parts of this one."""

    whole: float
    n_removed: int
    """Number of parts that are removed."""
    named: float
    """Without the parts of the largest contributions."""
    random: float
    """Without as many random ones, on average."""

    def lines(self, kind: str) -> list[tuple[str, str]]:
        """Names and values for a reader; `kind` is the name of the parts, `patches` for example."""
        return [
            ("similarity", f"{self.whole:.3f}"),
            (f"without the first {self.n_removed} {kind}", f"{self.named:.3f}"),
            (f"without {self.n_removed} random {kind}, on average", f"{self.random:.3f}"),
        ]


@dataclass(frozen=True, eq=False)
class DrawnImage:
    """An image and the contributions of its patches."""

    title: str
    flux: Float32Array
    """(3, ny, nx) nanomaggies in g, r, z, row 0 south and column 0 east."""
    pixel_scale_arcsec: float
    x_pixel: Float64Array
    y_pixel: Float64Array
    """(n,) centres of the patches in pixels, row by row."""
    east_arcsec: Float64Array
    north_arcsec: Float64Array
    """(n,) centres of the patches from the centre of the image."""
    patch_pixels: int
    contribution: Float64Array
    """(n,)"""
    test: DrawnTest


@dataclass(frozen=True, eq=False)
class DrawnSpectrum:
    """A spectrum and the contributions of its stretches and lines."""

    title: str
    flux: Float32Array
    ivar: Float32Array
    """(7781,) on the DESI grid."""
    z: float
    """Redshift at which lines are marked; NaN for none."""
    windows_angstrom: Float64Array
    """(n, 2) limits of the stretches, observed."""
    contribution: Float64Array
    """(n,)"""
    line_contribution: dict[str, float]
    """Contributions of lines by their name."""
    test: DrawnTest
