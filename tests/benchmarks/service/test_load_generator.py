"""Clients that send one request after another."""

import asyncio
import threading

import pytest

from benchmarks.service.load_generator import Load, get_requests, send_load, upload_request


def serve_until(stop: threading.Event, ready: threading.Event, port: list[int]) -> None:
    """A service that answers /good with 200 and everything else with 500."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            status = b"200 OK" if b"/good" in head else b"500 Bad"
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.01)
        server.close()

    asyncio.run(main())


def test_answers_are_counted_and_errors_apart() -> None:
    stop, ready, port = threading.Event(), threading.Event(), list[int]()
    thread = threading.Thread(target=serve_until, args=(stop, ready, port))
    thread.start()
    ready.wait(30)
    try:
        (good, bad) = get_requests("127.0.0.1", ["/good", "/bad"])
        load = send_load("127.0.0.1", port[0], [good], clients=3, seconds=0.2)
        assert load.n_errors == 0
        assert len(load.milliseconds) >= 3
        assert not send_load("127.0.0.1", port[0], [bad], clients=1, seconds=0.1).milliseconds
    finally:
        stop.set()
        thread.join()


def test_an_upload_is_a_form_with_one_file() -> None:
    head, _, body = upload_request("a", "/b", b"content").partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[:2] == ["POST /b HTTP/1.1", "Host: a"]
    assert f"Content-Length: {len(body)}" in lines
    boundary = lines[2].partition("boundary=")[2]
    assert body.startswith(f"--{boundary}\r\n".encode())
    assert body.endswith(f"\r\n\r\ncontent\r\n--{boundary}--\r\n".encode())


def test_a_summary_has_quantiles() -> None:
    summary = Load((1.0, 2.0, 3.0), 1, 1.5).summary()
    assert summary == {
        "requests": 3,
        "errors": 1,
        "per_second": 2.0,
        "p50_ms": 2.0,
        "p99_ms": pytest.approx(2.98),
        "longest_ms": 3.0,
    }
