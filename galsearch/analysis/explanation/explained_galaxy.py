"""One galaxy of an explanation: its parts with their contributions, and where they are."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from galsearch.analysis.explanation.compared_galaxy import ComparedGalaxy
from galsearch.analysis.explanation.image_patches import ImagePatches
from galsearch.analysis.explanation.removable_parts import PartColumns, RemovableParts
from galsearch.analysis.explanation.removal_effects import (
    RemovalTest,
    contributions,
    falls_alone,
    removal_test,
)
from galsearch.analysis.explanation.spectrum_parts import lines, stretches
from galsearch.core.arrays import Float64Array, Vectors
from galsearch.core.progress import StageProgress
from galsearch.embeddings.encoder_protocol import EncoderPairProtocol
from galsearch.query.inputs.own_data.own_image import OwnImage

SCHEMA = pa.schema(
    [
        ("galaxy", pa.string()),
        ("target_id", pa.int64()),
        ("modality", pa.string()),
        ("part", pa.string()),
        ("rank", pa.int64()),
        ("contribution", pa.float64()),
        ("line", pa.string()),
        ("low_angstrom", pa.float64()),
        ("high_angstrom", pa.float64()),
        ("rest_low_angstrom", pa.float64()),
        ("rest_high_angstrom", pa.float64()),
        ("x_pixel", pa.float64()),
        ("y_pixel", pa.float64()),
        ("east_arcsec", pa.float64()),
        ("north_arcsec", pa.float64()),
    ]
)
"""Columns of an explanation, the same for images and spectra."""


@dataclass(frozen=True, eq=False)
class ExplainedGalaxy:
    """The image or spectrum of one galaxy, and what each part contributes to the similarity."""

    label: str
    """`A` or `B`."""
    galaxy: ComparedGalaxy
    z: float
    """Redshift at which lines are looked for; NaN where it is not known."""
    z_origin: str
    """The source of the redshift, in words."""
    parts: PartColumns
    """Patches or stretches, by the names of `SCHEMA`, in their order in the image or spectrum."""
    lines: PartColumns | None
    """Lines of a spectrum, by wavelength; None for an image."""
    patch_pixels: int | None
    """Side of a patch in pixels; None for a spectrum."""
    test: RemovalTest
    """The similarity without the parts that are named first, and without random ones."""

    def to_arrow(self) -> pa.Table:
        """All parts, then all lines, each by falling contribution."""
        tables = [self._table(some) for some in (self.parts, self.lines) if some is not None]
        return pa.concat_tables(tables)

    def _table(self, columns: PartColumns) -> pa.Table:
        contribution = columns["contribution"]
        order = np.argsort(-contribution, kind="stable")
        n = len(order)
        values = {
            "galaxy": np.full(n, self.label, object),
            "modality": np.full(n, str(self.galaxy.modality), object),
            "rank": np.arange(1, n + 1),
            **{name: array[order] for name, array in columns.items()},
        }
        arrays = [
            pa.array(values[field.name], field.type, from_pandas=True)
            if field.name in values
            else pa.nulls(n, field.type)
            for field in SCHEMA
        ]
        table = pa.table(arrays, schema=SCHEMA)
        ids = pa.array([self.galaxy.target_id or None] * n, pa.int64())
        return table.set_column(1, SCHEMA.field(1), ids)


def explained_galaxy(
    label: str,
    galaxy: ComparedGalaxy,
    z: float,
    z_origin: str,
    pair: EncoderPairProtocol,
    vectors: tuple[Vectors, Vectors],
    report: StageProgress,
) -> ExplainedGalaxy:
    """The contributions of the parts of one galaxy to its similarity with another.

    Parameters
    ----------
    label
        `A` or `B`.
    galaxy
        The galaxy whose parts are removed.
    z
        Its redshift, NaN where it is not known.
    z_origin
        Where the redshift comes from, in words.
    pair
        The encoders.
    vectors : two (d,) arrays
        Unit vectors of this galaxy and of the other one.
    report
        Called with the number of embeddings that are computed.
    """
    own, (vector, other) = galaxy.own, vectors
    whole = float(vector.astype(np.float64) @ other.astype(np.float64))
    found_lines: PartColumns | None = None
    if isinstance(own, OwnImage):
        parts: RemovableParts = ImagePatches(own, pair.image)
    else:
        parts = stretches(own, pair.spectrum, z)
        found_lines = _with_contributions(lines(own, pair.spectrum, z), other, whole)
    contribution = contributions(parts, other, whole, report)
    return ExplainedGalaxy(
        label,
        galaxy,
        z,
        z_origin,
        {**parts.columns(), "contribution": contribution},
        found_lines,
        parts.patch_pixels if isinstance(parts, ImagePatches) else None,
        removal_test(parts, other, contribution),
    )


def _with_contributions(parts: RemovableParts, other: Vectors, whole: float) -> PartColumns:
    contribution: Float64Array = falls_alone(parts, other, whole)
    return {**parts.columns(), "contribution": contribution}
