"""Heads of requests that are too large, or that never arrive, at a real socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import uvicorn

from galsearch.http.guard.header_limit import LimitedHead

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Hasty(LimitedHead):
    head_seconds = 0.2
    unread_seconds = 0.3


LARGE = 30 << 20


async def app(scope: Any, receive: object, send: Callable[[object], Awaitable[None]]) -> None:
    body = bytes(LARGE) if scope["path"] == "/large" else b"ok"
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answered(kind: type[LimitedHead], talk: Callable[[Streams], Awaitable[bytes]]) -> bytes:
    """The bytes that a client of a running server gets."""

    async def scenario() -> bytes:
        config = uvicorn.Config(app, port=0, http=kind, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = await talk((reader, writer))
        writer.close()
        server.should_exit = True
        await running
        return answer

    return asyncio.run(asyncio.wait_for(scenario(), 30))


def message_of(answer: bytes) -> tuple[str, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), json.loads(body)["message"]


def test_a_head_that_does_not_arrive_is_refused() -> None:
    async def one_byte_at_a_time(streams: Streams) -> bytes:
        reader, writer = streams
        for part in (b"GET / HTTP/1.1\r\n", b"Host: a\r\n", b"X: "):
            writer.write(part)
            await asyncio.sleep(0.02)
        return await reader.read()

    async def silence(streams: Streams) -> bytes:
        return await streams[0].read()

    for talk in (one_byte_at_a_time, silence):
        assert message_of(answered(Hasty, talk)) == (
            "HTTP/1.1 408 Request Timeout",
            "the head of the request did not arrive in 0.2 s.",
        )


def test_a_later_head_is_timed_and_an_idle_connection_is_not() -> None:
    async def talk(streams: Streams) -> bytes:
        reader, writer = streams
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.3)
        writer.write(b"GET / HTTP/1.1\r\n")
        return await reader.read()

    assert message_of(answered(Hasty, talk))[0] == "HTTP/1.1 408 Request Timeout"


def test_a_head_that_never_ends_is_refused() -> None:
    async def talk(streams: Streams) -> bytes:
        reader, writer = streams
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * (70 << 10))
        return await reader.read()

    assert message_of(answered(LimitedHead, talk)) == (
        "HTTP/1.1 431 Request Header Fields Too Large",
        "the head of the request has more than 65,536 bytes.",
    )


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async def talk(streams: Streams) -> bytes:
        reader, writer = streams
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(1)
        with suppress(ConnectionError):
            while part := await reader.read(1 << 20):
                received.append(len(part))
        return b""

    received: list[int] = []
    answered(Hasty, talk)
    assert 0 < sum(received) < LARGE


def test_an_answer_that_is_read_slowly_arrives_whole() -> None:
    async def talk(streams: Streams) -> bytes:
        reader, writer = streams
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(15):
            await asyncio.sleep(0.05)
            await reader.readexactly(LARGE // 15)
        return b"whole"

    assert answered(Hasty, talk) == b"whole"
