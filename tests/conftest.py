"""What every test may use: the real survey bytes beside the checkout, where they exist."""

from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is no reason to fail: time is for benchmarks.
settings.register_profile("galsearch", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("galsearch")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real survey bytes; they are never copied into the project."""
    if not (SHARED / "real").is_dir():
        pytest.skip("no real survey data beside this checkout (../shared/real)")
    return SHARED / "real"
