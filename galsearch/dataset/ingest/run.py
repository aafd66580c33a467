"""Ingest of survey files as a dataset, by the function `ingest`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.errors import IngestError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress
from galsearch.dataset import schema
from galsearch.dataset.healpix import healpix_29
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.identity.file_origin import release_of
from galsearch.dataset.ingest.identity.redshifts import (
    NOT_FITTED_TO_IT,
    ONE_OF_SEVERAL,
    UNUSED_FILE,
    SpectrumOrigin,
    SpectrumRedshifts,
    redshifts_of,
)
from galsearch.dataset.ingest.identity.source_identity import record_sources
from galsearch.dataset.ingest.ingest_recipe import IngestRecipe, read_recipe
from galsearch.dataset.ingest.ingest_report import IngestReport
from galsearch.dataset.ingest.inventory import (
    ImageInventory,
    SpectrumInventory,
    check_bricks,
    list_images,
    list_spectra,
)
from galsearch.dataset.ingest.labels import labels_of, read_labels
from galsearch.dataset.ingest.pairing import Galaxies, pair
from galsearch.dataset.ingest.partition_writer import write_partitions
from galsearch.dataset.ingest.source_files import SourceFiles, find_source_files
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.dataset.source_record import SOURCES_FILE, write_sources
from galsearch.dataset.writer import CatalogueWriter
from galsearch.files.atomic import write_text
from galsearch.files.staged.directories import new_directory
from galsearch.sources.desi.redrock import Redshifts, read_redrock


def ingest(
    recipe: IngestRecipe | str | Path,
    out: str | Path,
    *,
    skip_bad_files: bool = False,
    progress: Progress | None = None,
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
    skip_bad_files
        True to leave out survey files that cannot be read; the report lists them. By default they
        are an error, which lists all of them.
    progress
        Function that is called with stage, done and total.

    Returns
    -------
    IngestReport
        Numbers of galaxies, of dropped rows by reason, of redshifts and of labels, and the rules
        that decided where several files claim the same thing.

    Raises
    ------
    ConfigError
        Where the recipe is invalid.
    SourceError
        Where a pattern of the recipe matches no file.
    BadFilesError
        Where survey files are missing, damaged or of another kind, unless they are skipped.
    IngestError
        Where no galaxy is left, or label tables contradict each other.
    OutputExistsError
        Where `out` is not empty.
    """
    recipe = recipe if isinstance(recipe, IngestRecipe) else read_recipe(recipe)
    progress = progress or no_progress
    with new_directory(Path(out)) as root:
        report = _write_dataset(recipe, root, progress, BadFiles(skip=skip_bad_files))
        report.check()
        write_text(root / schema.REPORT_FILE, report.to_json())
    return report


def _write_dataset(
    recipe: IngestRecipe, root: Path, progress: Progress, bad_files: BadFiles
) -> IngestReport:
    """Write a dataset into an empty directory; the report counts the rows read and written."""
    found = _read_sources(recipe, progress, bad_files)
    spectra, images, galaxies = found.spectra, found.images, found.galaxies
    writer = CatalogueWriter(root, schema.dataset_schema(_label_fields(found.labels)))
    columns = {**spectra.columns, **found.redshifts.columns}
    dropped = galaxies.dropped + write_partitions(
        writer,
        _catalogue(galaxies, columns, found.labels),
        galaxies,
        (spectra, images),
        progress,
        bad_files,
        max_rows=recipe.max_rows,
        unpaired=recipe.pairing.unpaired,
    )
    bad_files.check()
    dropped.update({f"spectrum: {reason}": n for reason, n in spectra.dropped.items()})
    n_images = images.ra_deg.size + int((galaxies.brick_numbers >= 0).sum())
    if not writer.n_rows:
        raise IngestError(_nothing_left(recipe, spectra, n_images, dropped, bad_files))
    write_sources(root, list(record_sources(found.files)))
    others = [SOURCES_FILE]
    writer.finish(name=recipe.name, max_rows=recipe.max_rows, others=others)
    counts = {"n_spectra": spectra.n_read, "n_images": n_images, "n_labels": len(found.labels)}
    report = _report(open_dataset(root), galaxies, found.labels, dropped, counts)
    return replace(report, noted=dict(sorted(found.notes.items())), bad_files=bad_files.messages)


