"""Which patches of an image are hidden from the student (iBOT): rectangles, not single patches."""

import math

import torch
from torch import Tensor


def draw_patch_masks(
    n_images: int,
    side: int,
    *,
    probability: float,
    ratio: tuple[float, float],
    generator: torch.Generator,
) -> Tensor:
    """(n_images, side * side) bool: True is hidden.

    A share `probability` of the images is masked at all, and their shares of hidden patches are
    spread evenly between the two of `ratio`, in random order (as in DINOv2).

    Parameters
    ----------
    side
        Patches along one side of an image.
    """
    n_masked = round(n_images * probability)
    low, high = ratio
    shares = [low + (high - low) * (i + 0.5) / max(1, n_masked) for i in range(n_masked)]
    masks = torch.zeros(n_images, side, side, dtype=torch.bool)
    chosen = torch.randperm(n_images, generator=generator)[:n_masked].tolist()
    for image, share in zip(chosen, shares, strict=True):
        _hide_rectangles(masks[image], round(share * side * side), generator)
    return masks.flatten(1)


def _hide_rectangles(
    mask: Tensor, wanted: int, generator: torch.Generator, *, smallest: int = 4, tries: int = 40
) -> None:
    """Hide up to `wanted` patches in rectangles of at least `smallest`, sides 3 : 10 to 10 : 3."""
    side = len(mask)
    for _ in range(tries):
        missing = wanted - int(mask.sum())
        if missing < 1:
            return
        area, aspect, top, left = torch.rand(4, generator=generator).tolist()
        patches = min(smallest, wanted) + area * max(0, missing - smallest)
        slant = math.exp((2 * aspect - 1) * math.log(10 / 3))
        height = min(side, max(1, round(math.sqrt(patches * slant))))
        width = min(side, max(1, round(math.sqrt(patches / slant))))
        rows = slice(y := int(top * (side - height + 1)), y + height)
        columns = slice(x := int(left * (side - width + 1)), x + width)
        if height * width - int(mask[rows, columns].sum()) <= missing:
            mask[rows, columns] = True
