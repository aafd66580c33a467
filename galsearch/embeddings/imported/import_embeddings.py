"""Import of embeddings that another model made, from tables of ids and vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import ConfigError, EmbeddingTableError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress, stage_progress
from galsearch.dataset import schema
from galsearch.embeddings.imported.bad_rows import BadRows
from galsearch.embeddings.imported.input_tables import find_tables, require_all_rows
from galsearch.embeddings.imported.joined_catalogue import joined_catalogue
from galsearch.embeddings.imported.partition_shards import ShardPlan, plan_shards, write_shards
from galsearch.embeddings.imported.read_rows import TableReader, TableRows, embedding_columns
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE
from galsearch.embeddings.store_record import SourceFile, StoreRecord, write_record
from galsearch.files.atomic import new_binary_file, new_file
from galsearch.files.digest import sha256_of_file, sha256_of_text
from galsearch.files.staged.directories import new_directory
from galsearch.sources.published.hats_catalogue import HatsCatalogue
from galsearch.sources.urls import size_and_version


@dataclass(frozen=True)
class ImportReport:
    """Numbers of imported embeddings, and of the rows that were left out."""

    encoder: str
    fingerprint: Fingerprint
    dim: int
    """Number of dimensions of an embedding."""
    n_galaxies: int
    n_read: dict[Modality, int]
    """Number of rows of the tables of each modality."""
    n_imported: dict[Modality, int]
    """Number of embeddings of each modality."""
    n_left_out: dict[Modality, dict[str, int]]
    """Number of rows that were left out, by modality and reason. They and the imported ones add up
    to the rows that were read."""
    n_shards: int
    has_positions: bool

    def __str__(self) -> str:
        parts = [f"{n} {kind} embeddings" for kind, n in self.n_imported.items()]
        text = (
            f"{self.n_galaxies} galaxies: {' and '.join(parts)} of {self.dim} dimensions, encoder "
            f"{self.encoder} ({self.fingerprint.short}), in {self.n_shards} shards"
        )
        left_out = [
            f"{kind} {reason} {n}"
            for kind, counts in self.n_left_out.items()
            for reason, n in counts.items()
        ]
        text += f"; rows left out: {', '.join(left_out)}" if left_out else ""
        return text + ("" if self.has_positions else "; no galaxy has a position")


@dataclass(frozen=True, kw_only=True)
class _Settings:
    """Arguments of `import_embeddings` that say how tables are read."""

    encoder: str
    tables: Mapping[Modality, Sequence[str]]
    vector_columns: Mapping[Modality, str | None]
    catalogues: Sequence[str]
    id_column: str | None
    columns: Sequence[str] | None
    ids_from_positions: bool
    skip_bad_rows: bool
    hats: Sequence[HatsCatalogue]
    """HATS catalogues whose partitions are among the tables."""
    bad_rows: dict[Modality, BadRows] = field(default_factory=dict)


def import_embeddings(
    out: str | Path,
    *,
    encoder: str,
    images: str | Sequence[str] | None = None,
    spectra: str | Sequence[str] | None = None,
    catalogue: str | Sequence[str] | None = None,
    id_column: str | None = None,
    image_column: str | None = None,
    spectrum_column: str | None = None,
    columns: Sequence[str] | None = None,
    ids_from_positions: bool = False,
    skip_bad_rows: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Write embeddings that another model made, so that `build_index` accepts them.

    Tables are Parquet, Arrow (IPC), FITS or HDF5 files, or HATS catalogues, with a row for each
    galaxy: its id, its vector and, where known, its position and further columns, which join the
    catalogue. Vectors are divided by their lengths, because galsearch compares directions. Memory
    holds ids, positions and further columns of all galaxies, and the vectors of a few thousand.

    Embeddings of one encoder, named alike, are comparable: its image and spectrum embeddings may be
    imported together. Those of another encoder belong in another directory and another index.

    Parameters
    ----------
    out
        Directory of the embeddings, which is made.
    encoder
        Name of the model, with its version, such as 'aion-base'.
    images, spectra
        Tables of the embeddings of images and of spectra: paths, URLs or patterns of them, or the
        directories or URLs of HATS catalogues.
    catalogue
        Tables with a column TARGETID, for positions and further columns.
    id_column
        Column of the ids; by default target_id, TARGETID, object_id or specid.
    image_column, spectrum_column
        Column of the vectors; a pattern such as 'feat_*' names one column for each dimension. By
        default the one column that holds lists of floats.
    columns
        Columns that join the catalogue; by default all with one value in each row.
    ids_from_positions
        Name galaxies by their positions, where the ids of the tables are no TARGETIDs.
    skip_bad_rows
        Leave out rows without a usable id, position or vector, and count them.
    progress
        Function that is called with stage, done and total.

    Raises
    ------
    EmbeddingTableError
        Where a table or a row cannot be used; the message names the file and the row.
    SourceError
        Where a file is missing, damaged or of another kind.
    OutputExistsError
        Where something is in `out` already.
    """
    hats: list[HatsCatalogue] = []
    given = {Modality.IMAGE: images, Modality.SPECTRUM: spectra}
    tables = {kind: find_tables(patterns, hats) for kind, patterns in given.items()}
    tables = {kind: urls for kind, urls in tables.items() if urls}
    if not tables:
        raise ConfigError("neither images nor spectra name a table of embeddings.")
    if not encoder.strip() or not encoder.isprintable():
        raise ConfigError(f"encoder is {encoder!r}; expected the name of the model.")
    settings = _Settings(
        encoder=encoder,
        tables=tables,
        vector_columns={Modality.IMAGE: image_column, Modality.SPECTRUM: spectrum_column},
        catalogues=find_tables(catalogue),
        hats=hats,
        id_column=id_column,
        columns=columns,
        ids_from_positions=ids_from_positions,
        skip_bad_rows=skip_bad_rows,
    )
    with new_directory(Path(out)) as directory:
        return _import(directory, settings, progress or no_progress)


