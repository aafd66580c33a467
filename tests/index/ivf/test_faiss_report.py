"""The report on FAISS states its version, threads and GPUs."""

import pytest

from galsearch.index.ivf import faiss_report
from galsearch.index.ivf.faiss_api import faiss


def test_the_report_states_version_threads_and_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_report, "n_gpus", lambda: 3)
    n_threads = faiss.omp_get_max_threads()
    version, threads, gpus = faiss_report.engine_report().splitlines()
    assert version.startswith(f"faiss {faiss.__version__} (")
    assert version.endswith(")")
    assert threads == f"faiss threads: {n_threads}"
    assert gpus == "faiss GPUs: 3"
