"""Augmentation of images: rotations, crops, blur, noise and dust."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ConfigError
from tests.reference.psf_blur import blur
from training.augment.image_augmentation import (
    EXTINCTION_PER_REDDENING,
    MEDIAN_PSF_SIGMA_PIXELS,
    SkyAugmentation,
    blur_batch,
    degrade_images,
    noise_sigma,
    random_crops,
    rotate_and_mirror,
    rotate_by_any_angle,
)
from training.augment.psf_and_noise import NOISE_SIGMA_NANOMAGGIES, PSF_SIGMA_PIXELS


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def galaxy(n: int, size: int = 48, *, noise: float = 0.0) -> torch.Tensor:
    """An inclined disk off its centre: no symmetry maps it to itself."""
    y, x = torch.meshgrid(*[torch.arange(size) - size / 2] * 2, indexing="ij")
    light = torch.exp(-((x - 3) ** 2 / 60 + (y + 2) ** 2 / 12 + x * y / 50))
    bands = torch.tensor([1.0, 1.8, 2.5])[:, None, None]
    images = (bands * light).expand(n, 3, size, size)
    return images + noise * torch.randn(images.shape, generator=seeded(9))


@given(st.integers(0, 2**31))
def test_batches_are_blurred_as_single_images_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(3, 3, 17, 20)).astype(np.float32)
    sigma = rng.uniform(0.3, 4, (3, 3)) * (rng.random((3, 3)) < 0.7)
    found = blur_batch(torch.from_numpy(images), torch.from_numpy(sigma)).numpy()
    for row in range(3):
        np.testing.assert_allclose(found[row], blur(images[row], sigma[row]), atol=2e-5)


def test_rotations_by_90_degrees_and_mirrors_give_eight_orientations() -> None:
    image = galaxy(1)[0]
    eight = {
        (quarter, mirrored): torch.rot90(image, quarter, (-2, -1)).flip(-1) if mirrored
        else torch.rot90(image, quarter, (-2, -1))
        for quarter in range(4) for mirrored in (False, True)
    }  # fmt: skip
    found = rotate_and_mirror(galaxy(400), seeded())
    counts = [sum(torch.equal(one, known) for one in found) for known in eight.values()]
    assert sum(counts) == 400
    assert min(counts) > 25


def test_any_angle_keeps_the_galaxy_and_its_light() -> None:
    size = 64
    y, x = torch.meshgrid(*[torch.arange(size) - (size - 1) / 2] * 2, indexing="ij")
    round_galaxy = torch.exp(-(x**2 + y**2) / 40).expand(6, 3, size, size)
    rotated = rotate_by_any_angle(round_galaxy, seeded())
    torch.testing.assert_close(rotated, round_galaxy, atol=0.01, rtol=0)
    disks = rotate_by_any_angle(galaxy(50, size), seeded())
    light = disks.sum((-2, -1)) / galaxy(50, size).sum((-2, -1))
    torch.testing.assert_close(light, torch.ones_like(light), atol=0.02, rtol=0)
    assert float((disks[0] - disks[1]).abs().max()) > 0.1


@given(st.integers(0, 12), st.integers(0, 99))
def test_crops_stay_within_reach_of_the_centre(reach: int, seed: int) -> None:
    images = torch.zeros(5, 3, 32, 32)
    images[:, :, 16, 16] = 1
    crops = random_crops(images, 16, seeded(seed), reach)
    assert crops.shape == (5, 3, 16, 16)
    places = torch.nonzero(crops[:, 0])[:, 1:] - 8
    assert len(places) >= 5 - (5 if reach > 7 else 0)
    assert int(places.abs().max() if len(places) else 0) <= min(reach, 8)


def test_the_noise_of_an_image_is_found_under_its_galaxy() -> None:
    images = galaxy(40, noise=0.02)
    np.testing.assert_allclose(noise_sigma(images).mean(0), 0.02, rtol=0.1)
    images[:, :, :, 30:] = 0
    np.testing.assert_allclose(noise_sigma(images).mean(0), 0.02, rtol=0.1)
    assert noise_sigma(torch.zeros(2, 3, 8, 8)).tolist() == [[0, 0, 0], [0, 0, 0]]


def skies(images: torch.Tensor, sky: SkyAugmentation, **options) -> torch.Tensor:
    return degrade_images(images, sky, np.random.default_rng(3), seeded(), **options)


def test_with_no_chance_nothing_happens() -> None:
    images = galaxy(4, noise=0.01)
    assert torch.equal(skies(images, SkyAugmentation(dust=0.0), chance=0.0), images)


def test_an_image_under_worse_skies_than_the_surveys_stays() -> None:
    images = galaxy(4, noise=50.0)
    found = skies(
        images, SkyAugmentation(dust=0.0), chance=1.0, own_psf_sigma=np.full((4, 3), 99.0)
    )
    assert torch.equal(found, images)


def test_views_reach_the_noise_of_the_survey() -> None:
    images = galaxy(300, noise=1e-4)
    found = skies(
        images, SkyAugmentation(dust=0.0), chance=1.0, own_psf_sigma=np.full((300, 3), 99.0)
    )
    sampled = NOISE_SIGMA_NANOMAGGIES.draw(4000, np.random.default_rng(5))
    np.testing.assert_allclose(
        np.median(noise_sigma(found).numpy(), axis=0), np.median(sampled, axis=0), rtol=0.1
    )


def test_a_point_reaches_a_width_of_the_survey() -> None:
    """A point as wide as the median of the survey keeps its width or becomes wider."""
    size, own = 41, np.broadcast_to(MEDIAN_PSF_SIGMA_PIXELS, (200, 3))
    y, x = np.mgrid[:size, :size] - size // 2
    points = np.exp(-(x**2 + y**2) / (2 * own[:, :, None, None] ** 2))
    points *= 1000 / points.sum((2, 3), keepdims=True)
    found = skies(
        torch.from_numpy(points).float(), SkyAugmentation(view_chances=(1.0, 1.0, 1.0), dust=0.0),
        chance=1.0, own_psf_sigma=own,
    ).numpy()  # fmt: skip
    sigma = np.sqrt(1000 / (2 * np.pi * found.max((2, 3))))
    wanted = np.maximum(PSF_SIGMA_PIXELS.draw(200, np.random.default_rng(3)), own)
    share = np.mean(np.abs(sigma / wanted - 1) < 0.15)
    assert share > 0.9


def test_dust_dims_the_blue_most_and_replaces_the_galaxys_own() -> None:
    images = galaxy(500)
    still = SkyAugmentation(dust=1.0, reddening=0.05)
    own = np.full(500, 0.2)
    found = skies(images, still, chance=0.0, own_reddening=own)
    ratio = (found.sum((-2, -1)) / images.sum((-2, -1))).double().numpy()
    magnitudes = -2.5 * np.log10(ratio)
    reddening = magnitudes / EXTINCTION_PER_REDDENING
    np.testing.assert_allclose(reddening, reddening[:, :1] * np.ones(3), atol=1e-3)
    np.testing.assert_allclose(reddening.mean() + 0.2, 0.05, atol=0.01)
    assert reddening.min() >= -0.2001


def test_three_chances_are_three() -> None:
    with pytest.raises(ConfigError) as caught:
        SkyAugmentation(view_chances=(1.0, 0.5))
    assert str(caught.value) == (
        "view_chances are 3 numbers (first and second global view, local views), found 2."
    )
    sky = SkyAugmentation()
    assert [sky.chance_of_view(n) for n in range(5)] == [1.0, 0.1, 0.5, 0.5, 0.5]
