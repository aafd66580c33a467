"""A picture of two compared galaxies with what each part contributes to their similarity."""

import io
from collections.abc import Sequence
from typing import Any

from galsearch.core.errors import MissingExtraError
from galsearch.render.explained_pair.drawn_parts import DIM, INK, DrawnImage, DrawnSpectrum

WIDTH_INCHES, HEADER_INCHES, ROW_INCHES = 11.0, 0.62, 3.1
_LEGENDS = {
    DrawnImage: "Contours: brightness of the image.",
    DrawnSpectrum: "Lines: emission solid, absorption dashed.",
}


def explanation_png(drawn: Sequence[DrawnImage | DrawnSpectrum], title: str) -> bytes:
    """The bytes of a PNG picture with one row for each galaxy.

    Parameters
    ----------
    drawn
        The galaxies.
    title
        Text above the picture.

    Raises
    ------
    MissingExtraError
        Where Matplotlib is not installed.
    """
    figure = _new_figure(len(drawn))
    # Imported here: Matplotlib is an extra.
    from galsearch.render.explained_pair.image_row import draw_image
    from galsearch.render.explained_pair.spectrum_row import draw_spectrum

    heights = [HEADER_INCHES] + [ROW_INCHES] * len(drawn)
    header, *rows = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    header.text(0.02, 0.66, title, fontsize=14, color=INK, weight="bold", va="center")
    header.text(0.02, 0.2, _legend(drawn), fontsize=8.5, color=DIM, va="center")
    for row, one in zip(rows, drawn, strict=True):
        if isinstance(one, DrawnImage):
            draw_image(row, one)
        else:
            draw_spectrum(row, one)
    sink = io.BytesIO()
    figure.canvas.print_png(sink)
    return sink.getvalue()


def _legend(drawn: Sequence[DrawnImage | DrawnSpectrum]) -> str:
    kinds = [text for kind, text in _LEGENDS.items() if any(type(one) is kind for one in drawn)]
    red = "Red: the similarity (cosine) falls when the part is removed; blue: it rises."
    return "  ".join([red, *kinds])


def _new_figure(n_rows: int) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "matplotlib is not installed: pip install 'galsearch[plot]'."
        ) from error
    size = (WIDTH_INCHES, HEADER_INCHES + ROW_INCHES * n_rows)
    figure = Figure(figsize=size, dpi=160, facecolor="white")
    FigureCanvasAgg(figure)
    return figure
