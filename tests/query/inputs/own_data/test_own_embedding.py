"""Images and spectra of one's own are embedded by the encoder of the index, and no other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import EncoderMismatchError, QueryError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.query import Query, SearchEngine
from tests.query.inputs.own_data.own_files import FakePair, galaxy, write_galaxy
from tests.reference.brute_force import brute_force

GRID = DESI_WAVELENGTH_ANGSTROM
SPECTRUM = (GRID, 3 + np.sin(GRID / 500), np.ones(GRID.size))


def test_an_image_of_ones_own_finds_the_neighbours_of_its_embedding(
    sky: Any, engine: SearchEngine, tmp_path: Path
) -> None:
    pair = FakePair()
    path = write_galaxy(tmp_path / "a.fits", galaxy())
    found = engine.query(image=path, encoder=pair, exact=True, k=5)
    query = Query(image=path)
    assert query.image is not None
    vector = pair.image.embed(query.image.cutout.flux[None])[0]
    expected = brute_force(sky.image, sky.ids, vector, k=5)
    assert found.target_ids.tolist() == expected[0].tolist()
    assert (found.query_target_id, found.notes) == (None, ())


def test_a_spectrum_is_a_query_of_spectra_unless_said_otherwise(
    sky: Any, engine: SearchEngine
) -> None:
    pair = FakePair()
    found = engine.query(spectrum=SPECTRUM, encoder=pair, among="spectrum", exact=True, k=5)
    vector = pair.spectrum.embed(SPECTRUM[1])[0]
    n = len(engine.index.stored(found.using).ids)  # type: ignore[arg-type]
    expected = brute_force(sky.spectrum[:n], sky.ids[:n], vector, k=5)
    assert (found.using, found.among) == ("spectrum", "spectrum")
    assert found.target_ids.tolist() == expected[0].tolist()
    assert pair.spectrum.calibrated


def test_flux_of_unknown_unit_is_embedded_as_such(engine: SearchEngine, tmp_path: Path) -> None:
    pair = FakePair()
    path = tmp_path / "a.csv"
    rows = "".join(f"{wave},2\n" for wave in GRID[:4000])
    path.write_text(f"wavelength_angstrom,flux [counts]\n{rows}")
    engine.query(spectrum=path, encoder=pair)
    assert pair.spectrum.calibrated is False


def test_another_encoder_is_refused(engine: SearchEngine) -> None:
    with pytest.raises(EncoderMismatchError) as caught:
        engine.query(spectrum=SPECTRUM, encoder=FakePair("b" * 64))
    assert str(caught.value) == (
        "index 'toy' has embeddings of encoder aaaaaaaaaaaaaaaa, encoder 'fake' of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between embeddings of different encoders have no meaning."
    )


def test_what_the_encoder_refuses_is_an_error_with_the_name_of_the_file(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = FakePair()

    def refuse(*_: Any, **__: Any) -> None:
        raise QueryError("too dark.")

    monkeypatch.setattr(pair.image, "embed", refuse)
    with pytest.raises(QueryError) as caught:
        engine.query(image=galaxy(), encoder=pair)
    assert str(caught.value) == "the image cannot be embedded: too dark."
