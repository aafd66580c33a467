"""Who predicts: towers through neighbours and a small MLP, and baselines trained from nothing.

Every contestant sees the same galaxies: `train` to fit, `validation` to choose an epoch, `test`
to be scored. What each predicts is kept as soon as it is finished.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.downstream.data.evaluation_sample import Sample
from benchmarks.downstream.models import neighbour_regression, network_fitting
from benchmarks.downstream.models.compared_encoders import ComparedEncoder
from benchmarks.downstream.models.supervised_networks import ConvAttention, Mlp, ResNet18
from galsearch.core.modality import Modality

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]
Progress = Callable[[str, int, int], None]

KNN, FEW_SHOT, SUPERVISED = "k-NN", "MLP", "supervised"
RESNET, CONV_ATTENTION, PHOTOMETRY = "ResNet18", "Conv+Att", "photometry"
HIDDEN, HIDDEN_IMAGE_REDSHIFT = (64, 64), (32,)


@dataclass(frozen=True)
class Settings:
    """What makes one run another; all of it stands in the results."""

    seed: int = 1
    k: int = neighbour_regression.K
    mlp_epochs: int = 30
    resnet_epochs: int = 15
    conv_epochs: int = 10
    image_size: int = 96
    image_binning: int = 2
    resnet_shapes: bool = False
    """Whether a second ResNet18 is trained on shapes; else its features are asked for them."""
    bf16: bool = False
    """Whether ResNet18 multiplies in bfloat16."""


@dataclass(frozen=True)
class Predictor:
    """One row of the table."""

    name: str
    """Such as 'aligned'."""
    reads: str
    """'image', 'spectrum' or 'photometry'."""
    how: str
    needs: str
    """Name of the array that it is fed."""
    predict: Callable[[Any, Sample, Settings, Progress], tuple[Arrays, dict[str, Any]]]
    """From the array (or arrays) to predictions for test galaxies, `properties` and `shapes`."""

    fingerprint: str = ""
    """Of the tower whose vectors it is fed; empty for baselines."""

    @property
    def key(self) -> str:
        """A file name."""
        parts = [self.name, self.reads, self.how, *filter(None, [self.fingerprint[:16]])]
        return "-".join(parts).replace(" ", "_").replace("+", "_")


def by_neighbours(
    vectors: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """Zero-shot: k-NN regression on standardised vectors."""
    train, test = sample.rows("train"), sample.rows("test")
    scaled = neighbour_regression.standardised(vectors, train)
    out: Arrays = {}
    for task, values in tasks(sample).items():
        out[task] = neighbour_regression.predict(
            scaled[train], values[train], scaled[test], k=settings.k
        )
    progress("neighbours", 1, 1)
    return out, {}


def by_mlp(
    vectors: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """Few-shot: one small MLP for the redshift, one for the other properties, one for shapes."""
    return _mlp(vectors, sample, settings, progress, HIDDEN)


def by_mlp_on_images(
    vectors: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """As `by_mlp`, with AstroCLIP's 32 hidden units for redshifts from images."""
    return _mlp(vectors, sample, settings, progress, HIDDEN_IMAGE_REDSHIFT)


def _mlp(
    vectors: Any,
    sample: Sample,
    settings: Settings,
    progress: Progress,
    hidden_redshift: tuple[int, ...],
) -> tuple[Arrays, dict[str, Any]]:
    train, test = sample.rows("train"), sample.rows("test")
    load = network_fitting.from_arrays(neighbour_regression.standardised(vectors, train))
    recipe = network_fitting.Recipe(settings.mlp_epochs, seed=settings.seed)
    names = sample.properties.names
    out: Arrays = {"properties": np.full((len(test), len(names)), np.nan)}
    seen: dict[str, Any] = {}
    is_redshift = np.array([name == "redshift" for name in names])
    groups = [("redshift", is_redshift, hidden_redshift), ("properties", ~is_redshift, HIDDEN)]
    for task, columns, hidden in groups:
        if columns.any():
            values = sample.properties.values[:, columns]
            torch.manual_seed(settings.seed)
            network = Mlp(vectors.shape[1], values.shape[1], hidden)
            fitted = _fit(network, load, values, sample, recipe, progress, f"MLP on {task}")
            out["properties"][:, columns] = fitted.predict(test)
            seen[task] = fitted.report()
    if sample.shapes is not None:
        torch.manual_seed(settings.seed)
        network = Mlp(vectors.shape[1], sample.shapes.values.shape[1])
        values = sample.shapes.values
        fitted = _fit(network, load, values, sample, recipe, progress, "MLP on shapes")
        out["shapes"] = fitted.predict(test)
    return out, seen


