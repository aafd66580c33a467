"""AstroCLIP's two claims: images as good as a supervised network, and better at properties."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.downstream.models.compared_encoders import ALIGNED
from benchmarks.downstream.models.predictors import FEW_SHOT, KNN, RESNET, SUPERVISED
from benchmarks.downstream.scoring.task_scores import MEAN, rounded


def headlines(
    r2_draws: Mapping[str, npt.NDArray[np.float64]], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """AstroCLIP's two claims, with errors from galaxies resampled alike for both sides.

    The redshift R2 of aligned images less the supervised ResNet18's, and the ratio of the mean
    property R2 of both.
    """
    drawn = {
        (row["name"], row["how"]): (row["properties"], draws_of)
        for row, draws_of in zip(rows, r2_draws.values(), strict=True)
        if row["reads"] == "image"
    }
    net = drawn.get((RESNET, SUPERVISED))
    out: dict[str, Any] = {}
    for how in (KNN, FEW_SHOT):
        ours = drawn.get((ALIGNED, how))
        if net is not None and ours is not None:
            out[how] = _compared(ours, net)
    return out


def _compared(
    ours: tuple[Mapping[str, Any], npt.NDArray[np.float64]],
    net: tuple[Mapping[str, Any], npt.NDArray[np.float64]],
) -> dict[str, float | None]:
    names = [name for name in ours[0] if name != MEAN]
    line: dict[str, float | None] = {}
    if "redshift" in names:
        column = names.index("redshift")
        values = [scores["redshift"]["r2"] for scores, _ in (ours, net)]
        line["redshift_r2_less_resnet"] = rounded(values[0] - values[1])
        line["redshift_r2_less_resnet_sd"] = rounded((ours[1] - net[1])[:, column].std())
    others = [i for i, name in enumerate(names) if name != "redshift"]
    if others:
        means = [drawn[:, others].mean(axis=1) for _, drawn in (ours, net)]
        line["properties_r2_over_resnet"] = rounded(ours[0][MEAN]["r2"] / net[0][MEAN]["r2"])
        line["properties_r2_over_resnet_sd"] = rounded((means[0] / means[1]).std())
    return line
