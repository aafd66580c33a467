"""One simulated galaxy as the imaging and spectroscopic surveys recorded it."""

from dataclasses import dataclass

from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import GalaxySED
from galsearch.simulate.spectroscopy.spectrograph import Exposure, ObservedSpectrum


@dataclass(frozen=True, eq=False)
class ObservedGalaxy:
    """A simulated galaxy, its recorded spectrum and its row of the truth table."""

    galaxy: Galaxy
    sed: GalaxySED
    spectrum: ObservedSpectrum
    exposure: Exposure
    ebv: float
    fibre_flux: tuple[float, float, float]
    """Fluxes in g, r and z within the fibre's aperture, in nanomaggies."""
    truth: dict[str, float | str]
    """Columns of the truth table except TARGETID, from `truth_row`."""
