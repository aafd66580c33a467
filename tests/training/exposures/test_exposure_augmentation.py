"""Changes of stored images: none leaves them as they are, each does what its name says."""

import numpy as np
import torch

from galsearch.encoders.encoder_config import ImageConfig
from galsearch.encoders.preprocess.fill_masked import fill_masked
from galsearch.encoders.preprocess.prepare import SOFTENING_NANOMAGGIES
from tests.training.exposures.random_exposures import random_records
from training.exposures.exposure_augmentation import (
    ExposureAugmentation,
    changed_images,
    stored_images,
)

SIZES = ImageConfig(image_size=96, mask_channels=True)
NONE = {
    "shift_pixels": 0, "noise": 0.0, "reddening": 0.0, "gain": 0.0, "band_gain": 0.0,
    "lost_band_share": 0.0,
}  # fmt: skip
RECORDS = random_records(8, seed=4)
CODES, BITS = RECORDS["image"][:, 0], RECORDS["mask"][:, 0]
SOFTENING = torch.tensor(SOFTENING_NANOMAGGIES)[:, None, None]


def changed(**strengths: float) -> torch.Tensor:
    change = ExposureAugmentation(**{**NONE, **strengths})  # type: ignore[arg-type]
    return changed_images(CODES, BITS, SIZES, change, torch.Generator().manual_seed(5))


def flux(images: torch.Tensor) -> torch.Tensor:
    return torch.sinh(3 * images[:, :3]) * SOFTENING


def test_without_strengths_images_are_rotated_alone() -> None:
    plain = stored_images(CODES, BITS, SIZES)
    rotated = changed()
    for before, after in zip(plain, rotated, strict=True):
        turned = [
            torch.rot90(flip, k, (-2, -1)) for flip in (before, before.flip(-1)) for k in range(4)
        ]
        assert min(float((after - each).abs().max()) for each in turned) < 1e-4


def test_gain_multiplies_all_bands_and_dust_reddens() -> None:
    base = flux(changed())[..., 40:56, 40:56].sum(dim=(2, 3))
    brighter = flux(changed(gain=0.3))[..., 40:56, 40:56].sum(dim=(2, 3)) / base
    torch.testing.assert_close(brighter[:, 0], brighter[:, 2], rtol=1e-3, atol=1e-3)
    assert brighter.log().abs().max() > 0.1
    dusty = flux(changed(reddening=0.1))[..., 40:56, 40:56].sum(dim=(2, 3)) / base
    magnitudes = -2.5 * torch.log10(dusty)
    torch.testing.assert_close(
        magnitudes[:, 0] / magnitudes[:, 2], torch.full((8,), 3.214 / 1.211), rtol=0.02, atol=0
    )


def test_a_share_of_the_images_keeps_its_flux() -> None:
    base = flux(changed())[..., 40:56, 40:56].sum(dim=(2, 3))
    some = flux(changed(gain=0.3, gain_share=0.5))[..., 40:56, 40:56].sum(dim=(2, 3)) / base
    kept = (some - 1).abs().amax(dim=1) < 1e-4
    assert 1 <= int(kept.sum()) <= 7
    none = flux(changed(gain=0.3, gain_share=0.0))[..., 40:56, 40:56].sum(dim=(2, 3))
    torch.testing.assert_close(none, base)


def test_a_lost_band_is_masked_and_filled_as_by_the_preparation() -> None:
    whole, lost = changed(), changed(lost_band_share=1.0)
    masked = lost[:, 3:].flatten(2).all(dim=2)
    assert masked.sum(dim=1).tolist() == [1] * 8
    masks = lost[:, 3:].numpy() > 0
    filled = fill_masked(flux(whole).numpy(), masks)
    row = int(masked[:, 1].long().argmax())
    np.testing.assert_allclose(flux(lost)[row].numpy(), filled[row], rtol=1e-3, atol=1e-4)


def test_shifts_move_the_image_and_its_mask_together() -> None:
    moved = changed(shift_pixels=6)
    light = flux(moved)[:, 1].clamp(min=0.05) - 0.05
    x = torch.arange(96.0)
    centre = (light.sum(dim=1) * x).sum(dim=1) / light.sum(dim=(1, 2))
    assert (centre - 47.5).abs().max() > 2
    assert (centre - 47.5).abs().max() < 7
    assert moved[:, 3:].mean() > 0.0001
