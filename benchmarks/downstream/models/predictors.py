"""The compared models: embeddings with neighbours or a small MLP, and baselines trained on pixels.

All models use the same galaxies: `train` for fitting, `validation` to choose the epoch, and `test`
for the scores.
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
from galsearch.core.arrays import Float64Array
from galsearch.core.fingerprint import short_digest
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress

Arrays = dict[str, npt.NDArray[Any]]

KNN, FEW_SHOT, SUPERVISED = "k-NN", "MLP", "supervised"
RESNET, CONV_ATTENTION, PHOTOMETRY = "ResNet18", "Conv+Att", "photometry"
HIDDEN, HIDDEN_IMAGE_REDSHIFT = (64, 64), (32,)


@dataclass(frozen=True)
class Settings:
    """Settings of the compared models; all of them are written to the results."""

    seed: int = 1
    """Seed of the initial weights and of the order of training galaxies."""
    k: int = neighbour_regression.K
    """Number of neighbours in the k-NN regression."""
    mlp_epochs: int = 30
    """Number of epochs in which the MLPs are trained."""
    resnet_epochs: int = 15
    """Number of epochs in which ResNet18 is trained."""
    conv_epochs: int = 10
    """Number of epochs in which the convolutional spectrum network is trained."""
    image_size: int = 96
    """Size in pixels of the central square of an image that ResNet18 uses."""
    image_binning: int = 2
    """Size in pixels of the square blocks that are averaged to one pixel for ResNet18."""
    resnet_shapes: bool = False
    """True to train a second ResNet18 on shapes, instead of an MLP on the features of the first."""
    bf16: bool = False
    """True to train ResNet18 with matrix products in bfloat16."""


@dataclass(frozen=True)
class Predictor:
    """A model of the comparison: one row of the table."""

    name: str
    """Name of the encoder or network, such as 'aligned'."""
    reads: str
    """Input of the model: 'image', 'spectrum' or 'photometry'."""
    how: str
    """Method of the model: 'k-NN', 'MLP' or 'supervised'."""
    needs: str
    """Name of the array that is the model's input."""
    predict: Callable[[Any, Sample, Settings, Progress], tuple[Arrays, dict[str, Any]]]
    """Function from the input to the predictions for test galaxies (`properties` and `shapes`), and
    the record of the training."""
    fingerprint: str = ""
    """Fingerprint of the encoder whose embeddings are the model's input; empty for baselines."""

    @property
    def key(self) -> str:
        """Name of the file in which the model's predictions are stored."""
        parts = [self.name, self.reads, self.how, *filter(None, [short_digest(self.fingerprint)])]
        return "-".join(parts).replace(" ", "_").replace("+", "_")


