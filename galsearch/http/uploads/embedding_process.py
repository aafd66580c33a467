"""The service's end of the process that reads and embeds uploaded files."""

import multiprocessing
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from galsearch.core.errors import GalsearchError
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.uploads.embedding_worker import answer_uploads
from galsearch.http.uploads.uploaded_file import EmbeddedFile, UploadedFile

_LOADING_SECONDS = 120.0
"""Further seconds of the first file, for which the encoder is loaded."""


class EmbeddingProcess:
    """A process that embeds one file at a time: started by the first one, and again where it died.

    Parameters
    ----------
    encoder
        Name or file of the encoder; None for the one that comes with galsearch.
    seconds
        Time of one file, after which the process is ended.
    memory_bytes
        Largest memory of the process.
    """

    def __init__(self, encoder: str | None, *, seconds: float, memory_bytes: int) -> None:
        self._encoder, self._seconds, self._memory_bytes = encoder, seconds, memory_bytes
        self._lock = threading.Lock()
        self._process: Any = None
        self._connection: Connection | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def embed(self, file: UploadedFile) -> EmbeddedFile:
        """The image or the spectrum of a file with its vector.

        Raises
        ------
        SourceError, QueryError, InvalidCutoutError, InvalidSpectrumError
            Where the file cannot be read or embedded.
        Refusal
            Where it takes too long, or ends the process.
        """
        with self._lock:
            seconds = self._seconds
            if self._process is None or not self._process.is_alive():
                self._start()
                seconds += _LOADING_SECONDS
            answer = self._exchange(file, seconds)
        if isinstance(answer, GalsearchError):
            raise answer
        return answer

    def stop(self) -> None:
        """End the process and remove its directory."""
        process, folder = self._process, self._folder
        if self._connection is not None:
            self._connection.close()
        if process is not None:
            process.kill()
            process.join()
            process.close()
        if folder is not None:
            folder.cleanup()
        self._process = self._connection = self._folder = None

    def _start(self) -> None:
        self.stop()
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._folder = tempfile.TemporaryDirectory(prefix="galsearch-upload-")
        self._process = context.Process(
            target=answer_uploads,
            args=(other, self._folder.name, self._encoder, self._memory_bytes),
            name="galsearch-uploads",
            daemon=True,
        )
        self._process.start()
        other.close()

    def _exchange(self, file: UploadedFile, seconds: float) -> EmbeddedFile | GalsearchError:
        connection = self._connection
        assert connection is not None  # noqa: S101 (the process was started)
        answer: EmbeddedFile | GalsearchError
        with suppress(EOFError, OSError):
            connection.send(file)
            if connection.poll(seconds):
                answer = connection.recv()
                return answer
            self.stop()
            raise Refusal(
                400,
                "upload-too-long",
                f"the uploaded file was not read and embedded in {seconds:g} s.",
                "Upload a smaller file, such as a cutout of one galaxy.",
            )
        self.stop()
        raise Refusal(
            400,
            "upload-failed",
            "the uploaded file ended the process that was reading it.",
            "Upload a smaller file, such as a cutout of one galaxy, or the same one again.",
        )
