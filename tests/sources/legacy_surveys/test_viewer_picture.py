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


def sky(size: int = 100, noise: float = 0.01) -> np.ndarray:
    return np.random.default_rng(3).normal(0, noise, (3, size, size))


def gaussian(size: int = 100) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size / 2
    return np.asarray(0.3 * np.exp(-(x**2 + y**2) / (2 * 8**2)))


def drawing(size: int, *, ink: int, paper: int, share: float) -> np.ndarray:
    """(size, size, 3) an area of one colour of paper, and random colours on the rest of it."""
    colours = np.full((size * size, 3), paper, np.uint8)
    n_random = round((1 - share) * size * size)
    places = np.random.default_rng(4).permutation(size * size)[:n_random]
    colours[places] = np.random.default_rng(5).integers(0, ink, (n_random, 3))
    return colours.reshape(size, size, 3)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_few_colours_with_a_bright_edge_are_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(drawing(50, ink=255, paper=255, share=share)).save(path)
    with pytest.raises(SourceError) as caught:
        read_viewer_picture(path)
    assert str(caught.value) == (
        f"{path}: its edge is bright and {100 * share:.0f} per cent of its 50 x 50 pixels have one "
        "of 8 colours, as in a plot or a page; expected a picture of a galaxy, with dark sky at "
        "its edge."
    )


@pytest.mark.parametrize("change", ["compressed", "clipped"])
def test_few_colours_with_a_dark_edge_are_read_and_say_so(tmp_path: Path, change: str) -> None:
    path = write_picture(tmp_path / "a.png", sky() + gaussian())
    colours = np.asarray(Image.open(path))
    assert not read_viewer_picture(path).has_few_colours
    if change == "compressed":
        path = tmp_path / "a.jpg"
        Image.fromarray(colours).save(path, quality=5)
    else:
        black = colours.max(axis=2)[:10].max()  # above the sky
        Image.fromarray(np.clip(colours.astype(int) - black, 0, 255).astype(np.uint8)).save(path)
    picture = read_viewer_picture(path)
    assert (picture.has_dark_edge, picture.has_few_colours) == (True, True)


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_plot_is_refused(tmp_path: Path, kind: str) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    path = tmp_path / f"plot.{kind}"
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.plot(np.random.default_rng(1).normal(size=500).cumsum())
    figure.savefig(path)
    plt.close(figure)
    with pytest.raises(SourceError, match="as in a plot or a page"):
        read_viewer_picture(path)


def test_a_picture_of_one_colour_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (60, 40), (32, 32, 32)).save(path)
    with pytest.raises(SourceError) as caught:
        read_viewer_picture(path)
    assert str(caught.value) == (
        f"{path}: a picture of 60 x 40 pixels of one colour; expected that of a galaxy."
    )


def test_an_image_that_is_half_blank_is_read_and_says_so(tmp_path: Path) -> None:
    whole = read_viewer_picture(write_picture(tmp_path / "a.png", sky()))
    assert (whole.has_dark_edge, whole.has_few_colours) == (True, False)
    flux = sky()
    flux[:, :, :50] = 0
    half = read_viewer_picture(write_picture(tmp_path / "a.png", flux))
    assert (half.has_dark_edge, half.has_few_colours) == (True, True)
    assert half.commonest == pytest.approx(0.5, abs=0.02)
    photograph = read_viewer_picture(write_picture(tmp_path / "a.png", 1 + 10 * sky()))
    assert (photograph.has_dark_edge, photograph.has_few_colours) == (False, False)


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