def by_neighbours(
    vectors: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """Zero-shot predictions: k-NN regression on standardised vectors."""
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
    """Few-shot predictions from embeddings by three MLPs: for redshift, for the other properties,
    and for shapes.
    """
    return _mlp(vectors, sample, settings, progress, HIDDEN)


def by_mlp_on_images(
    vectors: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """Few-shot predictions from image embeddings by MLPs, with 32 hidden units for redshift as in
    AstroCLIP.
    """
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
    record: dict[str, Any] = {}
    is_redshift = np.array([name == "redshift" for name in names])
    groups = [("redshift", is_redshift, hidden_redshift), ("properties", ~is_redshift, HIDDEN)]
    for task, columns, hidden in groups:
        if columns.any():
            values = sample.properties.values[:, columns]
            torch.manual_seed(settings.seed)
            network = Mlp(vectors.shape[1], values.shape[1], hidden)
            fitted = _fit(network, load, values, sample, recipe, progress, f"MLP on {task}")
            out["properties"][:, columns] = fitted.predict(test)
            record[task] = fitted.report()
    if sample.shapes is not None:
        torch.manual_seed(settings.seed)
        network = Mlp(vectors.shape[1], sample.shapes.values.shape[1])
        values = sample.shapes.values
        fitted = _fit(network, load, values, sample, recipe, progress, "MLP on shapes")
        out["shapes"] = fitted.predict(test)
    return out, record


def by_photometry(
    magnitudes: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """Predictions by an MLP on g, r, z magnitudes.

    A missing magnitude is replaced by the faintest one of the training galaxies.
    """
    faintest = np.nanmax(magnitudes[sample.rows("train")], axis=0)
    filled = np.where(np.isfinite(magnitudes), magnitudes, faintest)
    return _mlp(filled, sample, settings, progress, HIDDEN)


def by_resnet(
    images: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """Predictions by a ResNet18 that is trained on all properties jointly.

    The training images are randomly rotated and mirrored. Shapes are predicted by an MLP on the 512
    features of the network, or by a second ResNet18 that is trained on shapes.
    """
    load, test = network_fitting.from_arrays(images), sample.rows("test")
    recipe = network_fitting.Recipe(settings.resnet_epochs, seed=settings.seed, bf16=settings.bf16)
    torch.manual_seed(settings.seed)
    values = sample.properties.values
    network = ResNet18(values.shape[1])
    fitted = _fit(network, load, values, sample, recipe, progress, "ResNet18", rotate=True)
    out: Arrays = {"properties": fitted.predict(test)}
    record = {"properties": fitted.report()}
    if sample.shapes is None:
        return out, record
    if settings.resnet_shapes:
        torch.manual_seed(settings.seed)
        values = sample.shapes.values
        second = ResNet18(values.shape[1])
        fitted = _fit(
            second, load, values, sample, recipe, progress, "ResNet18, shapes", rotate=True
        )
        out["shapes"] = fitted.predict(test)
        record["shapes"] = fitted.report()
        return out, record
    all_rows = np.arange(len(sample.target_ids))
    features = network_fitting.run(network.features, load, all_rows, bf16=settings.bf16)
    out["shapes"] = by_mlp(features, sample, settings, progress)[0]["shapes"]
    return out, record


def by_conv_attention(
    spectra: Any, sample: Sample, settings: Settings, progress: Progress
) -> tuple[Arrays, dict[str, Any]]:
    """Predictions by a convolutional spectrum network, trained on all properties jointly."""
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
    values: Float64Array,
    sample: Sample,
    recipe: network_fitting.Recipe,
    progress: Progress,
    name: str,
    *,
    rotate: bool = False,
) -> network_fitting.Fitted:
    return network_fitting.fit(
        network,
        load,
        values,
        sample.rows("train"),
        sample.rows("validation"),
        recipe,
        augment=network_fitting.random_orientations if rotate else None,
        progress=progress,
        name=name,
    )


def tasks(sample: Sample) -> Mapping[str, Float64Array]:
    """The true values of a sample by task: `properties`, and `shapes` where they are known."""
    found = {"properties": sample.properties.values}
    if sample.shapes is not None:
        found["shapes"] = sample.shapes.values
    return found


def all_predictors(
    encoders: Sequence[ComparedEncoder], modalities: Sequence[Modality], *, photometry: bool
) -> list[Predictor]:
    """Every model of the comparison, the fastest first.

    Parameters
    ----------
    encoders
        Encoders; the embeddings of each are used by neighbours and by an MLP.
    modalities
        Measured modalities.
    photometry
        True where magnitudes are known.
    """
    out = []
    for compared in encoders:
        mlp = by_mlp_on_images if compared.modality is Modality.IMAGE else by_mlp
        for how, predict in ((KNN, by_neighbours), (FEW_SHOT, mlp)):
            needs, mark = f"{compared.name} {compared.modality}", compared.encoder.fingerprint
            out.append(Predictor(compared.name, compared.modality, how, needs, predict, mark))
    if photometry:
        out.append(Predictor(PHOTOMETRY, PHOTOMETRY, SUPERVISED, "magnitudes", by_photometry))
    if Modality.SPECTRUM in modalities:
        out.append(Predictor(CONV_ATTENTION, "spectrum", SUPERVISED, "spectra", by_conv_attention))
    if Modality.IMAGE in modalities:
        out.append(Predictor(RESNET, "image", SUPERVISED, "images", by_resnet))
    return out
