"""The cost of importing galsearch: heavy libraries are loaded on first use, not before."""

import subprocess
import sys

import pytest

HEAVY = ["torch", "faiss", "bagpipes", "galsim", "astropy", "polars", "matplotlib", "fastapi"]


def loaded_after(code: str) -> set[str]:
    """The heavy packages in a fresh interpreter after running `code`."""
    script = f"{code}\nimport sys\nprint('LOADED', *[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import galsearch",
        "import galsearch.cli",
        "from typer.testing import CliRunner\n"
        "from galsearch.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0",
    ],
)
def test_importing_galsearch_and_showing_help_load_no_engine(code: str) -> None:
    assert loaded_after(code) == set()


def test_opening_an_index_never_loads_torch() -> None:
    assert loaded_after("import galsearch\ngalsearch.open_index") <= {"faiss"}


def test_loading_an_encoder_never_loads_the_compiler_of_torch() -> None:
    code = "import sys, galsearch\ngalsearch.encoders.load()\n"
    assert "torch" in loaded_after(f"{code}assert 'torch._dynamo' not in sys.modules")


def test_the_measurement_sees_an_engine() -> None:
    assert loaded_after("import faiss") == {"faiss"}
