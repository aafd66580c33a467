"""Images and spectra in parts have what the interface names."""

import pytest

from galsearch.analysis.explanation.image_patches import ImagePatches
from galsearch.analysis.explanation.removable_parts import RemovableParts
from galsearch.analysis.explanation.spectrum_parts import SpectrumParts


@pytest.mark.parametrize("kind", [ImagePatches, SpectrumParts])
def test_parts_have_what_the_interface_names(kind: type) -> None:
    wanted = {name for name in vars(RemovableParts) if not name.startswith("_")}
    assert {"modality", "removed_share", "embed", "columns"} <= wanted
    assert {name for name in wanted if hasattr(kind, name)} == wanted
