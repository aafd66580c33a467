"""What bounds recall from above: a ranking that knows the shared parameters, as well as each
modality can tell them.

The model. A galaxy has parameters theta (redshift, mass, age, ... : the truth columns of the
simulation), each turned into a normal score, so that theta is about N(0, S). Modality m tells an
estimate that misses theta by an error of covariance P_m, measured: a regressor from all that the
modality offers is fitted on training galaxies, and P_m is the covariance of its error on
validation galaxies, in five bins of brightness. If errors are normal and independent between the
modalities, and the estimates are posterior means, then

    a = E[theta | image]     ~ N(0, A),  A = S - P_image
    b = E[theta | spectrum]  ~ N(0, B),  B = S - P_spectrum,   Cov(a, b) = A S^-1 B

and no ranking recalls more than the one by the likelihood ratio p(a, b) / (p(a) p(b)): the
likelihood of the difference of both, each weighed by its errors, against that of a chance pair.
For the test galaxies' true theta, a and b are drawn with such errors, candidates are ranked by
the ratio, and the mean recall over a few draws is told. Beside it, the same ranking of the
regressors' own estimates, without draws.

The truth does not hold the light that falls into a fibre, of which spectra are made: it is taken
from the image's pixels (1.5 arcsec across, in g, r, z). Images then know it exactly, which can
only raise the bound.

It bounds what these parameters can give at these errors. An embedding that holds something else
in common (a substructure), or tells a parameter better than the regressor, may pass it. Two more
rankings say which side the limit is on: `spectrum without error`, where spectra tell every
parameter exactly and images as well as they do, and `estimated parameters`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from benchmarks.downstream.models import network_fitting
from benchmarks.downstream.models.neighbour_regression import standardised
from benchmarks.downstream.models.supervised_networks import Mlp
from galsearch.core.errors import DatasetError

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]

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
"""Columns of the simulation's truth; those that a dataset has are used."""
FIBRE = ("fibre_g", "fibre_r", "fibre_z")
BRIGHTNESS = "label_mag_r"
N_BINS, FEWEST_IN_BIN = 5, 100
N_DRAWS = 3
RIDGES = (1e-3, 1e-2, 1e-1, 1.0)
SMALLEST_SHARE = 1e-5
"""Each modality explains at least this share, and leaves at least this share, of every direction:
covariances stay invertible."""


def parameters_of(
    table: pa.Table, fibre: npt.NDArray[np.floating]
) -> tuple[list[str], Floats, Floats]:
    """Names, (n, p) values, and (n,) brightness of every galaxy.

    Parameters
    ----------
    table
        The catalogue.
    fibre : (n, 3)
        Light within a fibre's circle in g, r, z, as any monotonic function of it.

    Raises
    ------
    DatasetError
        Where the catalogue does not hold the simulation's truth.
    """
    names = [name for name in PARAMETERS if name in table.column_names]
    if not {"true_z", BRIGHTNESS} <= set(names):
        raise DatasetError(
            "the bound needs the truth of a simulated survey (true_z, label_mag_r and others as "
            f"columns of the dataset); the catalogue has {', '.join(table.column_names)}."
        )
    columns = [table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in names]
    values = np.stack(columns, axis=1)
    if not np.isfinite(values).all():
        raise DatasetError("the bound needs the truth of every galaxy; some are NaN.")
    brightness = values[:, names.index(BRIGHTNESS)]
    return [*names, *FIBRE], np.concatenate([values, fibre], axis=1), brightness


def normal_scores(values: Floats, train: Rows) -> Floats:
    """Each column as the normal deviate of its quantile among training galaxies; ties share."""
    out = np.empty_like(values)
    for column in range(values.shape[1]):
        known = np.sort(values[train, column])
        low = np.searchsorted(known, values[:, column], "left")
        high = np.searchsorted(known, values[:, column], "right")
        quantile = ((low + high) / 2 + 0.5) / (len(known) + 1)
        out[:, column] = torch.special.ndtri(torch.from_numpy(quantile)).numpy()
    return out


def estimates(
    features: npt.NDArray[np.floating],
    theta: Floats,
    train: Rows,
    validation: Rows,
    *,
    epochs: int,
    seed: int,
    progress: Progress = lambda *_: None,
    name: str = "regressor",
) -> Floats:
    """(n, p) what regressors fitted on training galaxies say of everyone's parameters.

    A ridge regression, and an MLP on what it leaves; of both, what validation prefers for each
    parameter.
    """
    scaled = standardised(features, train)
    straight = ridge(scaled.astype(np.float64), theta, train, validation)
    torch.manual_seed(seed)
    network = Mlp(features.shape[1], theta.shape[1], (256, 256), dropout=0.2)
    recipe = network_fitting.Recipe(epochs, batch_size=256, weight_decay=0.05, seed=seed)
    load = network_fitting.from_arrays(scaled)
    rest = theta - straight
    fitted = network_fitting.fit(
        network, load, rest, train, validation, recipe, progress=progress, name=name
    )
    bent = straight + fitted.predict(np.arange(len(theta)))
    errors = [((g - theta)[validation] ** 2).mean(axis=0) for g in (straight, bent)]
    return np.where(errors[1] < errors[0], bent, straight)


def ridge(features: Floats, theta: Floats, train: Rows, validation: Rows) -> Floats:
    """(n, p) linear estimates; every parameter has the penalty that validation prefers."""
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    gram, moment = x[train].T @ x[train] / len(train), x[train].T @ theta[train] / len(train)
    best, error = np.empty_like(theta), np.full(theta.shape[1], np.inf)
    for penalty in RIDGES:
        guess = x @ np.linalg.solve(gram + penalty * np.eye(len(gram)), moment)
        found = ((guess - theta)[validation] ** 2).mean(axis=0)
        best[:, found < error] = guess[:, found < error]
        error = np.minimum(error, found)
    return best


