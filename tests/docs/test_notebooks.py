"""The notebooks run from top to bottom on the demonstration's survey and index."""

import shutil
from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_runs(path: Path, demonstration, tmp_path: Path) -> None:
    for name in ("demo", "index_builds"):
        shutil.copytree(demonstration.home / name, tmp_path / name)
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not any(output.output_type == "error" for output in outputs)


def test_there_are_three_notebooks_with_stored_outputs() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "filtered-cross-modal-search",
        "own-spectrum",
        "query-by-target-id",
    ]
    for path in NOTEBOOKS:
        code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        assert any(cell.outputs for cell in code), path