def by_photometry(
    magnitudes: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """An MLP on g, r, z; a band that was not measured is the faintest of the training galaxies."""
    faintest = np.nanmax(magnitudes[sample.rows("train")], axis=0)
    filled = np.where(np.isfinite(magnitudes), magnitudes, faintest)
    return _mlp(filled, sample, settings, progress, HIDDEN)


def by_resnet(
    images: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """ResNet18 from scratch on all properties jointly, turned and mirrored.

    Shapes are asked of its 512 features by an MLP, or of a second ResNet18 trained on them.
    """
    load, test = network_fitting.from_arrays(images), sample.rows("test")
    recipe = network_fitting.Recipe(settings.resnet_epochs, seed=settings.seed, bf16=settings.bf16)
    torch.manual_seed(settings.seed)
    values = sample.properties.values
    network = ResNet18(values.shape[1])
    fitted = _fit(network, load, values, sample, recipe, progress, "ResNet18", turn=True)
    out: Arrays = {"properties": fitted.predict(test)}
    seen = {"properties": fitted.report()}
    if sample.shapes is None:
        return out, seen
    if settings.resnet_shapes:
        torch.manual_seed(settings.seed)
        values = sample.shapes.values
        second = ResNet18(values.shape[1])
        fitted = _fit(second, load, values, sample, recipe, progress, "ResNet18, shapes", turn=True)
        out["shapes"] = fitted.predict(test)
        seen["shapes"] = fitted.report()
        return out, seen
    everyone = np.arange(len(sample.target_ids))
    features = network_fitting.run(network.features, load, everyone, bf16=settings.bf16)
    out["shapes"] = by_mlp(features, sample, settings, progress)[0]["shapes"]
    return out, seen


def by_conv_attention(
    spectra: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """The convolutional spectrum network from scratch on all properties jointly."""
    load = network_fitting.from_arrays(*spectra)
    recipe = network_fitting.Recipe(settings.conv_epochs, seed=settings.seed, learning_rate=3e-3)
    torch.manual_seed(settings.seed)
    values = sample.properties.values
    fitted = _fit(
        ConvAttention(values.shape[1]), load, values, sample, recipe, progress, CONV_ATTENTION
    )
    return {"properties": fitted.predict(sample.rows("test"))}, {"properties": fitted.report()}


def _fit(
    network: torch.nn.Module,
    load: network_fitting.Load,
    values: Floats,
    sample: Sample,
    recipe: network_fitting.Recipe,
    progress: Progress,
    name: str,
    *,
    turn: bool = False,
) -> network_fitting.Fitted:
    return network_fitting.fit(
        network,
        load,
        values,
        sample.rows("train"),
        sample.rows("validation"),
        recipe,
        augment=network_fitting.random_orientations if turn else None,
        progress=progress,
        name=name,
    )


def tasks(sample: Sample) -> Mapping[str, Floats]:
    """What is predicted: properties, and shapes where they are known."""
    found = {"properties": sample.properties.values}
    if sample.shapes is not None:
        found["shapes"] = sample.shapes.values
    return found


def all_predictors(
    towers: Sequence[ComparedEncoder], modalities: Sequence[Modality], *, photometry: bool
) -> list[Predictor]:
    """Every contestant, the quickest first.

    Parameters
    ----------
    towers
        Each is asked through neighbours and through an MLP.
    modalities
        Those that are measured.
    photometry
        Whether magnitudes are known.
    """
    out = []
    for tower in towers:
        mlp = by_mlp_on_images if tower.modality is Modality.IMAGE else by_mlp
        for how, predict in ((KNN, by_neighbours), (FEW_SHOT, mlp)):
            needs, mark = f"{tower.name} {tower.modality}", tower.encoder.fingerprint
            out.append(Predictor(tower.name, tower.modality, how, needs, predict, mark))
    if photometry:
        out.append(Predictor(PHOTOMETRY, PHOTOMETRY, SUPERVISED, "magnitudes", by_photometry))
    if Modality.SPECTRUM in modalities:
        out.append(Predictor(CONV_ATTENTION, "spectrum", SUPERVISED, "spectra", by_conv_attention))
    if Modality.IMAGE in modalities:
        out.append(Predictor(RESNET, "image", SUPERVISED, "images", by_resnet))
    return out