@dataclass(frozen=True, eq=False)
class Bound:
    """Covariances in whitened parameters (S = 1), bin by bin of brightness."""

    whiten: Floats
    """(p, q), q at most p: theta @ whiten has unit covariance."""
    explained: dict[str, Floats]
    """Modality -> (bins, q, q), what it explains: A and B of the model, whitened."""

    def with_exact(self, modality: str) -> "Bound":
        """The same where that modality tells every parameter."""
        covariances = self.explained[modality]
        exact = np.broadcast_to(
            (1 - SMALLEST_SHARE) * np.eye(covariances.shape[1]), covariances.shape
        )
        return Bound(self.whiten, {**self.explained, modality: exact})

    def draw(self, theta: Floats, bins: Rows, modality: str, seed: int) -> Floats:
        """(n, q) whitened posterior means with drawn errors."""
        generator = np.random.default_rng(seed)
        true = theta @ self.whiten
        out = np.empty_like(true)
        for number, a in enumerate(self.explained[modality]):
            rows = bins == number
            # Of a = A theta + noise with covariance A the noise has A - A A.
            values, axes = np.linalg.eigh(a)
            root = (axes * np.sqrt(np.maximum(values - values**2, 0))) @ axes.T
            noise = generator.normal(size=(int(rows.sum()), len(a)))
            out[rows] = true[rows] @ a + noise @ root
        return out

    def score(self, a: Floats, b: Floats, bins: Rows) -> npt.NDArray[np.float32]:
        """(n, n) log p(a, b) / (p(a) p(b)): images a by spectra b, whitened posterior means."""
        out = np.empty((len(a), len(b)), np.float32)
        images, spectra = self.explained["image"], self.explained["spectrum"]
        for i in range(len(images)):
            for j in range(len(spectra)):
                rows, columns = np.flatnonzero(bins == i), np.flatnonzero(bins == j)
                B = spectra[j]
                given = B - B @ images[i] @ B  # covariance of b where a is known
                mean = a[rows] @ B
                block = _log_normal(b[columns][None] - mean[:, None], given)
                out[np.ix_(rows, columns)] = block - _log_normal(b[columns], B)[None]
        return out


def _log_normal(x: Floats, covariance: Floats) -> Floats:
    """Log density at (..., p) but for the constant."""
    lower = np.linalg.cholesky(covariance)
    standard = x @ np.linalg.inv(lower).T
    return np.asarray(-0.5 * (standard**2).sum(axis=-1) - np.log(np.diag(lower)).sum())


def measured(
    theta: Floats, guesses: dict[str, Floats], train: Rows, validation: Rows, bins: Rows
) -> Bound:
    """The model's covariances from training galaxies (S) and validation errors (P)."""
    values, axes = np.linalg.eigh(np.cov(theta[train].T))
    # A direction in which parameters do not differ tells nothing (two names of one number).
    varied = values > SMALLEST_SHARE**2 * values.max()
    whiten = axes[:, varied] / np.sqrt(values[varied])
    explained = {}
    for modality, guess in guesses.items():
        error = (guess - theta)[validation] @ whiten
        overall = error.T @ error / len(error)
        covariances = []
        for number in range(int(bins.max()) + 1):
            mine = error[bins[validation] == number]
            enough = len(mine) >= FEWEST_IN_BIN
            covariances.append(mine.T @ mine / len(mine) if enough else overall)
        explained[modality] = np.stack([_explained(p) for p in covariances])
    return Bound(whiten, explained)


def _explained(error: Floats) -> Floats:
    """1 - P, its eigenvalues kept between the smallest share and one less it."""
    values, axes = np.linalg.eigh(np.eye(len(error)) - error)
    kept = np.clip(values, SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    return np.asarray((axes * kept) @ axes.T)


def brightness_bins(magnitude: Floats, train: Rows) -> Rows:
    """(n,) fifths of the training galaxies by brightness."""
    edges = np.quantile(magnitude[train], np.linspace(0, 1, N_BINS + 1)[1:-1])
    return np.asarray(np.searchsorted(edges, magnitude), dtype=np.int64)


def known_shares(
    theta: Floats, guesses: dict[str, Floats], validation: Rows, names: list[str]
) -> dict[str, dict[str, float]]:
    """Modality -> parameter -> R2 of its estimates among validation galaxies."""
    true = theta[validation]
    spread = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    return {
        modality: {
            name: round(float(r2), 4)
            for name, r2 in zip(
                names, 1 - ((guess[validation] - true) ** 2).sum(axis=0) / spread, strict=True
            )
        }
        for modality, guess in guesses.items()
    }


def rank_by_draws(
    bound: Bound, theta: Floats, bins: Rows, seed: int
) -> Iterator[npt.NDArray[np.float32]]:
    """Scores (image by spectrum) of every draw of errors."""
    for number in range(N_DRAWS):
        a = bound.draw(theta, bins, "image", seed + 2 * number)
        b = bound.draw(theta, bins, "spectrum", seed + 2 * number + 1)
        yield bound.score(a, b, bins)


def mean_of(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures averaged over draws; what is no number comes from the first."""
    first = results[0]
    out: dict[str, Any] = {}
    for key, value in first.items():
        values = [line[key] for line in results]
        if isinstance(value, dict):
            out[key] = mean_of(values)
        elif isinstance(value, list):
            out[key] = [round(float(v), 5) for v in np.mean(values, axis=0)]
        elif isinstance(value, (int, float)) and len(set(values)) > 1:
            out[key] = round(float(np.mean(values)), 5)
        else:
            out[key] = value
    return out
