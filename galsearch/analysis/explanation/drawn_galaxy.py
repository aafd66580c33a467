"""One galaxy of an explanation as a picture shows it."""

import numpy as np

from galsearch.analysis.explanation.explained_galaxy import ExplainedGalaxy
from galsearch.query.inputs.own_data.own_image import OwnImage
from galsearch.render.explained_pair.drawn_parts import DrawnImage, DrawnSpectrum, DrawnTest

_MOST_LETTERS = 64
"""Largest length of the name of a galaxy in a title."""


def drawn_galaxy(explained: ExplainedGalaxy, whole: float) -> DrawnImage | DrawnSpectrum:
    """The pixels of a galaxy, the contributions of its parts, and the test of the explanation.

    Parameters
    ----------
    explained
        The galaxy.
    whole
        The similarity of both galaxies with all parts.
    """
    galaxy, parts, own = explained.galaxy, explained.parts, explained.galaxy.own
    test = DrawnTest(whole, *explained.test)
    title = f"{explained.label}: {galaxy.modality} of {_shortened(galaxy.name)}"
    if np.isfinite(explained.z):
        title += f", z = {explained.z:.4f}"
    if isinstance(own, OwnImage):
        assert explained.patch_pixels is not None  # noqa: S101 (an image has patches)
        return DrawnImage(
            title=title,
            flux=own.cutout.flux,
            pixel_scale_arcsec=own.cutout.pixel_scale_arcsec,
            x_pixel=parts["x_pixel"],
            y_pixel=parts["y_pixel"],
            east_arcsec=parts["east_arcsec"],
            north_arcsec=parts["north_arcsec"],
            patch_pixels=explained.patch_pixels,
            contribution=parts["contribution"],
            test=test,
        )
    lines = explained.lines or {}
    falls = zip(lines.get("line", ()), lines.get("contribution", ()), strict=True)
    return DrawnSpectrum(
        title=title,
        flux=own.spectrum.flux,
        ivar=own.spectrum.ivar,
        z=explained.z,
        windows_angstrom=np.stack([parts["low_angstrom"], parts["high_angstrom"]], axis=1),
        contribution=parts["contribution"],
        line_contribution=dict(falls),
        test=test,
    )


def _shortened(name: str) -> str:
    """A name, or its end where it is long, as paths of files are."""
    return name if len(name) <= _MOST_LETTERS else f"…{name[1 - _MOST_LETTERS :]}"
