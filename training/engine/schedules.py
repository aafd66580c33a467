"""Schedules of learning rates, weight decays, temperatures and momenta during training.

The published runs correspond to `warm_up_cosine` with these peaks and numbers of warm-up steps (of
learning rates unless stated): AstroCLIP 1e-4, 1,000 of 10,000 steps; SpecFormer 1e-5, 2,000 of
500,000; AstroDINO 2e-4 sqrt(1440 / 1024), 40,000 of 250,000 to 1e-6 with `peak_ends_warm_up`, its
weight decay from 0.001 to 0.01, its momentum from 0.992 to 1 and its teacher's temperature from
0.04 to 0.07 within 37,500 iterations.
"""

import math


def warm_up_cosine(
    step: int,
    *,
    peak: float,
    n_steps: int,
    final: float = 0.0,
    n_warm_up: int = 0,
    start: float = 0.0,
    peak_ends_warm_up: bool = False,
) -> float:
    """The value of a schedule at a step: a line from `start` to `peak`, half a cosine to `final`,
    then constant.

    Parameters
    ----------
    step
        Number of the step, from 0.
    peak, final, start
        Values after the warm-up, at the end and at step 0. AstroCLIP's and SpecFormer's configs
        ask for a final rate of peak // 500 and peak // 100, which is 0.0 in Python: the published
        runs end at 0.
    n_steps, n_warm_up
        Steps of the whole schedule and of the warm-up.
    peak_ends_warm_up
        True where the last step of the warm-up has the peak value (DINOv2), false where the
        step after it has.

    Examples
    --------
    >>> [warm_up_cosine(step, peak=1.0, n_steps=8, n_warm_up=4) for step in (0, 2, 4, 6, 8)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if step < n_warm_up:
        length = max(1, n_warm_up - 1 if peak_ends_warm_up else n_warm_up)
        return start + (peak - start) * step / length
    if step >= n_steps:
        return final
    share = (step - n_warm_up) / (n_steps - n_warm_up)
    return final + 0.5 * (peak - final) * (1 + math.cos(math.pi * share))


def rate_multiplier(
    name: str, depth: int, *, decay: float = 0.9, patch_embedding: float = 0.2
) -> float:
    """Factor on the learning rate of a parameter of AstroDINO.

    The factor is 1 for the final norm and the head, and decreases by `decay` with each block from
    the last to the first. Tokens and positions count as lying before the first block, and so does
    the patch embedding, whose factor is multiplied by `patch_embedding` as well.

    Parameters
    ----------
    name
        Name of the parameter in the published code or here, such as
        `backbone.blocks.0.3.norm1.weight`.
    depth
        Number of blocks of the backbone.
    decay
        Factor from a block to the one before it.
    patch_embedding
        Additional factor of the patch embedding.

    Examples
    --------
    >>> round(rate_multiplier("blocks.3.23.mlp.fc1.bias", depth=24), 3)
    0.9
    """
    parts = name.split(".")
    if "blocks" in parts:
        return decay ** (depth - int(parts[parts.index("blocks") + 2]))
    if "patch_embed" in parts:
        return patch_embedding * decay ** (depth + 1)
    return decay ** (depth + 1) if parts[-1] in _TOKENS else 1.0


def decay_multiplier(name: str) -> float:
    """Factor on the weight decay of a parameter of AstroDINO: 0 for biases, norms and layer scales.

    Examples
    --------
    >>> decay_multiplier("blocks.0.3.norm1.weight"), decay_multiplier("pos_embed")
    (0.0, 1.0)
    """
    last = name.rpartition(".")[2]
    return 0.0 if last in {"bias", "gamma"} or "norm" in name else 1.0


_TOKENS = {"cls_token", "mask_token", "pos_embed"}
