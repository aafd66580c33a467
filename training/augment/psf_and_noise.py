"""Distributions of the seeing and noise of the survey's images (Stein et al. 2022).

AstroDINO blurs an image and adds noise as if it had been taken in worse conditions. The bands are
drawn independently.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array

TRUNCATE_SIGMAS = 4.0
"""Radius at which a Gaussian blurring kernel is truncated, in units of its sigma; the radius is
rounded to whole pixels.
"""


@dataclass(frozen=True)
class LogNormal:
    """Distribution of exp(normal * shape) * scale + location, for the bands g, r, z."""

    shape: tuple[float, float, float]
    location: tuple[float, float, float]
    scale: tuple[float, float, float]

    def draw(self, n: int, rng: np.random.Generator) -> Float64Array:
        """(n, 3) float64 random values of this distribution, one column for each of the bands g, r,
        z.
        """
        normal = rng.standard_normal((n, 3))
        return np.exp(normal * self.shape) * self.scale + self.location


PSF_SIGMA_PIXELS = LogNormal(
    (0.2109966, 0.3008485, 0.3471172),
    (1.0807153, 1.2394326, 1.1928363),
    (1.3153171, 0.9164757, 0.8233702),
)
"""Width (sigma) of the survey's point spread functions, in pixels."""
NOISE_SIGMA_NANOMAGGIES = LogNormal(
    (0.2264926, 0.2431146, 0.1334844),
    (-0.0006735, -0.0023663, -0.0143416),
    (0.0037602, 0.0067417, 0.0260779),
)
"""Standard deviation of the noise of the survey's pixels, in nanomaggies."""


def draw_extra_sigma(
    survey: LogNormal, n: int, rng: np.random.Generator, *, own: npt.ArrayLike | None = None
) -> Float64Array:
    """(n, 3) sigma to add in quadrature to an image so that its seeing or noise becomes one sampled
    from the survey.

    It is 0 where the image is already as wide or as noisy.

    Parameters
    ----------
    survey
        `PSF_SIGMA_PIXELS` or `NOISE_SIGMA_NANOMAGGIES`.
    n
        Number of images.
    rng
        Source of the random numbers.
    own : (n, 3), optional
        Width or noise of the images. By default it is sampled from the survey too, as in the
        published code, which does not measure it: then half of the results are 0, and none
        depends on the image.
    """
    wanted = survey.draw(n, rng)
    had = survey.draw(n, rng) if own is None else np.asarray(own, np.float64)
    return np.sqrt(np.maximum(wanted**2 - had**2, 0))
