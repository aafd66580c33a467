"""What AstroDINO does to an image before two views of it are compared: blur and noise.

Both are drawn from the survey's own distributions (Stein et al.): a band's image is blurred and
dimmed as if it had been taken under worse skies. Bands are independent.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Images = npt.NDArray[np.float32]
TRUNCATE_SIGMAS = 4.0
"""A Gaussian is cut here, rounded to whole pixels."""


@dataclass(frozen=True)
class LogNormal:
    """exp(normal * shape) * scale + location, for the bands g, r, z."""

    shape: tuple[float, float, float]
    location: tuple[float, float, float]
    scale: tuple[float, float, float]

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """(n, 3)."""
        normal = rng.standard_normal((n, 3))
        return np.exp(normal * self.shape) * self.scale + self.location


PSF_SIGMA_PIXELS = LogNormal(
    (0.2109966, 0.3008485, 0.3471172),
    (1.0807153, 1.2394326, 1.1928363),
    (1.3153171, 0.9164757, 0.8233702),
)
"""Width of the survey's point spread functions."""
NOISE_SIGMA_NANOMAGGIES = LogNormal(
    (0.2264926, 0.2431146, 0.1334844),
    (-0.0006735, -0.0023663, -0.0143416),
    (0.0037602, 0.0067417, 0.0260779),
)
"""Noise of the survey's pixels."""


def draw_extra_sigma(
    survey: LogNormal, n: int, rng: np.random.Generator, *, own: npt.ArrayLike | None = None
) -> Floats:
    """(n, 3): what must be added in quadrature to reach a width or noise drawn from the survey.

    Parameters
    ----------
    survey
        `PSF_SIGMA_PIXELS` or `NOISE_SIGMA_NANOMAGGIES`.
    own : (n, 3), optional
        What the images have. By default it is drawn too, as in the published code, which does
        not look: then half of the results are 0, and none depends on the image.
    """
    wanted = survey.draw(n, rng)
    had = survey.draw(n, rng) if own is None else np.asarray(own, np.float64)
    return np.sqrt(np.maximum(wanted**2 - had**2, 0))


def blur(image: npt.ArrayLike, sigma_pixels: npt.ArrayLike) -> Images:
    """(3, ny, nx) convolved with a Gaussian a band; the image is mirrored at its edges.

    A band with sigma 0 stays as it is.
    """
    planes = np.array(image, np.float32)
    for plane, sigma in zip(planes, np.asarray(sigma_pixels, np.float64), strict=True):
        if sigma > 0:
            plane[...] = _blurred(_blurred(plane.T, sigma).T, sigma)
    return planes


def blur_and_noise(
    image: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    probability: float,
    inverted: bool = False,
) -> Images:
    """(3, ny, nx): `image` with extra blur and noise, each with the given probability.

    Parameters
    ----------
    image : (3, ny, nx)
        Nanomaggies per pixel, bands g, r, z.
    inverted
        Act with 1 - `probability`, as the published code does: its first global crop (nominally
        1.0) is never changed, its second (0.1) nearly always.
    """
    share = 1 - probability if inverted else probability
    planes = np.array(image, np.float32)
    if rng.random() < share:
        planes = blur(planes, draw_extra_sigma(PSF_SIGMA_PIXELS, 1, rng)[0])
    if rng.random() < share:
        sigma = draw_extra_sigma(NOISE_SIGMA_NANOMAGGIES, 1, rng)[0]
        planes += (rng.standard_normal(planes.shape) * sigma[:, None, None]).astype(np.float32)
    return planes


def _blurred(plane: Images, sigma: float) -> Images:
    """Along the last axis."""
    radius = int(TRUNCATE_SIGMAS * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(plane.astype(np.float64), ((0, 0), (radius, radius)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis=1)
    return np.asarray(windows @ (kernel / kernel.sum()), dtype=np.float32)
