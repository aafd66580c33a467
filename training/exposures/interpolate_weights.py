"""Interpolation between the weights from which a training started and those that it made.

    python -m training.exposures.interpolate_weights FIRST SECOND --exposures SET --out WEIGHTS

Weights that are trained on for other conditions hold under these, and lose a part of what they
could in the old ones. The mean of both keeps much of both (Wortsman et al. 2022, "Robust
fine-tuning of zero-shot models", CVPR 2022), because the second weights lie near the first.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from galsearch.core.errors import ConfigError, GalsearchError
from galsearch.core.fingerprint import short_digest
from galsearch.core.modality import Modality
from galsearch.encoders import checkpoint
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from training.data.backbones import encoder_of
from training.data.warm_start import load_weights
from training.exposures.exposure_inputs import embed_exposures
from training.exposures.exposure_set import ExposureSet, open_exposure_set

N_STANDARDISED = 1000
"""Number of training galaxies whose embeddings give the mean and variance of every dimension."""


def main(texts: list[str] | None = None) -> int:
    """Write interpolated weights and print their fingerprint; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.exposures.interpolate_weights",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument("first", type=Path, help="weights that a training started from")
    parser.add_argument("second", type=Path, help="weights that the training made")
    parser.add_argument("--exposures", type=Path, required=True, help="set that it trained on")
    parser.add_argument("--out", type=Path, required=True, help="file that is written")
    parser.add_argument("--share", type=float, default=0.5, help="share of the second (0.5)")
    arguments = parser.parse_args(texts)
    try:
        exposures = open_exposure_set(arguments.exposures)
        model = interpolate(arguments.first, arguments.second, arguments.share, exposures)
        note = (
            f"{1 - arguments.share:g} of {short_digest(_fingerprint(arguments.first))} and "
            f"{arguments.share:g} of {short_digest(_fingerprint(arguments.second))}"
        )
        fingerprint = checkpoint.save(arguments.out, model, note=note)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.out}: {note}, fingerprint {short_digest(fingerprint)}")
    return 0


def interpolate(first: Path, second: Path, share: float, exposures: ExposureSet) -> CrossModalModel:
    """The model whose weights lie between those of two files, with the config of the second.

    Embeddings of the new model have other means than those of both, so the means and variances by
    which they are standardised are measured anew.

    Parameters
    ----------
    first
        Weights that a training started from; they may lack mask channels.
    second
        Weights that the training made.
    share : 0 to 1
        0 gives the first weights, 1 the second.
    exposures
        Set whose training galaxies give the means and variances.

    Raises
    ------
    ConfigError
        Where `share` is out of range.
    CheckpointError
        Where the files hold models of different sizes.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"share = {share}: expected 0 to 1.")
    end = checkpoint.read(second)
    model = initialise(end.config, seed=1)
    load_weights(model, first)
    start = model.state_dict()
    model.load_state_dict(
        {name: torch.lerp(start[name], tensor, share) for name, tensor in end.state_dict().items()}
    )
    _standardise(model, exposures)
    return model


def _standardise(model: CrossModalModel, exposures: ExposureSet) -> None:
    """Set the means and variances of both encoders to those of training galaxies."""
    encoders = {modality: encoder_of(model, modality) for modality in Modality}
    layers = {
        modality: encoder.standard
        for modality, encoder in encoders.items()
        if encoder.head is not None and encoder.head.standardise
    }
    for layer in layers.values():
        layer.mean.zero_()
        layer.variance.fill_(1)
    rows = np.random.default_rng(1).permutation(exposures.rows_of("train"))[:N_STANDARDISED]
    found = embed_exposures(model, exposures, rows, torch.device("cpu"))
    for modality, layer in layers.items():
        vectors = found[modality].flatten(0, 1)
        layer.mean.copy_(vectors.mean(0))
        layer.variance.copy_(vectors.var(0))


def _fingerprint(path: Path) -> str:
    return checkpoint.fingerprint(checkpoint.read(path))


if __name__ == "__main__":
    sys.exit(main())
