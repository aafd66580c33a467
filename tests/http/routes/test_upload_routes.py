"""Uploads over HTTP find what the library finds with the same file."""

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from galsearch.analysis import estimate
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.http import create_app
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.http.uploads.embedding_worker import read_and_embed
from galsearch.http.uploads.uploaded_file import UploadedFile
from galsearch.query import open_index
from tests.http.uploads.test_embedding_worker import Pair, spectrum_csv


@pytest.fixture(scope="module")
def demo_image(demonstration: Any) -> bytes:
    """The image of the query galaxy of the demonstration, as a .npy file."""
    dataset = open_dataset(demonstration.home / "demo" / "dataset")
    batch = dataset.read([int(demonstration.target_id)], modalities=[Modality.IMAGE])
    sink = io.BytesIO()
    np.save(sink, batch.image_flux[0])
    return sink.getvalue()


def test_an_uploaded_image_finds_its_own_galaxy(
    demo_service: TestClient, demonstration: Any, demo_image: bytes
) -> None:
    expected = open_index(demonstration.home / "index_builds" / "demo").query(
        image=np.load(io.BytesIO(demo_image)), pixel_scale=0.262, k=3
    )
    form = {"k": "3", "pixel_scale": "0.262"}
    answer = demo_service.post("/v1/query/upload", data=form, files={"file": demo_image}).json()
    assert [one["target_id"] for one in answer["neighbours"]] == [str(i) for i in expected]
    assert answer["neighbours"][0]["target_id"] == demonstration.target_id
    assert answer["query"] == {"target_id": None, "modality": "image"}
    assert answer["notes"] == list(expected.notes)
    csv = demo_service.post(
        "/v1/query/upload", data={"format": "csv"}, files={"file": ("<b>", demo_image)}
    )
    assert csv.headers["content-disposition"] == (
        'attachment; filename="galsearch-demo-upload.csv"'
    )


@pytest.fixture
def fake_service(toy_settings: ServiceSettings, tmp_path: Any, monkeypatch: Any) -> Any:
    """A service whose files are embedded in this process by an encoder that is none."""

    class Embedding:
        def embed(self, file: Any) -> Any:
            found = read_and_embed(file, Pair())  # type: ignore[arg-type]
            return dataclasses.replace(found, vector=np.ones((1, 16), np.float32) / 4)

        def stop(self) -> None:
            pass

    monkeypatch.chdir(tmp_path)
    app = create_app(toy_settings)
    app.state.service.embedding = Embedding()
    with TestClient(app) as client:
        yield client


def test_a_spectrum_is_told_from_an_image(fake_service: TestClient) -> None:
    answer = fake_service.post(
        "/v1/query/upload", data={"among": "image", "k": "2"}, files={"file": spectrum_csv()}
    ).json()
    assert (answer["using"], answer["among"], len(answer["neighbours"])) == (
        "spectrum",
        "image",
        2,
    )
    assert answer["query"]["modality"] == "spectrum"


def test_estimates_of_an_uploaded_spectrum_are_those_of_the_library(
    fake_service: TestClient, toy_settings: ServiceSettings
) -> None:
    form = {"property": "z", "among": "spectrum", "k": "20"}
    files = {"file": spectrum_csv()}
    answer = fake_service.post("/v1/estimate/upload", data=form, files=files).json()
    file = fake_service.app.state.service.embedding.embed(UploadedFile(spectrum_csv()))  # type: ignore[attr-defined]
    expected = estimate(
        property="z",
        index=toy_settings.indexes["toy"],
        among="spectrum",
        k=20,
        **file.query_words(),
    )
    (one,) = answer["estimates"]
    assert (answer["target_id"], one["value"]) == (None, expected.columns["z"][0])
    assert one["outside_bank"] is bool(expected.columns["z_outside_bank"][0])
    csv = fake_service.post("/v1/estimate/upload", data={**form, "format": "csv"}, files=files)
    assert csv.headers["content-disposition"] == ('attachment; filename="estimate-toy-upload.csv"')
    unknown = fake_service.post("/v1/estimate/upload", data={**form, "where": "z"}, files=files)
    assert unknown.status_code == 422


@pytest.mark.parametrize(
    ("form", "files", "status"),
    [
        ({}, {}, 422),
        ({"image": "/etc/passwd"}, {"file": b"x"}, 422),
        ({"file": "/etc/passwd"}, {}, 422),
        ({}, {"file": b""}, 400),
        ({}, {"file": b"x" * 100_000}, 400),
        ({}, {"file": ("../../x.fits", b"SIMPLE  =")}, 400),
        ({"k": "-1"}, {"file": spectrum_csv()}, 400),
        ({"using": "image"}, {"file": spectrum_csv()}, 400),
        ({"position": "1 2"}, {"file": spectrum_csv()}, 400),
        ({"pixel_scale": "nan"}, {"file": spectrum_csv()}, 400),
    ],
)
def test_what_cannot_be_searched_is_a_sentence(
    fake_service: TestClient, tmp_path: Any, form: dict[str, str], files: Any, status: int
) -> None:
    answer = fake_service.post("/v1/query/upload", data=form, files=files)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"].endswith(".")
    assert str(tmp_path) not in answer.text
