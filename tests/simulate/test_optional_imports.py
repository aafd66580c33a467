"""Imports of optional packages."""

import subprocess
import sys

import pytest

from galsearch.core.errors import MissingExtraError
from galsearch.simulate.optional_imports import import_optional


def test_a_missing_package_and_its_extra_are_named() -> None:
    with pytest.raises(MissingExtraError) as caught:
        import_optional("a_package_that_is_not")
    assert str(caught.value) == (
        "simulating galaxies needs a_package_that_is_not, which is part of the extra 'sim' of "
        "galsearch and is not installed (No module named 'a_package_that_is_not')."
    )


def test_importing_the_package_loads_no_simulator_and_prints_nothing() -> None:
    code = (
        "import sys, galsearch.simulate; "
        "sys.exit(any(m in sys.modules for m in ('bagpipes', 'galsim', 'speclite', 'torch')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
