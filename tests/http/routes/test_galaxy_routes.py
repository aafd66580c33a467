"""Stored galaxies over HTTP: columns, thumbnails, spectra, and the description of an index."""

import io
from typing import Any

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset


def test_the_description_states_what_the_index_holds(service: TestClient) -> None:
    described = service.get("/v1/describe").json()
    (index,) = described["indexes"]
    assert (index["name"], index["galaxies"]) == ("toy", 300)
    assert index["modalities"] == {"image": 300, "spectrum": 280}
    assert (index["thumbnails"], index["spectra"], index["map"]) == (False, False, False)
    columns = {column["name"]: column for column in index["columns"]}
    assert columns["z"]["minimum"] == 1 / 299
    assert columns["ra_deg"]["unit"] == "deg"
    assert columns["target_id"]["maximum"].isdecimal()
    assert described["limits"]["rows"] == 10_000


def test_a_galaxy_has_its_columns(service: TestClient, served_sky: Any) -> None:
    target_id = str(served_sky.ids[6])
    galaxy = service.get(f"/v1/galaxies/{target_id}").json()
    assert sorted(galaxy.pop("links")) == ["desi_spectrum", "legacy_viewer"]
    assert galaxy == {"target_id": target_id, "ra_deg": 6.0, "dec_deg": 0.0, "z": 6 / 299}
    for path in ("", "?index=toy"):
        answer = service.get(f"/v1/galaxies/5{path}")
        assert answer.status_code == 404
        assert answer.json()["message"] == "TARGETID 5 is not in index 'toy'."
    assert service.get("/v1/galaxies/abc").json()["code"] == "invalid-target-id"
    other = service.get(f"/v1/galaxies/{target_id}?index=other")
    assert other.status_code == 404
    assert other.json()["message"] == "the service has no index 'other'; it has toy."


def test_without_a_dataset_a_sentence_says_so(service: TestClient, some_id: str) -> None:
    for what in ("thumbnail.png", "spectrum"):
        answer = service.get(f"/v1/galaxies/{some_id}/{what}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no-dataset")
        assert answer.json()["message"] == (
            "the service has no dataset of index 'toy', and so no images and spectra."
        )


def test_a_thumbnail_is_a_picture_of_the_wanted_size(
    demo_service: TestClient, demonstration: Any
) -> None:
    path = f"/v1/galaxies/{demonstration.target_id}/thumbnail.png"
    answer = demo_service.get(path, params={"size": 64})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (64, 64)
    assert Image.open(io.BytesIO(demo_service.get(path).content)).size == (152, 152)
    assert demo_service.get(path, params={"size": 100_000}).json()["message"] == (
        "size is 100000; expected 16 to 512 pixels."
    )


def test_a_spectrum_comes_in_bins(demo_service: TestClient, demonstration: Any) -> None:
    path = f"/v1/galaxies/{demonstration.target_id}/spectrum"
    answer = demo_service.get(path, params={"bins": 7781}).json()
    dataset = open_dataset(demonstration.home / "demo" / "dataset")
    batch = dataset.read([int(demonstration.target_id)], modalities=[Modality.SPECTRUM])
    flux = np.array([np.nan if value is None else value for value in answer["flux"]])
    seen = (batch.spectrum_ivar[0] > 0) & ~batch.spectrum_mask[0]
    np.testing.assert_array_equal(np.isfinite(flux), seen)
    np.testing.assert_allclose(flux[seen], batch.spectrum_flux[0][seen], rtol=1e-4, atol=1e-6)
    assert len(demo_service.get(path, params={"bins": 10}).json()["error"]) == 10
    for bins in (0, 7782):
        assert demo_service.get(path, params={"bins": bins}).json()["message"] == (
            f"bins is {bins}; expected 1 to 7781."
        )
