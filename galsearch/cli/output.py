"""Results on standard output or in a file: a table for people, other formats for programs."""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import typer

from galsearch.cli.progress_bars import progress_bars
from galsearch.core.errors import BinaryOutputError, QueryError
from galsearch.core.progress import Progress, no_progress

if TYPE_CHECKING:
    # Importing galsearch.query loads FAISS, which would delay every help text.
    from galsearch.query.bulk.queried_table import QueriedTable
    from galsearch.query.results.neighbours import Neighbours


class Format(StrEnum):
    """Formats in which results are printed and written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    FITS = "fits"
    ECSV = "ecsv"
    VOTABLE = "votable"


_UNKNOWN = "-"


@dataclass(frozen=True)
class Output:
    """The place and the form of a result. Everything is checked before the query is made.

    Raises
    ------
    QueryError
        Where links are wanted of facets.
    BinaryOutputError
        Where a terminal would have to show a binary format.
    OutputFileExistsError
        Where the file or the picture exists and may not be replaced.
    TableFormatError
        Where no format belongs to the name of the file.
    """

    format: Format | None = None
    """None for the format that the name of the file says, and a table without a file."""
    out: Path | None = None
    """The file; None for standard output."""
    overwrite: bool = False
    links: bool = False
    facets: bool = False
    picture: Path | None = None
    """Another file that the command writes."""

    def __post_init__(self) -> None:
        if self.links and self.facets:
            raise QueryError(
                "links are wanted beside facets, which are counts of galaxies; expected one of "
                "these."
            )
        if self.out is not None:
            from galsearch.formats.table_files import format_of_file, require_writable

            if self.format is None:
                object.__setattr__(self, "format", Format(format_of_file(self.out).value))
            require_writable(self.out, overwrite=self.overwrite)
        elif self.format in (Format.PARQUET, Format.FITS) and sys.stdout.isatty():
            raise BinaryOutputError(
                f"{self.format} is a binary format, which a terminal cannot show."
            )

        if self.picture is not None:
            from galsearch.formats.table_files import require_writable

            require_writable(self.picture, overwrite=self.overwrite)

    def show(self, neighbours: "Neighbours") -> None:
        """Print or write the neighbours of one query, or the counts of their facets."""
        if self.format in (None, Format.TABLE):
            self.put_text(self._text(neighbours))
        elif self.facets:
            counts = neighbours.facets().to_arrow()
            self.put_table(counts.schema, [counts])
        else:
            rows = neighbours.rows()
            self.put_table(rows.schema(links=self.links), rows.tables(links=self.links))

    def show_all(self, found: "QueriedTable") -> None:
        """Print or write the neighbours of a table of queries, or their facets, as they come."""
        if self.format in (None, Format.TABLE):
            self.put_texts(
                f"row {row}: {self._text(neighbours)}" for row, neighbours in found.results()
            )
        elif self.facets:
            self.put_table(*found.facets())
        else:
            self.put_table(*found.tables(links=self.links))

    def _text(self, neighbours: "Neighbours") -> str:
        """The neighbours of one query, or the counts of their facets, for people."""
        if self.facets:
            return f"{neighbours.facets()}\n"
        return "".join(f"{line}\n" for line in _lines(neighbours, links=self.links))

    def put_text(self, text: str) -> None:
        """Print a text, or make it the content of the file."""
        self.put_texts([text])

    def put_texts(self, texts: Iterable[str]) -> None:
        """Print texts as they come, or make them the content of the file."""
        with self._sink() as sink:
            for text in texts:
                sink.write(text.encode("utf-8"))
                if self.out is None:
                    sink.flush()

    def put_table(self, schema: Any, chunks: Iterable[Any]) -> None:
        """Print or write Arrow tables of a schema, in any format but the table for people."""
        from galsearch.formats import TableFormat, export_table

        with self._sink() as sink:
            shown = self._shown_at_once(chunks, sink)
            export_table(schema, shown, sink, TableFormat(str(self.format)))

    def _shown_at_once(self, chunks: Iterable[Any], sink: BinaryIO) -> Iterator[Any]:
        """The chunks of a table; each is on standard output before the next one is made."""
        for chunk in chunks:
            yield chunk
            if self.out is None:
                sink.flush()

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A context manager for progress bars, unless results are shown on a terminal meanwhile."""
        if self.out is None and sys.stdout.isatty():
            yield no_progress
            return
        with progress_bars() as progress:
            yield progress

    @contextmanager
    def _sink(self) -> Iterator[BinaryIO]:
        if self.out is None:
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        from galsearch.files.atomic import new_binary_file

        with new_binary_file(self.out) as sink:
            yield sink


def show_notes(notes: Sequence[str]) -> None:
    """Print sentences about a result on standard error."""
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def show_neighbours(neighbours: "Neighbours") -> None:
    """Print the neighbours of one query as a table for people."""
    Output().show(neighbours)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON, which has no numbers NaN and infinity: each becomes null.

    Examples
    --------
    >>> print(json_text({"z": float("nan"), "recall": [0.5, float("inf")]}))
    {"z": null, "recall": [0.5, null]}
    """
    return json.dumps(_without_nan(value), indent=indent, allow_nan=False)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(neighbours: "Neighbours", *, links: bool) -> Iterator[str]:
    """An aligned table, below a line that repeats the query."""
    query_id = neighbours.query_target_id
    galaxy = f"TARGETID {query_id}" if query_id else "your galaxy"
    method = "exact" if neighbours.exact else "re-ranked exactly"
    using = "image and spectrum" if neighbours.using == "both" else neighbours.using
    yield f"{using} of {galaxy}, among {neighbours.among} ({method})"
    yield f"{'':>4}  {'TARGETID':>19}  {'similarity':>10}  {'RA':>10}  {'Dec':>10}  {'z':>8}"
    for i in range(len(neighbours)):
        target_id, similarity = int(neighbours.target_ids[i]), float(neighbours.similarity[i])
        ra_deg, dec_deg = float(neighbours.ra_deg[i]), float(neighbours.dec_deg[i])
        numbers = (
            _aligned(ra_deg, "10"),
            _aligned(dec_deg, "+10"),
            _aligned(float(neighbours.z[i]), "8"),
        )
        line = f"{i + 1:>4}  {target_id:>19}  {similarity:10.4f}  {'  '.join(numbers)}"
        yield f"{line}  {_link(target_id, ra_deg, dec_deg)}" if links else line


def _aligned(value: float, width: str) -> str:
    """A number with five decimals, or a dash where it is not known."""
    if math.isfinite(value):
        return f"{value:{width}.5f}"
    return f"{_UNKNOWN:>{width.lstrip('+')}}"


def _link(target_id: int, ra_deg: float, dec_deg: float) -> str:
    from galsearch.formats.sky_links import image_link

    return image_link(target_id, ra_deg, dec_deg) or _UNKNOWN
