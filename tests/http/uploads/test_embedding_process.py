"""The process of uploads: started when it is needed, ended in time, replaced where it dies."""

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import SourceError
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.uploads import embedding_process
from galsearch.http.uploads.embedding_process import EmbeddingProcess
from galsearch.http.uploads.uploaded_file import UploadedFile


def answer_words(connection: Connection, folder: str, *_: Any) -> None:
    """Stands for the process that embeds: does what the content of a file says."""
    while True:
        try:
            file = connection.recv()
        except EOFError:
            return
        if file.content == b"die":
            os._exit(3)
        if file.content == b"sleep":
            time.sleep(60)
        fails = file.content == b"fail"
        connection.send(SourceError("damaged.") if fails else f"{os.getpid()} {folder}")


def test_one_process_answers_file_after_file_and_is_replaced_where_it_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedding_process, "answer_uploads", answer_words)
    process = EmbeddingProcess(None, seconds=60.0, memory_bytes=1 << 33)
    try:
        assert process.pid is None
        pid, folder = process.embed(UploadedFile(b"a")).split()  # type: ignore[attr-defined]
        assert process.embed(UploadedFile(b"b")) == f"{pid} {folder}"
        with pytest.raises(SourceError, match="damaged"):
            process.embed(UploadedFile(b"fail"))
        with pytest.raises(Refusal) as caught:
            process.embed(UploadedFile(b"die"))
        assert caught.value.message == "the uploaded file ended the process that was reading it."
        assert process.pid is None
        assert not Path(folder).exists()
        assert str(process.embed(UploadedFile(b"a"))).split()[0] != pid
        process._seconds = 0.2
        with pytest.raises(Refusal) as caught:
            process.embed(UploadedFile(b"sleep"))
        assert caught.value.status_code == 400
        assert caught.value.message == "the uploaded file was not read and embedded in 0.2 s."
        assert process.pid is None
    finally:
        process.stop()
