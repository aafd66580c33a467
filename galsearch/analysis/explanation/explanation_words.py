"""An explanation in words: a table for people, and sentences on how far it can be trusted."""

from typing import Any

from galsearch.analysis.explanation.explained_galaxy import ExplainedGalaxy
from galsearch.render.explained_pair.sky_offset import offset_text


def summary(explained: ExplainedGalaxy, top: int) -> str:
    """The parts of one galaxy with the largest contributions, as aligned text.

    Parameters
    ----------
    explained
        The galaxy.
    top
        Number of patches or stretches, and of lines.
    """
    galaxy = explained.galaxy
    rows = [row for row in explained.to_arrow().to_pylist() if row["rank"] <= top]
    title = f"{explained.label}: {galaxy.modality} of {galaxy.name}"
    lines = [title, f"{'rank':>4}  {'part':<8} {'fall':>8}  place", *map(_line, rows)]
    return "".join(f"{line}\n" for line in lines)


def _line(row: dict[str, Any]) -> str:
    """One part as a line of text: its rank, contribution and place."""
    start = f"{row['rank']:>4}  {row['part']:<8} {row['contribution']:>+8.4f}"
    if row["part"] == "patch":
        return (
            f"{start}  pixel ({row['x_pixel']:.1f}, {row['y_pixel']:.1f}), "
            f"{offset_text(row['east_arcsec'], row['north_arcsec'])} (arcsec)"
        )
    at_rest = ""
    if row["rest_low_angstrom"] is not None:
        at_rest = f", {row['rest_low_angstrom']:.0f} to {row['rest_high_angstrom']:.0f} at rest"
    name = f"{row['line']}: " if row["line"] else ""
    return (
        f"{start}  {name}{row['low_angstrom']:.0f} to {row['high_angstrom']:.0f} Angstrom{at_rest}"
    )


def removal_in_words(explained: ExplainedGalaxy, whole: float) -> str:
    """The similarity without the parts that are named first, and without random ones.

    Parameters
    ----------
    explained
        The galaxy whose parts are removed.
    whole
        The similarity of both galaxies with all parts.
    """
    test = explained.test
    kind = "stretches" if explained.patch_pixels is None else "patches"
    return (
        f"the similarity is {whole:.3f}; without the {test.n_removed} {kind} that are named first "
        f"it is {test.named:.3f}, without as many random ones {test.random:.3f} on average."
    )


def notes(explained: ExplainedGalaxy, whole: float) -> list[str]:
    """Sentences on the test of an explanation, the redshift, and own data.

    The parameters are those of `removal_in_words`.
    """
    label = explained.label
    found = [f"{label}, {explained.galaxy.name}: {removal_in_words(explained, whole)}"]
    if explained.lines is not None:
        found.append(
            f"{label}: redshift {explained.z:.4f} from {explained.z_origin}."
            if explained.z_origin
            else f"{label}: the redshift is not known, so that no line is named."
        )
    return found + list(explained.galaxy.own.notes)
