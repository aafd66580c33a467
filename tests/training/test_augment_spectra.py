"""What may differ between two visits to a spectrum."""

import torch

from galsearch.encoders.config import SpectrumConfig
from tests.training.test_masked_spectra import prepared, seeded
from training.augment_spectra import augment_spectra, spectrum_pixels

OURS = SpectrumConfig()


def test_blanked_pixels_count_as_not_measured() -> None:
    spectra = prepared(20, OURS)
    changed = augment_spectra(spectra, OURS, 0.3, seeded())
    before, after = spectrum_pixels(spectra, OURS), spectrum_pixels(changed, OURS)
    blanked = (before[:, 1] > 0) & (after[:, 1] == 0)
    assert 0.2 < float(blanked.float().mean()) < 0.4
    assert not after[:, 0][blanked].any()
    assert torch.equal(after[:, :, :][~blanked[:, None].expand_as(after)],
                       before[~blanked[:, None].expand_as(before)])  # fmt: skip
    assert torch.equal(augment_spectra(spectra, OURS, 0.0, seeded()), spectra)
