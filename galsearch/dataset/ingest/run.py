"""Survey files become a dataset: list, pair, write partition by partition, count."""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import schema
from galsearch.dataset.healpix import healpix_29
from galsearch.dataset.ingest.ingest_recipe import IngestRecipe, expand, read_recipe
from galsearch.dataset.ingest.ingest_report import IngestReport
from galsearch.dataset.ingest.inventory import (
    Progress,
    SpectrumRows,
    list_images,
    list_spectra,
)
from galsearch.dataset.ingest.labels import labels_of, read_labels
from galsearch.dataset.ingest.pairing import Galaxies, pair
from galsearch.dataset.ingest.partitions import write_partitions
from galsearch.dataset.ingest.redshifts import redshifts_of
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.dataset.writer import CatalogueWriter
from galsearch.files.atomic import new_directory


def ingest(
    recipe: IngestRecipe | str | Path, out: str | Path, *, progress: Progress | None = None
) -> IngestReport:
    """Write the galaxies that a recipe names as a dataset, and say what became of every row.

    Positions and ids of all sources are read first; then pixels, one partition at a time, so
    that memory holds about 0.5 MB a galaxy of one partition (`recipe.max_rows`).

    Parameters
    ----------
    recipe
        A TOML file, or what `read_recipe` makes of one.
    out
        Directory that must not exist yet, or be empty. It is whole or absent.
    progress
        Called with stage, done, total.

    Raises
    ------
    ConfigError
        Where the recipe does not say what it should.
    SourceError
        Where a source file is missing or not what it is taken for.
    DatasetError
        Where nothing is left to write, rows do not add up, or `out` is not empty.
    """
    recipe = recipe if isinstance(recipe, IngestRecipe) else read_recipe(recipe)
    progress = progress or (lambda *_: None)
    with new_directory(Path(out)) as root:
        spectra, images = list_spectra(recipe, progress), list_images(recipe, progress)
        galaxies = pair(spectra, images, recipe.pairing)
        labels = read_labels(expand(recipe.labels.tables), recipe.labels.columns)
        catalogue = _catalogue(recipe, galaxies, spectra, labels)
        writer = CatalogueWriter(root, schema.dataset_schema(_label_fields(labels)))
        sources = (spectra, images)
        late = write_partitions(writer, recipe, catalogue, galaxies, sources, progress)
        dropped = galaxies.dropped + late
        dropped.update({f"spectrum: {reason}": n for reason, n in spectra.dropped.items()})
        n_images = images.ra_deg.size + int((galaxies.brick != "").sum())
        if not writer.n_rows:
            raise DatasetError(_nothing_left(recipe, spectra.n_read, n_images, dropped))
        writer.finish(name=recipe.name, max_rows=recipe.max_rows)
        counts = {"n_spectra": spectra.n_read, "n_images": n_images, "n_labels": len(labels)}
        report = _report(open_dataset(root), galaxies, labels, dropped, counts)
        report.check()
        (root / schema.REPORT_FILE).write_text(report.to_json(), "utf-8")
    return report


def _catalogue(
    recipe: IngestRecipe, galaxies: Galaxies, spectra: SpectrumRows, labels: pa.Table
) -> pa.Table:
    """What is known of each galaxy before a pixel is loaded: all columns but has_* and pixels."""
    redshifts = redshifts_of(
        spectra.target_ids, spectra.file, spectra.urls, expand(recipe.spectra.redshifts)
    )
    columns = {
        schema.HEALPIX_COLUMN: pa.array(healpix_29(galaxies.ra_deg, galaxies.dec_deg)),
        schema.TARGET_ID: pa.array(galaxies.target_ids),
        schema.RA: pa.array(galaxies.ra_deg),
        schema.DEC: pa.array(galaxies.dec_deg),
    }
    # The spectrum's row; null for a galaxy without one, and so is all that comes with it.
    rows = pa.array(galaxies.spectrum, mask=galaxies.spectrum < 0)
    for field in (*schema.REDSHIFT_FIELDS, *schema.SPECTRUM_FILE_FIELDS):
        known = {**spectra.columns, **redshifts}.get(field.name)
        columns[field.name] = _nullable(known, field, spectra.target_ids.size).take(rows)
    table = labels_of(labels, galaxies.target_ids)
    return pa.table({**columns, **dict(zip(table.column_names, table.columns, strict=True))})


def _nullable(values: npt.NDArray[np.generic] | None, field: pa.Field, n: int) -> pa.Array:
    """An Arrow column in which unknown (NaN, None, '') is null."""
    if values is None:
        return pa.nulls(n, field.type)
    if values.dtype.kind == "U":
        return pa.array([value or None for value in values.tolist()], field.type)
    return pa.array(values, field.type, from_pandas=True)


def _label_fields(labels: pa.Table) -> list[pa.Field]:
    return [field for field in labels.schema if field.name != schema.TARGET_ID]


def _nothing_left(
    recipe: IngestRecipe, n_spectra: int, n_images: int, dropped: Counter[str]
) -> str:
    reasons = "; ".join(f"{n}, {reason}" for reason, n in sorted(dropped.items()))
    return (
        f"recipe {recipe.name!r} leaves no galaxy: read {n_spectra} spectrum rows and {n_images} "
        f"images, dropped {reasons or 'none'} (unpaired galaxies: {recipe.pairing.unpaired}). "
        "Nothing was written."
    )


def _report(
    dataset: Dataset,
    galaxies: Galaxies,
    labels: pa.Table,
    dropped: Counter[str],
    counts: dict[str, int],
) -> IngestReport:
    """The counts of what can be read back, not of what was meant to be written."""
    catalogue = dataset.catalogue
    image, spectrum = (catalogue[schema.HAS[modality]].to_numpy() for modality in Modality)
    with_image = np.isin(galaxies.target_ids, dataset.target_ids[image])
    separation = galaxies.separation_arcsec[with_image & np.isfinite(galaxies.separation_arcsec)]
    separations = {}
    if separation.size:
        separations["median_arcsec"] = float(np.median(separation))
        separations["largest_arcsec"] = float(separation.max())
    return IngestReport(
        name=dataset.name,
        n_galaxies=np.unique(dataset.target_ids).size,
        n_paired=int((image & spectrum).sum()),
        n_image_only=int((image & ~spectrum).sum()),
        n_spectrum_only=int((spectrum & ~image).sum()),
        dropped=dict(sorted(dropped.items())),
        n_ambiguous=galaxies.n_ambiguous,
        separations=separations,
        n_with_redshift=int(pc.sum(pc.is_valid(catalogue["z"])).as_py()),
        n_labelled=int(np.isin(dataset.target_ids, labels[schema.TARGET_ID].to_numpy()).sum()),
        n_partitions=len(dataset.partitions),
        **counts,
    )
