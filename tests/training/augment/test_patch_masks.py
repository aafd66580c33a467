"""Shares and shapes of random patch masks."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from training.augment.patch_masks import draw_patch_masks


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(
    st.integers(1, 12), st.integers(3, 12), st.floats(0, 1), st.floats(0.1, 0.3), st.integers(0, 99)
)
def test_masks_hide_no_more_than_the_largest_share(
    n: int, side: int, probability: float, low: float, seed: int
) -> None:
    high = low + 0.2
    masks = draw_patch_masks(
        n, side, probability=probability, ratio=(low, high), generator=seeded(seed)
    )
    assert masks.shape == (n, side * side)
    assert masks.sum(1).max() <= round(high * side * side)
    assert (masks.any(1)).sum() <= round(n * probability)


def test_masks_reach_their_shares_in_rectangles() -> None:
    masks = draw_patch_masks(400, 12, probability=0.5, ratio=(0.1, 0.5), generator=seeded())
    shares = masks.float().mean(1)[masks.any(1)].sort().values
    assert len(shares) == 200
    wanted = torch.linspace(0.1, 0.5, 200)
    assert float((shares - wanted).abs().mean()) < 0.02
    grid = masks[masks.any(1)].view(-1, 12, 12)
    beside = (grid[:, 1:] & grid[:, :-1]).sum() / grid[:, 1:].sum()
    assert beside > 0.6  # 0.3 if patches were hidden one by one
