"""What every result of a query can do as a table: Arrow, polars, pandas, Astropy, files."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from galsearch.core.errors import GalsearchError, MissingExtraError
from galsearch.query.results.catalogue_source import CatalogueSource

if TYPE_CHECKING:
    # Tables are made on demand: a query by TARGETID loads none of these.
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from galsearch.formats.astropy_table import Table
    from galsearch.query.results.facets import Facets
    from galsearch.query.results.result_rows import ResultRows


class TabularResult(ABC):
    """A result that can be taken as a table of one row for each neighbour, without padding.

    The columns are `query_target_id`, `rank`, `target_id`, `similarity`, `ra_deg`, `dec_deg` and
    `z`, and then every other column of the catalogue of the index. They are read from the files
    that were opened with the index, so they are those of the moment at which it was opened.
    """

    catalogue: CatalogueSource | None
    """Reads the columns of the catalogue; None for a result that no engine made."""

    @abstractmethod
    def rows(self) -> "ResultRows":
        """The neighbours in arrays of one row for each."""

    @abstractmethod
    def title(self) -> str:
        """A title of the result in a few words, for a program that shows it."""

    def to_arrow(self, *, links: bool = False) -> "pa.Table":
        """The neighbours as an Arrow table.

        The metadata of each field hold its unit, UCD and description where they are known.

        Parameters
        ----------
        links
            Add links to the image and the spectrum of each galaxy as columns.

        Raises
        ------
        ManifestError
            Where the catalogue of the index is damaged.
        """
        import pyarrow as pa

        rows = self.rows()
        tables = list(rows.tables(links=links))
        if len(tables) == 1:
            return tables[0]
        return pa.concat_tables([rows.schema(links=links).empty_table(), *tables])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The Arrow stream of `to_arrow`, with which `polars.DataFrame(result)` is a table."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_polars(self, *, links: bool = False) -> "pl.DataFrame":
        """The neighbours as a polars data frame; see `to_arrow`.

        Raises
        ------
        MissingExtraError
            Where polars is not installed.
        """
        try:
            import polars as pl
        except ImportError:
            raise _missing("polars") from None
        frame = pl.from_arrow(self.to_arrow(links=links))
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table, not a column)
        return frame

    def to_pandas(self, *, links: bool = False) -> "pd.DataFrame":
        """The neighbours as a pandas data frame of nullable types; see `to_arrow`.

        Whole numbers keep all digits also in columns with missing values.

        Raises
        ------
        MissingExtraError
            Where pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise _missing("pandas") from None
        table = self.to_arrow(links=links)
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def to_astropy(self, *, links: bool = False) -> "Table":
        """The neighbours as an Astropy table with units, descriptions and masks; see `to_arrow`."""
        # Imported here: Astropy takes longer to load than a query.
        from galsearch.formats.astropy_table import astropy_table

        return astropy_table(self.to_arrow(links=links))

    def write(
        self,
        path: str | Path,
        *,
        format: str | None = None,  # noqa: A002 (the name of the option of the command)
        overwrite: bool = False,
        links: bool = False,
    ) -> Path:
        """Write the neighbours to a file, and return its path.

        Parameters
        ----------
        path
            The file, which appears complete or not at all.
        format
            `jsonl`, `csv`, `parquet`, `fits`, `ecsv` or `votable`; by default the one that the end
            of the name says, such as `.vot`.
        overwrite
            Replace a file that is there.
        links
            Add links to the image and the spectrum of each galaxy as columns.

        Raises
        ------
        OutputFileExistsError
            Where the file exists and may not be replaced.
        TableFormatError
            Where the format is not known, or cannot hold the table.
        """
        from galsearch.formats.table_files import export_table_file, named_format

        known = None if format is None else named_format(format)
        rows = self.rows()
        export_table_file(
            Path(path),
            rows.schema(links=links),
            rows.tables(links=links),
            table_format=known,
            overwrite=overwrite,
        )
        return Path(path)

    def send_samp(self, *, links: bool = False) -> list[str]:
        """Send the neighbours to TOPCAT, Aladin and others, and return the names of the programs.

        Parameters
        ----------
        links
            Add links to the image and the spectrum of each galaxy as columns.

        Raises
        ------
        SampError
            Where no SAMP hub is running on this machine, or none of its programs loads the table.
        """
        from galsearch.formats.samp_broadcast import send_over_samp

        rows = self.rows()
        return send_over_samp(rows.schema(links=links), rows.tables(links=links), name=self.title())

    def facets(self, columns: Sequence[str] | None = None) -> "Facets":
        """How many neighbours are of each class, and in each bin of redshift.

        Parameters
        ----------
        columns
            Columns whose values are counted; by default all booleans and texts with at most 20
            different values, some of which are repeated.

        Raises
        ------
        QueryError
            Where the result has no such column.
        """
        from galsearch.query.results.facets import count_facets

        rows = self.rows()
        return count_facets([rows.schema().empty_table(), *rows.tables()], columns=columns)

    def _dataset_at_hand(self) -> Path | None:
        """The dataset that the index was made from; None where that cannot be known."""
        try:
            path = None if self.catalogue is None else self.catalogue.index.manifest.dataset
        except (GalsearchError, OSError):
            # The index of a result from another process is gone; the result can still be shown.
            return None
        return Path(path) if path else None


def _missing(package: str) -> MissingExtraError:
    return MissingExtraError(
        f"{package} is not installed: pip install 'galsearch[tables]'.", package=package
    )
