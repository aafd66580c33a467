"""Hostile values in every field, header and body: answered with 4xx and a sentence, or harmless."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from galsearch.core.errors import SourceError
from galsearch.http import create_app
from galsearch.http.guard.header_limit import LimitedHead
from galsearch.http.state.service_settings import Limits, ServiceSettings
from galsearch.http.uploads.uploaded_file import UploadedFile

SCRIPT = "<script>alert(1)</script>"
VALUES = ("../../../etc/passwd", SCRIPT, "nan", "-1e999", "9" * 400, "a\x00b", "' or 1=1 --")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def require_harmless(answer: Any, what: object) -> None:
    """Check that an answer is no fault of the service, and is nothing that a browser executes."""
    assert answer.status_code < 500, (what, answer.text)
    assert "root:" not in answer.text, what
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in ("application/json", "text/xml", "application/x-votable+xml"), (what, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    if kind == "application/json":
        if answer.status_code >= 400:
            assert answer.json().keys() == {"code", "message", "remedy", "request_id"}, what
            assert answer.json()["message"].endswith("."), what
    else:
        assert "<script" not in answer.text, what
    assert len(answer.content) < 20_000, what


def operations(service: TestClient, method: str) -> dict[str, Any]:
    """The operations of the OpenAPI document that have a method, by their path."""
    paths = service.get("/openapi.json").json()["paths"]
    return {path: found[method] for path, found in paths.items() if method in found}


def test_no_value_of_any_parameter_is_a_fault(service: TestClient, some_id: str) -> None:
    valid = {
        "/v1/query": {"target_id": some_id, "k": "1"},
        "/v1/estimate": {"target_id": some_id, "of": "nothing"},
        "/v1/cone": {"RA": "10", "DEC": "10", "SR": "0.1"},
    }
    n = 0
    for path, operation in operations(service, "get").items():
        for parameter in operation.get("parameters", []):
            for value in VALUES:
                fields = dict(valid.get(path, {}))
                address = path.replace("{target_id}", some_id)
                if parameter["in"] == "path":
                    address = path.replace(f"{{{parameter['name']}}}", value.replace("\x00", "%00"))
                else:
                    fields[parameter["name"]] = value
                require_harmless(service.get(address, params=fields), (address, fields))
                n += 1
    assert n > 7 * 40


def test_no_value_of_any_member_of_a_body_is_a_fault(service: TestClient, some_id: str) -> None:
    schemas = service.get("/openapi.json").json()["components"]["schemas"]
    n = 0
    for path in ("/v1/query", "/v1/estimate"):
        content = operations(service, "post")[path]["requestBody"]["content"]
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for member in schemas[name]["properties"]:
            for value in (*VALUES[:5], -1, 2**70, [SCRIPT], {"a": SCRIPT}, [[]]):
                body = {"target_id": some_id, "k": 1, member: value}
                if path == "/v1/estimate":
                    body = {"target_id": some_id, "of": ["nothing"], member: value}
                require_harmless(service.post(path, json=body), (path, member, value))
                n += 1
    assert n > 10 * 20


class NoEncoder:
    """Takes the place of the process that embeds uploaded files."""

    def embed(self, file: UploadedFile) -> Any:
        raise SourceError(f"the uploaded file of {len(file.content)} bytes is none.")


def test_no_value_of_any_field_of_a_form_is_a_fault(
    service: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.app.state.service, "embedding", NoEncoder())  # type: ignore[attr-defined]
    schemas = service.get("/openapi.json").json()["components"]["schemas"]
    forms = {path: one for path, one in operations(service, "post").items() if "upload" in path}
    assert len(forms) == 2
    for path, operation in forms.items():
        content = operation["requestBody"]["content"]["multipart/form-data"]
        name = content["schema"]["$ref"].rpartition("/")[2]
        for field in schemas[name]["properties"].keys() - {"file"}:
            for value in VALUES:
                answer = service.post(path, data={field: value}, files={"file": (SCRIPT, b"x")})
                require_harmless(answer, (path, field, value))
                assert answer.status_code in (400, 404, 413, 422), (path, field, value)


@pytest.mark.parametrize(
    "header",
    [
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "Content-Type",
        "Cookie",
        "Forwarded",
        "Host",
        "Origin",
        "Range",
        "Referer",
        "User-Agent",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Request-ID",
    ],
)
def test_no_header_comes_back(service: TestClient, some_id: str, header: str) -> None:
    for value in (SCRIPT, "../../etc/passwd", "a" * 5000, "1, 2;q=nan;;=,"):
        for answer in (
            service.get(
                "/v1/query", params={"target_id": some_id, "k": 1}, headers={header: value}
            ),
            service.get("/nothing", headers={header: value}),
            service.post("/v1/query", content=b"{}", headers={header: value}),
        ):
            require_harmless(answer, (header, value))
            assert value[:100] not in answer.text
            assert value[:100] not in str(answer.headers)


@asynccontextmanager
async def listening(settings: ServiceSettings) -> AsyncIterator[int]:
    """The port of the service, at a real socket."""
    config = uvicorn.Config(create_app(settings), port=0, http=LimitedHead, log_config=None)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


def talk(
    settings: ServiceSettings, conversation: Callable[[Streams], Coroutine[Any, Any, None]]
) -> tuple[int, str]:
    """Status and message of the answer to what a client writes to the service."""

    async def scenario() -> bytes:
        async with listening(settings) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writing = asyncio.create_task(conversation((reader, writer)))
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            answer = head + await reader.readexactly(int(length))
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            writer.close()
            return answer

    answer = asyncio.run(asyncio.wait_for(scenario(), 60))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)["message"]


def head_of_upload(*lines: str) -> bytes:
    first = ("POST /v1/query/upload HTTP/1.1", "Host: a")
    kind = "Content-Type: multipart/form-data; boundary=b"
    return "\r\n".join([*first, kind, *lines, "", ""]).encode()


START = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.fits"\r\n\r\n'


def test_an_upload_of_two_gigabytes_is_refused_before_it_is_sent(
    toy_settings: ServiceSettings,
) -> None:
    async def conversation(streams: Streams) -> None:
        streams[1].write(head_of_upload(f"Content-Length: {2 << 30}"))
        await streams[1].drain()

    assert talk(toy_settings, conversation) == (
        413,
        "the body of the request has 2,147,483,648 bytes; the service reads 67,108,864 bytes.",
    )


def test_an_upload_without_an_end_is_refused_at_the_limit(toy_settings: ServiceSettings) -> None:
    n_sent = 0

    async def conversation(streams: Streams) -> None:
        nonlocal n_sent
        streams[1].write(head_of_upload("Transfer-Encoding: chunked"))
        part = bytes(1 << 16)
        streams[1].write(b"%x\r\n%s\r\n" % (len(START), START))
        while n_sent < 2 << 30:
            streams[1].write(b"%x\r\n%s\r\n" % (len(part), part))
            await streams[1].drain()
            n_sent += len(part)

    limits = Limits(body_bytes=4 << 20)
    assert talk(dataclasses.replace(toy_settings, limits=limits), conversation) == (
        413,
        "the body of the request has more; the service reads 4,194,304 bytes.",
    )
    assert n_sent < 32 << 20  # what was sent besides waits in buffers of the sockets


def test_an_upload_that_trickles_is_refused(toy_settings: ServiceSettings) -> None:
    async def conversation(streams: Streams) -> None:
        streams[1].write(head_of_upload("Content-Length: 1000000") + START)
        while True:
            streams[1].write(b"x")
            await streams[1].drain()
            await asyncio.sleep(0.02)

    limits = Limits(body_seconds=0.3)
    assert talk(dataclasses.replace(toy_settings, limits=limits), conversation) == (
        408,
        "the body of the request did not arrive in 0.3 s.",
    )
