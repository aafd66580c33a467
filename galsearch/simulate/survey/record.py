"""One simulated galaxy as the two surveys recorded it."""

from dataclasses import dataclass

from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import GalaxySED
from galsearch.simulate.spectroscopy.spectrograph import Exposure, ObservedSpectrum


@dataclass(frozen=True, eq=False)
class ObservedGalaxy:
    """A galaxy, its recorded spectrum and its row of the truth table."""

    galaxy: Galaxy
    sed: GalaxySED
    spectrum: ObservedSpectrum
    exposure: Exposure
    ebv: float
    fibre_flux: tuple[float, float, float]
    """Nanomaggies in g, r and z within the fibre's aperture."""
    truth: dict[str, float | str]
    """Columns of the truth table but TARGETID: `truth.truth_row`."""
