"""AstroCLIP's two claims, measured: aligned image embeddings against a supervised ResNet18."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.downstream.models.compared_encoders import ALIGNED
from benchmarks.downstream.models.predictors import FEW_SHOT, KNN, RESNET, SUPERVISED
from benchmarks.downstream.scoring.task_scores import MEAN, rounded
from galsearch.core.arrays import Float64Array


def headlines(
    r2_draws: Mapping[str, Float64Array], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Differences in accuracy between aligned image embeddings and the supervised ResNet18, by
    method.

    The result has, for each method, the difference of the redshift R2 and the ratio of the mean R2
    of the properties. Uncertainties come from bootstrap samples that are the same for both models.
    """
    image_scores = {
        (row["name"], row["how"]): (row["properties"], draws_of)
        for row, draws_of in zip(rows, r2_draws.values(), strict=True)
        if row["reads"] == "image"
    }
    resnet = image_scores.get((RESNET, SUPERVISED))
    out: dict[str, Any] = {}
    for how in (KNN, FEW_SHOT):
        aligned = image_scores.get((ALIGNED, how))
        if resnet is not None and aligned is not None:
            out[how] = _compared(aligned, resnet)
    return out


def _compared(
    aligned: tuple[Mapping[str, Any], Float64Array],
    resnet: tuple[Mapping[str, Any], Float64Array],
) -> dict[str, float | None]:
    names = [name for name in aligned[0] if name != MEAN]
    line: dict[str, float | None] = {}
    if "redshift" in names:
        column = names.index("redshift")
        values = [scores["redshift"]["r2"] for scores, _ in (aligned, resnet)]
        line["redshift_r2_less_resnet"] = rounded(values[0] - values[1])
        line["redshift_r2_less_resnet_sd"] = rounded((aligned[1] - resnet[1])[:, column].std())
    others = [i for i, name in enumerate(names) if name != "redshift"]
    if others:
        means = [r2_of_samples[:, others].mean(axis=1) for _, r2_of_samples in (aligned, resnet)]
        line["properties_r2_over_resnet"] = rounded(aligned[0][MEAN]["r2"] / resnet[0][MEAN]["r2"])
        line["properties_r2_over_resnet_sd"] = rounded((means[0] / means[1]).std())
    return line