def _import(directory: Path, settings: _Settings, progress: Progress) -> ImportReport:
    """Import into an empty directory that takes its final place later."""
    rows = {
        kind: _read(directory / f"{kind}.vectors", kind, settings, progress)
        for kind in settings.tables
    }
    dims = {kind: table.dim for kind, table in rows.items()}
    if len(set(dims.values())) > 1:
        found = " and ".join(f"{kind} vectors of {dim}" for kind, dim in dims.items())
        raise EmbeddingTableError(
            f"encoder {settings.encoder}: {found} dimensions; vectors of one space have one number "
            "of dimensions."
        )
    catalogue = joined_catalogue(rows, settings.catalogues)
    _write_catalogue(catalogue, directory / CATALOGUE_FILE)
    records = _write_stores(directory, settings, rows, catalogue, progress)
    for table in rows.values():
        table.vector_file.unlink()
    first = next(iter(records.values()))
    return ImportReport(
        encoder=settings.encoder,
        fingerprint=first.fingerprint,
        dim=first.dim,
        n_galaxies=len(catalogue),
        n_read={kind: sum(table.n_read.values()) for kind, table in rows.items()},
        n_imported={kind: record.n_rows for kind, record in records.items()},
        n_left_out={kind: bad.n_by_reason for kind, bad in settings.bad_rows.items()},
        n_shards=sum(len(record.shards) for record in records.values()),
        has_positions=schema.HEALPIX_COLUMN in catalogue.column_names,
    )


def _write_catalogue(table: pa.Table, path: Path) -> None:
    with new_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def _read(path: Path, kind: Modality, settings: _Settings, progress: Progress) -> TableRows:
    """Read the tables of one modality; their vectors are written to a temporary file."""
    bad_rows = settings.bad_rows.setdefault(kind, BadRows(settings.skip_bad_rows))
    choose = embedding_columns(
        kind,
        id_column=settings.id_column,
        vector_column=settings.vector_columns[kind],
        columns=settings.columns,
        ids_from_positions=settings.ids_from_positions,
    )
    with new_binary_file(path) as sink:
        reader = TableReader(sink, path, bad_rows, choose)
        rows = reader.read(settings.tables[kind], stage_progress(progress, f"read {kind} tables"))
    require_all_rows(settings.hats, rows.n_read)
    return rows


def _write_stores(
    directory: Path,
    settings: _Settings,
    rows: Mapping[Modality, TableRows],
    catalogue: pa.Table,
    progress: Progress,
) -> dict[Modality, StoreRecord]:
    """Write the shards and the record of each modality, and return the records."""
    dim = next(iter(rows.values())).dim
    fingerprint = imported_fingerprint(settings.encoder, dim)
    sources = {
        url: _source_file(url, n) for table in rows.values() for url, n in table.n_read.items()
    }
    sources |= {url: _source_file(url, None) for url in settings.catalogues}
    digest = sha256_of_text("\n".join(f"{url} {source}" for url, source in sources.items()))
    plan: ShardPlan = plan_shards(catalogue, dim)
    records = {}
    for kind, table in rows.items():
        sizes, digests = write_shards(
            directory / kind,
            plan,
            catalogue,
            table,
            modality=kind,
            fingerprint=fingerprint,
            digest=digest,
            progress=stage_progress(progress, f"write {kind} shards"),
        )
        records[kind] = StoreRecord(
            modality=kind,
            encoder=settings.encoder,
            fingerprint=fingerprint,
            dim=dim,
            n_rows=len(table),
            n_missing=len(catalogue) - len(table),
            dataset="",
            dataset_digest=digest,
            shards=sizes,
            digests=digests,
            catalogue_sha256=sha256_of_file(directory / CATALOGUE_FILE),
            sources=sources,
        )
        write_record(directory / kind, records[kind])
    return records


def _source_file(url: str, n_rows: int | None) -> SourceFile:
    n_bytes, version = size_and_version(url)
    sha256 = sha256_of_file(Path(url)) if "://" not in url else None
    return SourceFile(n_rows=n_rows, n_bytes=n_bytes, sha256=sha256, version=version)


def imported_fingerprint(encoder: str, dim: int) -> Fingerprint:
    """The fingerprint of a model that galsearch knows by its name only.

    Examples
    --------
    >>> imported_fingerprint("aion-base", 768) == imported_fingerprint("aion-base", 512)
    False
    """
    return Fingerprint(sha256_of_text(f"imported embeddings\nencoder {encoder}\ndim {dim}\n"))
