"""Spectral lines of galaxies: names and wavelengths in vacuum at rest."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SpectralLine:
    """A line, or lines so near each other that DESI spectra show them together."""

    name: str
    """Name, with ` + ` between several."""
    kind: str
    """`emission` or `absorption`: how the line appears in most galaxies that show it."""
    wavelengths_angstrom: tuple[float, ...]
    """Vacuum wavelengths at rest of the components, ascending."""


LINES = (
    SpectralLine("[O II]", "emission", (3727.09, 3729.88)),
    SpectralLine("[Ne III]", "emission", (3869.86,)),
    SpectralLine("Ca H + K", "absorption", (3934.78, 3969.59)),
    SpectralLine("Hδ", "emission", (4102.89,)),
    SpectralLine("G band", "absorption", (4305.61,)),
    SpectralLine("Hγ", "emission", (4341.69,)),
    SpectralLine("Hβ", "emission", (4862.69,)),
    SpectralLine("[O III]", "emission", (4960.30, 5008.24)),
    SpectralLine("Mg b", "absorption", (5168.74, 5174.14, 5185.05)),
    SpectralLine("He I", "emission", (5877.25,)),
    SpectralLine("Na D", "absorption", (5891.58, 5897.56)),
    SpectralLine("[O I]", "emission", (6302.05,)),
    SpectralLine("Hα + [N II]", "emission", (6549.86, 6564.61, 6585.27)),
    SpectralLine("[S II]", "emission", (6718.29, 6732.67)),
    SpectralLine("[Ar III]", "emission", (7137.77,)),
    SpectralLine("[S III]", "emission", (9071.10,)),
)
"""The strongest lines of galaxies in the range of DESI, by wavelength. Wavelengths are those of the
Sloan Digital Sky Survey's table of lines, converted to vacuum."""
