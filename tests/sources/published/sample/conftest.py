"""A server on this machine that stands in for those of DESI and the Legacy Surveys."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest


@dataclass
class SurveyServer:
    """Files by path, and what happens before each is sent."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    troubles: dict[str, list[int]] = field(default_factory=dict)
    """HTTP statuses of the first answers for a path; 0 for an answer that breaks off."""
    requests: list[str] = field(default_factory=list)

    def count(self, path: str) -> int:
        """Number of requests for a path."""
        return Counter(urlsplit(request).path for request in self.requests)[path]


@pytest.fixture
def survey_server() -> Iterator[SurveyServer]:
    served = SurveyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(head=True)

        def do_GET(self) -> None:
            self._answer(head=False)

        def _answer(self, *, head: bool) -> None:
            served.requests.append(self.path)
            path = urlsplit(self.path).path
            content = served.files.get(path)
            trouble = served.troubles.get(path)
            status = trouble.pop(0) if trouble else (404 if content is None else 200)
            body = content or b""
            self.send_response(status or 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not head:
                self.wfile.write(body if status == 200 else body[: len(body) // 2])

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
