"""Conversions of checkpoints that must be refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import CheckpointError, ConfigError
from galsearch.encoders import convert_checkpoint


@pytest.fixture(scope="module")
def sections(facts: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Arguments of the tiny checkpoints."""
    return facts("tiny_config")


@pytest.fixture
def refused(tmp_path: Path, sections: dict[str, Any]) -> Callable[[Path], str]:
    """Runs a conversion that must fail and write nothing; returns the message."""

    def run(path: Path, config: Any = sections) -> str:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises((CheckpointError, ConfigError)) as caught:
            convert_checkpoint(path, tmp_path / "out.safetensors", config)
        assert sorted(tmp_path.rglob("*")) == before
        return str(caught.value)

    return run
