"""The texts for nginx and systemd in the guide, executed as they stand but for names and ports."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.http.service_process import free_port, running

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "serve.md"


def block(start: str) -> str:
    """The block of the guide that begins with a text."""
    (found,) = [
        text
        for text in re.findall(r"```text\n(.*?)```", GUIDE.read_text(), re.S)
        if text.startswith(start)
    ]
    return str(found)


def test_the_unit_of_the_guide_is_one_for_systemd(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    program = Path(sys.executable).with_name("galsearch")
    text = block("[Unit]")
    assert "/opt/galsearch/bin/galsearch serve" in text
    unit = tmp_path / "galsearch.service"
    unit.write_text(text.replace("/opt/galsearch/bin/galsearch", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    complaints = [line for line in done.stderr.splitlines() if "galsearch.service" in line]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.timeout(300)
def test_a_build_is_exchanged_behind_nginx_without_a_lost_request(
    toy_index: Path, some_id: str, tmp_path: Path
) -> None:
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        pytest.skip(
            "nginx or openssl is not installed (Debian's nginx-light has all that it takes)"
        )
    index, log = tmp_path / "toy", tmp_path / "log.jsonl"
    shutil.copytree(toy_index, index)
    with (
        running("--index", index, "--workers", "2", log=log) as (
            process,
            address,
        ),
        nginx(address.rpartition(":")[2], tmp_path) as fetch,
    ):
        query = f"/v1/query?target_id={some_id}&k=3"
        assert b'"neighbours"' in fetch(query, None)
        with pytest.raises(urllib.error.HTTPError) as caught:
            fetch("/v1/query", b" " * (64 << 20) + b"  ")
        assert caught.value.code == 413
        answers: list[str] = []
        end = threading.Event()
        clients = [
            threading.Thread(target=ask, args=(fetch, query, answers, end)) for _ in range(4)
        ]
        for client in clients:
            client.start()
        shutil.copytree(toy_index, tmp_path / "new")
        index.rename(tmp_path / "old")
        (tmp_path / "new").rename(index)
        before = children(process.pid)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: not before & children(process.pid))
        n = len(answers)
        wait_until(lambda: len(answers) > n + 8)
        end.set()
        for client in clients:
            client.join()
        assert set(answers) == {"answered"}


def ask(
    fetch: Callable[[str, bytes | None], bytes],
    query: str,
    answers: list[str],
    end: threading.Event,
) -> None:
    """Send one query after another, and note how each ended."""
    while not end.is_set():
        try:
            fetch(query, None)
            answers.append("answered")
        except OSError as error:
            answers.append(repr(error))


def children(pid: int) -> set[int]:
    """The processes of a service that serve."""
    found = set()
    for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes():
                found.add(int(one))
    return found


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 200
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def nginx(service_port: str, folder: Path) -> Iterator[Callable[[str, bytes | None], bytes]]:
    """Debian's nginx with the text of the guide, as a function that sends it a request."""
    port = free_port()
    key, certificate = folder / "galaxies.key", folder / "galaxies.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    text = block("upstream galsearch")
    for old, new in {
        "127.0.0.1:8000": f"127.0.0.1:{service_port}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/galaxies.pem": str(certificate),
        "/etc/ssl/galaxies.key": str(key),
    }.items():
        assert old in text
        text = text.replace(old, new)
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = folder / "nginx.conf"
    user = "user root;\n" if Path("/proc/self").stat().st_uid == 0 else ""
    settings.write_text(
        f"daemon off;\n{user}pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{places}{text}}}\n"
    )
    process = subprocess.Popen(["nginx", "-p", folder, "-c", settings, "-e", folder / "error.log"])
    context = ssl.create_default_context(cafile=str(certificate))

    def fetch(path: str, body: bytes | None) -> bytes:
        url = f"https://127.0.0.1:{port}{path}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:  # noqa: S310
            return bytes(answer.read())

    def listens() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(listens)
        yield fetch
    finally:
        process.terminate()
        process.wait()
