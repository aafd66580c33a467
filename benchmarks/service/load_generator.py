"""Many clients that send one request after another over connections that stay open."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Load:
    """Times and numbers of answers that the clients measured."""

    milliseconds: tuple[float, ...]
    """Duration of each answered request."""
    n_errors: int
    """Requests that were answered with another status than 200, or not at all."""
    seconds: float

    def summary(self) -> dict[str, Any]:
        """Requests per second, and quantiles of their durations in milliseconds."""
        quantiles = dict.fromkeys(("p50_ms", "p99_ms", "longest_ms"), float("nan"))
        if self.milliseconds:
            found = np.percentile(self.milliseconds, [50, 99, 100])
            quantiles = dict(zip(quantiles, found.round(3).tolist(), strict=True))
        n = len(self.milliseconds)
        return {
            "requests": n,
            "errors": self.n_errors,
            "per_second": round(n / self.seconds, 1),
            **quantiles,
        }


def send_load(
    host: str, port: int, requests: Sequence[bytes], *, clients: int, seconds: float, seed: int = 1
) -> Load:
    """Send requests for some time, each client the next one as soon as it has an answer.

    Parameters
    ----------
    host, port
        The service.
    requests
        Requests as they are sent, of which each client takes one at random after the other.
    clients
        Number of clients, each with a connection.
    seconds
        Duration.
    seed
        Seed of the choice.
    """
    return asyncio.run(_send(host, port, requests, clients, seconds, seed))


def get_requests(host: str, paths: Sequence[str]) -> list[bytes]:
    """Requests of paths with their fields."""
    return [f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() for path in paths]


def upload_request(host: str, path: str, content: bytes) -> bytes:
    """A request that uploads one file as a form."""
    boundary = "galsearch-benchmark"
    field = 'Content-Disposition: form-data; name="file"; filename="a"'
    body = f"--{boundary}\r\n{field}\r\n\r\n".encode() + content
    body += f"\r\n--{boundary}--\r\n".encode()
    kind = f"Content-Type: multipart/form-data; boundary={boundary}"
    lines = (f"POST {path} HTTP/1.1", f"Host: {host}", kind, f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _send(
    host: str, port: int, requests: Sequence[bytes], clients: int, seconds: float, seed: int
) -> Load:
    durations: list[float] = []
    start = time.perf_counter()
    end = start + seconds
    choices = [random.Random(seed + number) for number in range(clients)]  # noqa: S311 (no secret)
    errors = await asyncio.gather(
        *(_client(host, port, requests, end, durations, choice) for choice in choices)
    )
    return Load(tuple(durations), sum(errors), time.perf_counter() - start)


async def _client(
    host: str,
    port: int,
    requests: Sequence[bytes],
    end: float,
    durations: list[float],
    choice: random.Random,
) -> int:
    """Number of errors of one client; a connection that fails is opened again."""
    n_errors = 0
    reader, writer = await asyncio.open_connection(host, port)
    while (start := time.perf_counter()) < end:
        try:
            writer.write(choice.choice(requests))
            status = await _read_answer(reader)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            n_errors += 1
            writer.close()
            reader, writer = await asyncio.open_connection(host, port)
            continue
        if status == 200:
            durations.append(1000 * (time.perf_counter() - start))
        else:
            n_errors += 1
    writer.close()
    return n_errors


async def _read_answer(reader: asyncio.StreamReader) -> int:
    """The status of an answer, whose body is read and dropped."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return status
