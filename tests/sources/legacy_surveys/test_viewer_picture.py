"""Pictures of the viewer become flux; pictures of something else are refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from galsearch.core.errors import SourceError
from galsearch.core.rgb import legacy_rgb
from galsearch.sources.legacy_surveys.viewer_picture import is_picture, read_viewer_picture
from tests.damaged_files import assert_only_galsearch_errors


def write_picture(path: Path, flux: np.ndarray) -> Path:
    colours = (legacy_rgb(flux) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)[::-1]
    Image.fromarray(np.ascontiguousarray(colours)).save(path)
    return path


def test_flux_comes_back_in_its_place_to_the_precision_of_eight_bits(tmp_path: Path) -> None:
    flux = np.random.default_rng(1).uniform(0, 0.06, (3, 6, 4))
    picture = read_viewer_picture(write_picture(tmp_path / "a.png", flux))
    np.testing.assert_allclose(picture.flux, flux, rtol=0.05, atol=0.004)
    assert picture.clipped == 0
    fine = read_viewer_picture(tmp_path / "a.png", pixel_scale_arcsec=0.131)
    np.testing.assert_allclose(fine.flux, picture.flux / 4, rtol=1e-6)


def test_colours_at_their_largest_value_are_counted(tmp_path: Path) -> None:
    flux = np.zeros((3, 4, 4))
    flux[2, 0, 0] = 50
    picture = read_viewer_picture(write_picture(tmp_path / "a.png", flux))
    assert picture.clipped == 1 / 16
    assert 0.1 < picture.flux[2, 0, 0] < 50


def test_another_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (4, 4)).save(path)
    assert is_picture(path)
    with pytest.raises(SourceError) as caught:
        read_viewer_picture(path)
    assert str(caught.value) == (
        f"{path}: a picture of mode L; expected colours (RGB), from which the flux in g, r and z "
        "is computed."
    )
    path.write_text("no such layer")
    assert not is_picture(path)
    with pytest.raises(SourceError) as caught:
        read_viewer_picture(path)
    assert str(caught.value) == (
        f"{path}: not a JPEG or PNG picture: it is text that begins 'no such layer'."
    )


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_picture_is_an_error_with_its_name(tmp_path: Path) -> None:
    originals = []
    for name in ("a.png", "a.jpg"):
        write_picture(tmp_path / name, np.random.default_rng(1).uniform(0, 0.2, (3, 20, 20)))
        originals.append((tmp_path / name).read_bytes())

    def read(content: bytes) -> None:
        (tmp_path / "b").write_bytes(content)
        read_viewer_picture(tmp_path / "b")

    assert_only_galsearch_errors(read, originals, copies=100)
