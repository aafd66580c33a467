"""Random masks of image patches that are hidden from the student network (iBOT), in rectangles."""

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
    """(n_images, side * side) bool masks, True for hidden patches (as in DINOv2).

    Parameters
    ----------
    n_images
        Number of images.
    side
        Number of patches along one side of an image.
    probability
        Share of the images that have hidden patches.
    ratio
        Smallest and largest share of hidden patches. The shares of the masked images are spread
        evenly between them, in random order.
    generator
        Source of the random numbers.
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
    """Set up to `wanted` more patches of the bool mask (side, side) to True, in random rectangles
    of at least `smallest` patches.

    The ratio of the sides of a rectangle is between 3 : 10 and 10 : 3.
    """
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
