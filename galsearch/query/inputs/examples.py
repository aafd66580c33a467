"""A linear probe on a few examples: the direction in which galaxies like them lie."""

import numpy as np

from galsearch.core.arrays import Float64Array, Vectors

N_BACKGROUND = 4000
"""Number of galaxies of the index that stand for the population."""
_SHRINKAGE = 0.1
"""Share of the mean variance that is added to the variance of each axis of the population."""
_PENALTY = 10.0
"""Ridge penalty of the logistic regression. With a smaller one the few examples are set apart from
the counter-examples along axes on which they differ by chance."""
_NEWTON_STEPS = 12


def probe_direction(like: Vectors, unlike: Vectors, background: Vectors) -> Float64Array:
    """(d,) unit vector along which a linear probe of the examples grows.

    The embeddings are centred and whitened with the mean and covariance of the population, so that
    axes along which all galaxies differ count less than those that set the examples apart. There, a
    logistic regression with a ridge penalty is fitted by Newton's method in the space that the
    examples span. The mean of the population is a counter-example of its own, so that the probe
    exists without others.

    Parameters
    ----------
    like : (p, d) unit rows
        Embeddings of the examples, at least one.
    unlike : (m, d) unit rows
        Embeddings of the counter-examples; may be empty.
    background : (b, d) unit rows
        Embeddings of a random sample of the population.
    """
    mean, whitening = _whitening(background)
    positive = (like - mean) @ whitening
    negative = (np.concatenate([unlike, mean[None]]) - mean) @ whitening
    weights = logistic_weights(
        np.concatenate([positive, negative]),
        np.concatenate([np.ones(len(positive)), np.zeros(len(negative))]),
    )
    direction = whitening @ weights
    length = np.linalg.norm(direction)
    return np.asarray(direction / length if length > 0 else like.mean(axis=0), np.float64)


def logistic_weights(features: Float64Array, labels: Float64Array) -> Float64Array:
    """(d,) weights of a logistic regression with a ridge penalty and a free intercept.

    Both classes weigh the same, whatever the number of examples of each.

    Parameters
    ----------
    features : (n, d)
    labels : (n,)
        1 for examples and 0 for counter-examples; both occur.

    Examples
    --------
    >>> weights = logistic_weights(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([1.0, 0.0]))
    >>> bool(weights[0] > 0), weights[1]
    (True, np.float64(0.0))
    """
    n = len(labels)
    share = np.where(labels > 0, 0.5 * n / labels.sum(), 0.5 * n / (n - labels.sum()))
    # The weights are a combination of the examples, so n unknowns are enough for any dimension.
    gram = features @ features.T
    design = np.hstack([gram, np.ones((n, 1))])
    penalty = np.zeros((n + 1, n + 1))
    penalty[:n, :n] = _PENALTY * gram
    solution = np.zeros(n + 1)
    for _ in range(_NEWTON_STEPS):
        predicted = 1 / (1 + np.exp(-np.clip(design @ solution, -30, 30)))
        gradient = design.T @ (share * (predicted - labels)) + penalty @ solution
        curvature = (design * (share * predicted * (1 - predicted))[:, None]).T @ design + penalty
        curvature[np.diag_indices(n + 1)] += 1e-9 * np.trace(curvature) / (n + 1)
        solution = solution - np.linalg.solve(curvature, gradient)
    return np.asarray(features.T @ solution[:n], np.float64)


def _whitening(background: Vectors) -> tuple[Float64Array, Float64Array]:
    """Mean of the population, and the (d, d) matrix that whitens differences from it."""
    vectors = background.astype(np.float64)
    mean = vectors.mean(axis=0)
    covariance = np.cov(vectors - mean, rowvar=False).reshape(len(mean), len(mean))
    values, axes = np.linalg.eigh(covariance)
    values = np.maximum(values, 0) + _SHRINKAGE * max(float(values.mean()), 1e-12)
    return mean, (axes / np.sqrt(values)) @ axes.T
