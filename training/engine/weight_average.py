"""Moving average of the weights of a model, which is validated and saved instead of the model."""

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def average_of(model: nn.Module, decay: float) -> AveragedModel:
    """A copy of a model that holds the moving average of its weights; `update_parameters(model)`
    adds the present weights.

    Early averages are shorter: after n steps the decay is (1 + n) / (10 + n) at most, so that the
    random initial weights are forgotten.

    Parameters
    ----------
    model
        Model whose parameters and buffers are averaged.
    decay
        Weight of the earlier average in each step; 0 for no averaging.
    """

    def add(average: Tensor, now: Tensor, n_averaged: Tensor | int) -> Tensor:
        n = float(n_averaged)
        return average.lerp(now.to(average), 1 - min(decay, (1 + n) / (10 + n)))

    return AveragedModel(model, avg_fn=add, use_buffers=True)
