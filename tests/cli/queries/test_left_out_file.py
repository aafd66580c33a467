"""The list of rows that were left out lies beside the results, or where the user says."""

from pathlib import Path

import pytest

from galsearch.cli.queries.left_out_file import LeftOutFile
from galsearch.core.errors import OutputFileExistsError, TableFormatError
from galsearch.query.bulk.left_out_rows import LeftOutRows
from galsearch.query.inputs.row_checks import BadRow


def test_the_file_lies_beside_the_results_or_where_the_user_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = LeftOutFile.beside(tmp_path / "found.parquet", None, overwrite=False)
    assert beside.path == tmp_path / "found.parquet.left_out.csv"
    beside.write(LeftOutRows())
    assert beside.path.is_file()
    assert capsys.readouterr().err == ""
    other = LeftOutFile.beside(tmp_path / "found.fits", None, overwrite=False)
    assert other.path == tmp_path / "found.fits.left_out.csv"
    with pytest.raises(OutputFileExistsError):
        LeftOutFile.beside(tmp_path / "found.parquet", None, overwrite=False)
    LeftOutFile.beside(tmp_path / "found.parquet", None, overwrite=True).write(
        LeftOutRows([BadRow(0, "a", "b", "no query", "it is bad.")])
    )
    assert capsys.readouterr().err.startswith(f"note: {beside.path} lists the rows")
    named = tmp_path / "rows.vot"
    assert LeftOutFile.beside(tmp_path / "a.csv", named, overwrite=False).path == named
    assert LeftOutFile.beside(None, None, overwrite=False).path is None
    with pytest.raises(TableFormatError):
        LeftOutFile.beside(None, tmp_path / "rows.doc", overwrite=False)
