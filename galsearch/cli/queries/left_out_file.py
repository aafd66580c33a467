"""The file that lists the rows of a table of queries that were left out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from galsearch.cli.output import show_notes

if TYPE_CHECKING:
    # Importing galsearch.query loads FAISS, which would delay every help text.
    from galsearch.query.bulk.left_out_rows import LeftOutRows


@dataclass(frozen=True)
class LeftOutFile:
    """The place of the list of rows that were left out."""

    path: Path | None
    """None where no file is written."""
    overwrite: bool = False

    @classmethod
    def beside(cls, out: Path | None, path: Path | None, *, overwrite: bool) -> Self:
        """The file that the user names, or one beside that of the results; it may be written.

        Parameters
        ----------
        out
            File of the results; None where they are printed.
        path
            File that the user names; None for the one beside `out`.
        overwrite
            Replace a file that is there.

        Raises
        ------
        OutputFileExistsError
            Where the file exists and may not be replaced.
        TableFormatError
            Where no format belongs to the name of the file.
        """
        if path is None and out is not None:
            path = out.with_name(f"{out.name}.left_out.csv")
        if path is not None:
            from galsearch.formats.table_files import format_of_file, require_writable

            format_of_file(path)
            require_writable(path, overwrite=overwrite)
        return cls(path, overwrite)

    def write(self, rows: "LeftOutRows") -> None:
        """Write the list, also where no row was left out, and say where it is."""
        if self.path is not None:
            rows.write(self.path, overwrite=self.overwrite)
        if len(rows) and self.path is not None:
            show_notes([f"{self.path} lists the rows that are left out, with the reason of each."])
        elif len(rows):
            show_notes(["--left-out FILE lists all rows that are left out."])
