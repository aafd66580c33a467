"""AstroCLIP's published figures, which are printed below the measured ones on its data set.

The source is Parker et al. 2024 (MNRAS 531, 4990). Redshift, the mean of the four properties and
morphology are in the README of the authors' repository. Figures by property are quoted from
memory of the paper's table (for AstroCLIP, their means equal the README's); the table marks them.
"""

from typing import NamedTuple


class Published(NamedTuple):
    """A published row of results: R2 of redshift and mean R2 of the properties, from the README of
    AstroCLIP's repository.
    """

    model: str
    reads: str
    how: str
    redshift: float
    properties: float


README = "README of PolymathicAI/AstroCLIP"
RECALLED = "recalled from the paper, not verified; their mean equals the README's"

ROWS = (
    Published("aligned (AstroCLIP)", "image", "k-NN", 0.79, 0.47),
    Published("before alignment (AstroDINO)", "image", "k-NN", 0.63, 0.37),
    Published("Stein et al. 2021", "image", "k-NN", 0.36, 0.26),
    Published("ResNet18", "image", "supervised", 0.77, 0.43),
    Published("photometry", "photometry", "supervised", 0.68, 0.42),
    Published("aligned (AstroCLIP)", "spectrum", "k-NN", 0.99, 0.63),
    Published("before alignment (SpecFormer)", "spectrum", "k-NN", 0.99, 0.64),
    Published("Conv+Att", "spectrum", "supervised", 0.99, 0.60),
)

BY_PROPERTY = {
    ("aligned (AstroCLIP)", "image"): (0.74, 0.27, 0.44, 0.44),
    ("aligned (AstroCLIP)", "spectrum"): (0.87, 0.43, 0.57, 0.63),
}
"""Published R2 of mass, age, metallicity and specific star formation rate, by model and input,
quoted from memory of the paper.
"""

SSFR_NOTE = (
    "The published sSFR is ln SFR less ln metallicity, a slip of the released code: that column "
    "is another quantity than the one measured here, star formation rate over stellar mass."
)


def table() -> str:
    """The published figures as a Markdown table, each with its source."""
    lines = [
        "| published | reads | method | R2 redshift | mass | age | metallicity | ssfr "
        "| mean of properties | source |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        by = BY_PROPERTY.get((row.model, row.reads))
        cells = [f"{value:.2f}*" for value in by] if by else [""] * 4
        lines.append(
            f"| {row.model} | {row.reads} | {row.how} | {row.redshift:.2f} | {' | '.join(cells)} "
            f"| {row.properties:.2f} | {README} |"
        )
    return "\n".join([*lines, "", f"* {RECALLED}. {SSFR_NOTE}"])
