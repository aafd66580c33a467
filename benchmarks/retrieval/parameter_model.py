"""Expected recall of a statistical model in which both modalities share only known parameters.

The model. A galaxy has up to 17 parameters theta (redshift, mass, age, ... : the truth columns of
the simulation, and the flux within a fibre in three bands), each converted to a normal score, so
that theta is about N(0, S). Modality m determines an estimate that misses theta by an error of
covariance P_m, which is measured: a regressor from all features of the modality is fitted on
training galaxies, and P_m is the covariance of its error on validation galaxies, in five bins of
brightness. If errors are normal and independent between the modalities, and the estimates are
posterior means, then

    a = E[theta | image]     ~ N(0, A),  A = S - P_image
    b = E[theta | spectrum]  ~ N(0, B),  B = S - P_spectrum,   Cov(a, b) = A S^-1 B

and within the model no ranking recalls more than the one by the likelihood ratio p(a, b) / (p(a)
p(b)). For the test galaxies' true theta, a and b are sampled with such errors, candidates are
ranked by the ratio, and the mean recall over a few samples is reported.

This is the expectation of a model, not an upper bound, and not "all that both modalities share":
the 17 parameters were chosen by hand, the errors are those of one regressor, and their
independence is assumed. An embedding that holds something else in common (a substructure), or
determines a parameter better than the regressor, may exceed it. The committed results show that
the assumptions do not hold exactly: if they did, ranking by the regressors' own estimates would
recall as much as the samples do (.511 and .527), but it recalls .380 and .362, less than the
plain cosine (.428 and .436); and at one redshift the cosine of image queries recalls as much as
the model (.973).

Two more rankings show what limits the model: `spectrum without error`, where spectra determine
every parameter exactly and images as well as they do, and `estimated parameters`, the same
ranking of the regressors' estimates, without samples.

The flux within a fibre (1.5 arcsec across, in g, r, z) is measured from the pixels of the image.
Images then determine this flux exactly, which can only raise the expected recall.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array, Int64Array, Rows

N_BINS, FEWEST_IN_BIN = 5, 100
"""Number of bins of brightness, and the smallest number of validation galaxies with which a bin has
a covariance of its own instead of that of all galaxies.
"""
N_DRAWS = 3
SMALLEST_SHARE = 1e-5
"""Each modality explains at least this share of the variance, and leaves at least this share, in
every direction, so that covariances stay invertible."""


@dataclass(frozen=True, eq=False)
class ParameterModel:
    """Statistical model of parameters estimated from images and from spectra: the covariance of the
    parameters that each modality explains, in whitened parameters, by bin of brightness.
    """

    whiten: Float64Array
    """(p, q) matrix that whitens parameters, with q at most p: `theta @ whiten` has unit
    covariance.
    """
    explained: dict[str, Float64Array]
    """(bins, q, q) covariances of the whitened posterior mean of the parameters, by modality and
    bin of brightness.
    """

    def with_exact(self, modality: str) -> "ParameterModel":
        """A copy of the model in which one modality determines every parameter exactly."""
        covariances = self.explained[modality]
        exact = np.broadcast_to(
            (1 - SMALLEST_SHARE) * np.eye(covariances.shape[1]), covariances.shape
        )
        return ParameterModel(self.whiten, {**self.explained, modality: exact})

    def sample(
        self, theta: Float64Array, bins: Int64Array, modality: str, seed: int
    ) -> Float64Array:
        """(n, q) whitened posterior means of the parameters of n galaxies, as one modality would
        determine them, with sampled errors.
        """
        generator = np.random.default_rng(seed)
        true = theta @ self.whiten
        out = np.empty_like(true)
        for number, a in enumerate(self.explained[modality]):
            rows = bins == number
            # In a = A theta + noise, a has covariance A, so the noise has A - A A.
            values, axes = np.linalg.eigh(a)
            root = (axes * np.sqrt(np.maximum(values - values**2, 0))) @ axes.T
            noise = generator.normal(size=(int(rows.sum()), len(a)))
            out[rows] = true[rows] @ a + noise @ root
        return out

    def score(self, a: Float64Array, b: Float64Array, bins: Int64Array) -> Float32Array:
        """(n, n) log-likelihood ratios that an image (row) and a spectrum (column) show the same
        galaxy: log of p(a, b) / (p(a) p(b)) for estimates a and b.

        Parameters
        ----------
        a, b : (n, q)
            Whitened posterior means from images and from spectra.
        bins : (n,)
            Bin of brightness of each galaxy.
        """
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


def _log_normal(x: Float64Array, covariance: Float64Array) -> Float64Array:
    """Logarithm of the density of a normal distribution of mean 0 at points (..., p), without the
    constant term.
    """
    lower = np.linalg.cholesky(covariance)
    standard = x @ np.linalg.inv(lower).T
    return np.asarray(-0.5 * (standard**2).sum(axis=-1) - np.log(np.diag(lower)).sum())


def fit_model(
    theta: Float64Array,
    estimates: dict[str, Float64Array],
    train: Rows,
    validation: Rows,
    bins: Int64Array,
) -> ParameterModel:
    """The statistical model, with the covariance of the parameters from training galaxies and the
    covariances of their errors from validation galaxies.
    """
    values, axes = np.linalg.eigh(np.cov(theta[train].T))
    # A direction without variance carries no information (two names of one quantity).
    varied = values > SMALLEST_SHARE**2 * values.max()
    whiten = axes[:, varied] / np.sqrt(values[varied])
    explained = {}
    for modality, estimate in estimates.items():
        error = (estimate - theta)[validation] @ whiten
        overall = error.T @ error / len(error)
        covariances = []
        for number in range(int(bins.max()) + 1):
            mine = error[bins[validation] == number]
            enough = len(mine) >= FEWEST_IN_BIN
            covariances.append(mine.T @ mine / len(mine) if enough else overall)
        explained[modality] = np.stack([_explained(p) for p in covariances])
    return ParameterModel(whiten, explained)


def _explained(error: Float64Array) -> Float64Array:
    """(q, q) covariance explained by a modality: 1 minus the covariance of the whitened errors,
    with eigenvalues clipped to `SMALLEST_SHARE` .. 1 - `SMALLEST_SHARE`.
    """
    values, axes = np.linalg.eigh(np.eye(len(error)) - error)
    clipped = np.clip(values, SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    return np.asarray((axes * clipped) @ axes.T)


def brightness_bins(magnitude: Float64Array, train: Rows) -> Int64Array:
    """(n,) bin of brightness of each galaxy: the number (from 0) of the fifth of the training
    galaxies into which its magnitude falls.
    """
    edges = np.quantile(magnitude[train], np.linspace(0, 1, N_BINS + 1)[1:-1])
    return np.asarray(np.searchsorted(edges, magnitude), dtype=np.int64)


def sample_scores(
    model: ParameterModel, theta: Float64Array, bins: Int64Array, seed: int
) -> Iterator[Float32Array]:
    """Yield (n, n) scores, images by spectra, for each of `N_DRAWS` samples of the errors."""
    for number in range(N_DRAWS):
        a = model.sample(theta, bins, "image", seed + 2 * number)
        b = model.sample(theta, bins, "spectrum", seed + 2 * number + 1)
        yield model.score(a, b, bins)


def mean_of(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean of several results (nested dictionaries of the same keys), number by number; values
    other than numbers come from the first result.
    """
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
