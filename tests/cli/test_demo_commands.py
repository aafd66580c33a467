"""The command doctor; `tests/test_demo.py` covers the command demo."""

from typer.testing import CliRunner

from galsearch.cli import app


def test_doctor_names_versions_engines_and_threads() -> None:
    text = CliRunner().invoke(app, ["doctor"], catch_exceptions=False).stdout
    for word in ("galsearch 0.", "Python 3.", "threads: ", "torch ", "faiss", "GPU"):
        assert word in text