@dataclass(frozen=True, eq=False)
class _Sources:
    """All that an ingest reads from survey files before the pixels."""

    spectra: SpectrumInventory
    images: ImageInventory
    galaxies: Galaxies
    labels: pa.Table
    redshifts: SpectrumRedshifts
    files: SourceFiles
    notes: Counter[str]
    """Number of rows, images and files by note of the report."""


def _read_sources(recipe: IngestRecipe, progress: Progress, bad_files: BadFiles) -> _Sources:
    files = find_source_files(recipe, bad_files)
    spectra = list_spectra(files.spectra, progress, bad_files)
    by_id = recipe.pairing.by == "target_id"
    images = list_images(files.cutouts, files.bricks, progress, bad_files, ids_from_names=by_id)
    fits: list[tuple[str, Redshifts]] = []
    for url in files.redshifts:
        with bad_files.reading(url):
            fits.append((url, read_redrock(url)))
    labels, label_notes = read_labels(files.label_tables, recipe.labels.columns, bad_files)
    galaxies = pair(spectra, images, recipe.pairing)
    needed = np.unique(galaxies.brick_numbers[galaxies.brick_numbers >= 0])
    check_bricks([images.bricks[number] for number in needed], bad_files)
    bad_files.check()
    redshifts = redshifts_of(_origin(spectra), fits)
    written = galaxies.spectrum_rows[galaxies.has_spectrum]
    notes = images.noted + galaxies.noted + label_notes
    notes[NOT_FITTED_TO_IT] += int(redshifts.is_other[written].sum())
    notes[UNUSED_FILE] += redshifts.n_unused_files
    notes[ONE_OF_SEVERAL] += int(redshifts.is_one_of_several[written].sum())
    notes.update(_release_notes([spectra.urls[n] for n in spectra.file_numbers[written]]))
    return _Sources(spectra, images, galaxies, labels, redshifts, files, +notes)


def _origin(spectra: SpectrumInventory) -> SpectrumOrigin:
    unknown = np.full(spectra.target_ids.size, "")
    return SpectrumOrigin(
        target_ids=spectra.target_ids,
        file_numbers=spectra.file_numbers,
        urls=spectra.urls,
        survey=spectra.columns.get("survey", unknown),
        program=spectra.columns.get("program", unknown),
        groups=spectra.groups,
        at_several_positions=spectra.at_several_positions,
    )


def _release_notes(urls: Sequence[str]) -> Counter[str]:
    """Number of spectra from each release, if they come from several.

    Parameters
    ----------
    urls
        Path or URL of the file of each spectrum.
    """
    releases = Counter(release_of(url) for url in urls)
    if len(releases) < 2:
        return Counter()
    return Counter(
        {
            f"spectrum: from the release {name}" if name else "spectrum: from no known release": n
            for name, n in releases.items()
        }
    )


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
    recipe: IngestRecipe,
    spectra: SpectrumInventory,
    n_images: int,
    dropped: Counter[str],
    bad_files: BadFiles,
) -> str:
    unread = f"; left out {len(bad_files.messages)} bad files" if bad_files.messages else ""
    reasons = "; ".join(f"{n}, {reason}" for reason, n in sorted(dropped.items()))
    return (
        f"recipe {recipe.name!r} leaves no galaxy: read {spectra.n_read} spectrum rows and "
        f"{n_images} images, dropped {reasons or 'none'} (unpaired galaxies: "
        f"{recipe.pairing.unpaired}){unread}. Nothing was written."
    )


def _report(
    dataset: Dataset,
    galaxies: Galaxies,
    labels: pa.Table,
    dropped: Counter[str],
    counts: dict[str, Any],
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
