"""What the two surveys recorded of one simulated galaxy."""

from dataclasses import dataclass

from galsearch.simulate.population.scaling_relations import Galaxy
from galsearch.simulate.sed.galaxy_sed import Light
from galsearch.simulate.spectroscopy import Exposure, Recorded


@dataclass(frozen=True, eq=False)
class Observed:
    """One galaxy as both surveys recorded it, and what is true of it."""

    galaxy: Galaxy
    light: Light
    recorded: Recorded
    exposure: Exposure
    ebv: float
    fibre_flux: tuple[float, float, float]
    """Nanomaggies in g, r and z within the fibre's aperture."""
    truth: dict[str, float | str]
