"""Estimates of the simulation's true parameters from images and from spectra, by regression.

The statistical model of `parameter_model.py` takes the errors of these estimates as the errors
with which a modality determines the parameters.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from benchmarks.downstream.models import network_fitting
from benchmarks.downstream.models.neighbour_regression import standardised
from benchmarks.downstream.models.supervised_networks import Mlp
from galsearch.core.arrays import Float64Array, Rows
from galsearch.core.errors import DatasetError
from galsearch.core.progress import Progress, no_progress

PARAMETERS = (
    "true_z",
    "log10_mass",
    "age_gyr",
    "log10_z_zsun",
    "log10_ssfr",
    "av",
    "label_ebv",
    "label_mag_g",
    "label_mag_r",
    "label_mag_z",
    "r_eff_arcsec",
    "bulge_fraction",
    "axis_ratio",
    "sigma_km_s",
)
"""Names of true parameters of the simulation; those that a dataset has as columns are used."""
FIBRE = ("fibre_g", "fibre_r", "fibre_z")
BRIGHTNESS = "label_mag_r"
RIDGES = (1e-3, 1e-2, 1e-1, 1.0)
"""Penalties of the ridge regression that are tried; validation galaxies choose the best."""


def parameters_of(
    table: pa.Table, fibre: npt.NDArray[np.floating]
) -> tuple[list[str], Float64Array, Float64Array]:
    """Names of the parameters, their values (n, p), and the r magnitude (n,) of every galaxy.

    Parameters
    ----------
    table
        The catalogue.
    fibre : (n, 3)
        Any monotonic function of the flux within a fibre in g, r, z. Spectra are made of this
        flux, but the truth does not hold it, so it is measured from the pixels of the image.

    Raises
    ------
    DatasetError
        Where the catalogue does not hold the simulation's truth, or has gaps in it.
    """
    names = [name for name in PARAMETERS if name in table.column_names]
    if not {"true_z", BRIGHTNESS} <= set(names):
        raise DatasetError(
            "the parameter model needs the truth of a simulated survey (true_z, label_mag_r and "
            "others as columns of the dataset); the catalogue has "
            f"{', '.join(table.column_names)}."
        )
    columns = [table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in names]
    values = np.stack(columns, axis=1)
    if not np.isfinite(values).all():
        raise DatasetError("the parameter model needs the truth of every galaxy; some are NaN.")
    brightness = values[:, names.index(BRIGHTNESS)]
    return [*names, *FIBRE], np.concatenate([values, fibre], axis=1), brightness


def normal_scores(values: Float64Array, train: Rows) -> Float64Array:
    """(n, p) values converted to normal scores: each value is replaced by the normal deviate of its
    quantile among the training galaxies, column by column.

    Equal values get equal scores.
    """
    out = np.empty_like(values)
    for column in range(values.shape[1]):
        known = np.sort(values[train, column])
        low = np.searchsorted(known, values[:, column], "left")
        high = np.searchsorted(known, values[:, column], "right")
        quantile = ((low + high) / 2 + 0.5) / (len(known) + 1)
        out[:, column] = torch.special.ndtri(torch.from_numpy(quantile)).numpy()
    return out


def estimate_parameters(
    features: npt.NDArray[np.floating],
    theta: Float64Array,
    train: Rows,
    validation: Rows,
    *,
    epochs: int,
    seed: int,
    progress: Progress = no_progress,
    name: str = "regressor",
) -> Float64Array:
    """(n, p) estimates of all parameters by regressors that were fitted on training galaxies.

    Two regressors are fitted, a ridge regression and the same plus an MLP on its residuals;
    validation galaxies choose one of the two for each parameter.

    Parameters
    ----------
    features : (n, f)
    theta : (n, p)
        True parameters as normal scores.
    """
    scaled = standardised(features, train)
    linear = ridge(scaled.astype(np.float64), theta, train, validation)
    torch.manual_seed(seed)
    network = Mlp(features.shape[1], theta.shape[1], (256, 256), dropout=0.2)
    recipe = network_fitting.Recipe(epochs, batch_size=256, weight_decay=0.05, seed=seed)
    load = network_fitting.from_arrays(scaled)
    residuals = theta - linear
    fitted = network_fitting.fit(
        network, load, residuals, train, validation, recipe, progress=progress, name=name
    )
    nonlinear = linear + fitted.predict(np.arange(len(theta)))
    errors = [((e - theta)[validation] ** 2).mean(axis=0) for e in (linear, nonlinear)]
    return np.where(errors[1] < errors[0], nonlinear, linear)


def ridge(
    features: Float64Array, theta: Float64Array, train: Rows, validation: Rows
) -> Float64Array:
    """(n, p) estimates of parameters by ridge regression; validation galaxies choose the penalty of
    each parameter.
    """
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    gram, moment = x[train].T @ x[train] / len(train), x[train].T @ theta[train] / len(train)
    best, lowest = np.empty_like(theta), np.full(theta.shape[1], np.inf)
    for penalty in RIDGES:
        estimate = x @ np.linalg.solve(gram + penalty * np.eye(len(gram)), moment)
        error = ((estimate - theta)[validation] ** 2).mean(axis=0)
        best[:, error < lowest] = estimate[:, error < lowest]
        lowest = np.minimum(lowest, error)
    return best


def explained_variance(
    theta: Float64Array, estimates: dict[str, Float64Array], validation: Rows, names: list[str]
) -> dict[str, dict[str, float]]:
    """R2 among validation galaxies of the estimate of each parameter, by parameter and modality."""
    true = theta[validation]
    variance = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    return {
        modality: {
            name: round(float(r2), 4)
            for name, r2 in zip(
                names, 1 - ((estimate[validation] - true) ** 2).sum(axis=0) / variance, strict=True
            )
        }
        for modality, estimate in estimates.items()
    }
