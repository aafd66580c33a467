"""One galaxy of an explanation as a picture shows it."""

import textwrap

import numpy as np

from galsearch.analysis.explanation.explained_galaxy import ExplainedGalaxy
from galsearch.query.inputs.own_data.own_image import OwnImage
from galsearch.render.explanation_figure import DrawnImage, DrawnSpectrum

_LETTERS_PER_LINE = 42


def drawn_galaxy(explained: ExplainedGalaxy, whole: float) -> DrawnImage | DrawnSpectrum:
    """The pixels of a galaxy, the contributions of its parts, and the test in a few words.

    Parameters
    ----------
    explained
        The galaxy.
    whole
        The similarity of both galaxies with all parts.
    """
    galaxy, parts, own = explained.galaxy, explained.parts, explained.galaxy.own
    title = f"{explained.label}: {galaxy.modality} of {galaxy.name}"
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
            patch_pixels=explained.patch_pixels,
            contribution=parts["contribution"],
            words=_words(explained, whole, "patches"),
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
        words=_words(explained, whole, "stretches"),
    )


def _words(explained: ExplainedGalaxy, whole: float, kind: str) -> str:
    test = explained.test
    text = (
        f"{whole:.2f} falls to {test.named:.2f} without the first {test.n_removed} {kind}, "
        f"to {test.random:.2f} without random ones"
    )
    return textwrap.fill(text, _LETTERS_PER_LINE) if kind == "patches" else text
