"""Ingest of survey files as a dataset, by the function `ingest`."""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.errors import IngestError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress
from galsearch.dataset import schema
from galsearch.dataset.healpix import healpix_29
from galsearch.dataset.ingest.ingest_recipe import IngestRecipe, read_recipe
from galsearch.dataset.ingest.ingest_report import IngestReport
from galsearch.dataset.ingest.inventory import SpectrumInventory, list_images, list_spectra
from galsearch.dataset.ingest.labels import labels_of, read_labels
from galsearch.dataset.ingest.pairing import Galaxies, pair
from galsearch.dataset.ingest.partition_writer import write_partitions
from galsearch.dataset.ingest.redshifts import redshifts_of
from galsearch.dataset.ingest.source_files import find_source_files
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.dataset.writer import CatalogueWriter
from galsearch.files.atomic import new_directory, write_text


def ingest(
    recipe: IngestRecipe | str | Path, out: str | Path, *, progress: Progress | None = None
) -> IngestReport:
    """Write the galaxies that a recipe describes as a dataset; a report counts every input row.

    Positions and TARGETIDs of all survey files are read first, then the pixels, one partition at
    a time. Memory therefore holds about 0.5 MB for each galaxy of one partition, of which there
    are at most `recipe.max_rows`.

    Parameters
    ----------
    recipe
        A recipe, or the path of a TOML file that holds one.
    out
        Directory of the dataset, which must not exist yet or be empty. It is written atomically.
    progress
        Function that is called with stage, done and total.

    Returns
    -------
    IngestReport
        Numbers of galaxies, of dropped rows by reason, of redshifts and of labels.

    Raises
    ------
    ConfigError
        Where the recipe is invalid.
    SourceError
        Where a survey file is missing, damaged or of another kind.
    IngestError
        Where no galaxy is left, or label tables contradict each other.
    OutputExistsError
        Where `out` is not empty.
    """
    recipe = recipe if isinstance(recipe, IngestRecipe) else read_recipe(recipe)
    progress = progress or no_progress
    with new_directory(Path(out)) as root:
        report = _write_dataset(recipe, root, progress)
        report.check()
        write_text(root / schema.REPORT_FILE, report.to_json())
    return report


def _write_dataset(recipe: IngestRecipe, root: Path, progress: Progress) -> IngestReport:
    """Write a dataset into an empty directory; the report counts the rows read and written."""
    files = find_source_files(recipe)
    spectra = list_spectra(files.spectra, progress)
    by_id = recipe.pairing.by == "target_id"
    images = list_images(files.cutouts, files.bricks, progress, ids_from_names=by_id)
    galaxies = pair(spectra, images, recipe.pairing)
    labels = read_labels(files.label_tables, recipe.labels.columns)
    redshifts = redshifts_of(
        spectra.target_ids, spectra.file_numbers, spectra.urls, files.redshifts
    )
    writer = CatalogueWriter(root, schema.dataset_schema(_label_fields(labels)))
    dropped = galaxies.dropped + write_partitions(
        writer,
        _catalogue(galaxies, {**spectra.columns, **redshifts}, labels),
        galaxies,
        (spectra, images),
        progress,
        max_rows=recipe.max_rows,
        unpaired=recipe.pairing.unpaired,
    )
    dropped.update({f"spectrum: {reason}": n for reason, n in spectra.dropped.items()})
    n_images = images.ra_deg.size + int((galaxies.bricks != "").sum())
    if not writer.n_rows:
        raise IngestError(_nothing_left(recipe, spectra, n_images, dropped))
    writer.finish(name=recipe.name, max_rows=recipe.max_rows)
    counts = {"n_spectra": spectra.n_read, "n_images": n_images, "n_labels": len(labels)}
    return _report(open_dataset(root), galaxies, labels, dropped, counts)


def _catalogue(
    galaxies: Galaxies, spectrum_columns: dict[str, npt.NDArray[np.generic]], labels: pa.Table
) -> pa.Table:
    """Catalogue columns of the galaxies, without `has_image`, `has_spectrum` and the pixels."""
    columns = {
        schema.HEALPIX_COLUMN: pa.array(healpix_29(galaxies.ra_deg, galaxies.dec_deg)),
        schema.TARGET_ID: pa.array(galaxies.target_ids),
        schema.RA: pa.array(galaxies.ra_deg),
        schema.DEC: pa.array(galaxies.dec_deg),
    }
    # Columns that come from the spectrum are null for a galaxy without a spectrum.
    rows = pa.array(galaxies.spectrum_rows, mask=~galaxies.has_spectrum)
    for field in (*schema.REDSHIFT_FIELDS, *schema.SPECTRUM_FILE_FIELDS):
        values = spectrum_columns.get(field.name)
        if values is None:
            columns[field.name] = pa.nulls(len(rows), field.type)
        else:
            columns[field.name] = _with_nulls(values, field.type).take(rows)
    table = labels_of(labels, galaxies.target_ids)
    return pa.table({**columns, **dict(zip(table.column_names, table.columns, strict=True))})


def _with_nulls(values: npt.NDArray[np.generic], kind: pa.DataType) -> pa.Array:
    """An Arrow column in which unknown values (NaN, None or '') are null."""
    if values.dtype.kind == "U":
        return pa.array([value or None for value in values.tolist()], kind)
    return pa.array(values, kind, from_pandas=True)


def _label_fields(labels: pa.Table) -> list[pa.Field]:
    return [field for field in labels.schema if field.name != schema.TARGET_ID]


def _nothing_left(
    recipe: IngestRecipe, spectra: SpectrumInventory, n_images: int, dropped: Counter[str]
) -> str:
    reasons = "; ".join(f"{n}, {reason}" for reason, n in sorted(dropped.items()))
    return (
        f"recipe {recipe.name!r} leaves no galaxy: read {spectra.n_read} spectrum rows and "
        f"{n_images} images, dropped {reasons or 'none'} (unpaired galaxies: "
        f"{recipe.pairing.unpaired}). Nothing was written."
    )


def _report(
    dataset: Dataset,
    galaxies: Galaxies,
    labels: pa.Table,
    dropped: Counter[str],
    counts: dict[str, int],
) -> IngestReport:
    """The report of an ingest, counted in the dataset as it is read back from disk."""
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
