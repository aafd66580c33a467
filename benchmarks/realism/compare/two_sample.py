"""Two-sample test by classifiers: held-out AUC with its error, and the importance of features."""

from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]
from sklearn.impute import SimpleImputer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]
from sklearn.model_selection import RepeatedStratifiedKFold  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

from galsearch.core.arrays import Float64Array

_N_BOOTSTRAPS = 300


def two_sample_test(
    simulated: Float64Array,
    real: Float64Array,
    names: list[str],
    *,
    seed: int,
    repeats: int = 1,
    folds: int = 5,
) -> dict[str, Any]:
    """Result of a two-sample test: the held-out AUC of the better of two classifiers, .5 for
    samples that cannot be distinguished, with its error and the importance of each feature.

    The models are boosted trees and a logistic regression, cross-validated with `folds` folds
    (`repeats` times, scores averaged). The error is from a bootstrap of the held-out scores. The
    importance of a feature is the fall of the AUC after its values were shuffled among the held-out
    galaxies.
    """
    x = np.concatenate([simulated, real])
    y = np.concatenate([np.zeros(len(simulated)), np.ones(len(real))])
    tried = {
        name: _held_out(make, x, y, names, seed, (folds, repeats)) for name, make in _MODELS.items()
    }
    model = max(tried, key=lambda name: float(tried[name]["auc"]))
    return {
        **tried[model],
        "model": model,
        "auc_by_model": {name: entry["auc"] for name, entry in tried.items()},
        "n_simulated": len(simulated),
        "n_real": len(real),
        "medians": {
            name: [float(np.nanmedian(simulated[:, i])), float(np.nanmedian(real[:, i]))]
            for i, name in enumerate(names)
        },
    }


def _boosted() -> Any:
    return HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=12, min_samples_leaf=10,
        l2_regularization=1.0, class_weight="balanced", random_state=0,
    )  # fmt: skip


def _linear() -> Any:
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.1, class_weight="balanced", max_iter=500),
    )


_MODELS = {"boosted trees": _boosted, "logistic regression": _linear}


def _held_out(
    make: Any,
    x: Float64Array,
    y: Float64Array,
    names: list[str],
    seed: int,
    splits: tuple[int, int],
) -> dict[str, Any]:
    rng, n_splits = np.random.default_rng(seed), splits[0] * splits[1]
    scores, falls = np.zeros(len(y)), np.zeros(len(names))
    folds = RepeatedStratifiedKFold(n_splits=splits[0], n_repeats=splits[1], random_state=seed)
    for train, test in folds.split(x, y):
        model = make().fit(x[train], y[train])
        held_out = model.predict_proba(x[test])[:, 1]
        scores[test] += held_out / splits[1]
        whole = roc_auc_score(y[test], held_out)
        for i in range(len(names)):
            shuffled = x[test].copy()
            shuffled[:, i] = rng.permutation(shuffled[:, i])
            without = roc_auc_score(y[test], model.predict_proba(shuffled)[:, 1])
            falls[i] += (whole - without) / n_splits
    return {
        "auc": float(roc_auc_score(y, scores)),
        "auc_error": _bootstrap_error(y, scores, seed),
        "auc_falls_without": {names[i]: float(falls[i]) for i in np.argsort(-falls)[:10]},
    }


def _bootstrap_error(y: Float64Array, scores: Float64Array, seed: int) -> float:
    rng = np.random.default_rng(seed)
    zeros, ones = scores[y == 0], scores[y == 1]
    values = [
        area_under_curve(rng.choice(zeros, zeros.size), rng.choice(ones, ones.size))
        for _ in range(_N_BOOTSTRAPS)
    ]
    return float(np.std(values))


def area_under_curve(zeros: Float64Array, ones: Float64Array) -> float:
    """Area under the ROC curve of scores of two classes, from their ranks (Mann and Whitney).

    It equals `sklearn.metrics.roc_auc_score`, whose checks of its input take most of the time of
    a bootstrap.
    """
    ranks = rankdata(np.concatenate([zeros, ones]))
    excess = ranks[zeros.size :].sum() - ones.size * (ones.size + 1) / 2
    return float(excess / (zeros.size * ones.size))
