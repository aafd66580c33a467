"""Recorded outputs of the published AstroCLIP code, in `../shared/parity` where it exists."""

from pathlib import Path
from typing import Any

import torch

PARITY = Path(__file__).parents[3] / "shared" / "parity"


def assert_agrees(found: Any, expected: Any, tolerance: float = 2e-5) -> None:
    """Assert equal shapes, and values equal within an absolute tolerance."""
    found, expected = torch.as_tensor(found), torch.as_tensor(expected)
    assert found.shape == expected.shape
    assert float((found.double() - expected.double()).abs().max()) <= tolerance
