"""The similarity of two galaxies is that of a query, and is explained in any two modalities."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.analysis import Explanation, explain
from galsearch.analysis.explanation import removal_effects
from galsearch.core.errors import (
    EncoderMismatchError,
    NoDatasetError,
    OutputFileExistsError,
    QueryError,
)
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from galsearch.query import open_index
from tests.analysis.explanation.summing_encoder import SummingPair
from tests.query.inputs.own_data.own_files import galaxy

SPECTRUM = (GRID, 2 + np.sin(GRID / 500), np.ones(GRID.size))


def test_stored_galaxies_have_the_similarity_of_a_query(demonstration, monkeypatch) -> None:
    monkeypatch.chdir(demonstration.home)
    monkeypatch.setattr(removal_effects, "N_GROUPS", 4)
    a = demonstration.target_id
    neighbours = open_index().query(a, using="image", among="spectrum", k=1, exact=True)
    reports: list[tuple[str, int, int]] = []
    found = explain(
        a,
        int(neighbours.target_ids[0]),
        using="image",
        among="spectrum",
        progress=lambda *report: reports.append(report),
    )
    assert found.similarity == pytest.approx(float(neighbours.similarity[0]), abs=1e-4)
    table = found.to_arrow()
    assert table["galaxy"].unique().to_pylist() == ["A", "B"]
    assert table.filter(table["galaxy"].to_numpy() == "A")["part"].unique().to_pylist() == ["patch"]
    assert str(table["target_id"][0]) == a
    assert {stage for stage, _, _ in reports} == {"removing parts of A", "removing parts of B"}
    assert all(one.test.n_removed == 6 for one in found.galaxies)
    assert found.notes[-1].endswith("from the catalogue.")
    assert found.summary(2).splitlines()[0] == f"similarity {found.similarity:.4f}"


def test_own_data_need_neither_index_nor_dataset() -> None:
    pair = SummingPair(image=0.1, spectrum=0.001)
    found = explain(galaxy(), SPECTRUM, among="spectrum", encoder=pair)
    expected = pair.image.embed(galaxy()[None]) @ pair.spectrum.embed(SPECTRUM[1][None]).T
    assert found.similarity == pytest.approx(float(expected[0, 0]), abs=1e-4)
    assert "B: the redshift is not known, so that no line is named." in found.notes
    assert found.galaxies[1].to_arrow()["part"].unique().to_pylist() == ["stretch"]


def test_a_picture_is_replaced_only_if_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Explanation, "to_png", lambda _: b"a picture")
    path = tmp_path / "pair.png"
    found = explain(SPECTRUM, SPECTRUM, using="spectrum", among="spectrum", encoder=SummingPair())
    assert found.write_png(path) == path
    assert path.read_bytes() == b"a picture"
    with pytest.raises(OutputFileExistsError) as error:
        found.write_png(path)
    assert str(error.value) == f"{path}: the file exists already."
    found.write_png(path, overwrite=True)


def test_another_encoder_than_that_of_the_index_is_refused(demonstration) -> None:
    index = demonstration.home / "index_builds" / "demo"
    with pytest.raises(EncoderMismatchError, match="encoder 'summing' of encoder aaaaaaaaaaaaaaaa"):
        explain(demonstration.target_id, galaxy(), index=index, encoder=SummingPair())


def test_a_missing_dataset_is_an_error(demonstration, tmp_path: Path) -> None:
    with pytest.raises(NoDatasetError):
        explain(demonstration.target_id, galaxy(), dataset=tmp_path, encoder=SummingPair())


def test_both_modalities_together_are_refused() -> None:
    with pytest.raises(QueryError) as error:
        explain(galaxy(), galaxy(), using="both", encoder=SummingPair())
    assert str(error.value) == "using is 'both'; expected 'image' or 'spectrum'."
