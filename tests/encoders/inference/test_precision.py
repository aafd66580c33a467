"""A lower precision is compared with fp32 on the first batch, and refused where it is poor."""

import numpy as np
import pytest
import torch

from galsearch.core.errors import ConfigError
from galsearch.encoders import initialise, load
from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.inference import precision
from galsearch.encoders.load import pair_from_model


@pytest.fixture(scope="module")
def raw() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    return {
        "image": generator.normal(0.02, 0.02, (5, 3, 96, 96)).astype(np.float32),
        "spectrum": generator.normal(1, 0.5, (5, 7781)).astype(np.float32),
    }


@pytest.mark.parametrize("kind", ["image", "spectrum"])
def test_the_reported_agreement_of_int8_is_the_measured_one(
    raw: dict[str, np.ndarray], kind: str
) -> None:
    model = initialise(GALSEARCH_SMALL, seed=1)
    reported = []
    low = getattr(pair_from_model(model, precision="int8", report=reported.append), kind).embed(
        raw[kind]
    )
    exact = getattr(pair_from_model(model), kind).embed(raw[kind])
    cosines = (low * exact).sum(axis=1)
    assert len(reported) == 1
    assert reported[0].n_compared == 5
    assert reported[0].least_cosine == pytest.approx(cosines.min(), abs=1e-5)
    assert reported[0].median_cosine == pytest.approx(np.median(cosines), abs=1e-5)
    assert 0.99 < cosines.min() < 1
    assert str(reported[0]).startswith(
        f"int8 compared with fp32 on 5 {kind} embeddings: smallest cosine 0.9"
    )


def test_int8_is_compared_once_and_does_not_depend_on_the_batch(
    raw: dict[str, np.ndarray],
) -> None:
    reported = []
    pair = pair_from_model(
        initialise(GALSEARCH_SMALL, seed=1), precision="int8", report=reported.append
    )
    whole = pair.image.embed(raw["image"])
    alone = np.concatenate([pair.image.embed(raw["image"][i : i + 1]) for i in range(5)])
    assert len(reported) == 1
    # Where rounding differs, a token near the middle of two steps may be rounded to either.
    assert (whole * alone).sum(axis=1).min() > 0.9999


def test_weights_that_lose_too_much_in_int8_are_refused(
    raw: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "MIN_MEDIAN_COSINE", 1.0)
    pair = pair_from_model(initialise(GALSEARCH_SMALL, seed=1), precision="int8")
    with pytest.raises(ConfigError) as caught:
        pair.image.embed(raw["image"])
    assert str(caught.value).endswith(
        "expected at least 0.95 and 1.0. These weights are not accurate enough in int8: use fp32."
    )


def test_the_shipped_weights_keep_their_accuracy_in_int8(raw: dict[str, np.ndarray]) -> None:
    reported = []
    load(precision="int8", report=reported.append).image.embed(raw["image"])
    assert reported[0].median_cosine > 0.99


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        load(precision="int4")  # type: ignore[arg-type]
    assert str(caught.value) == "precision is 'int4'; expected one of fp32, int8, bf16."


def test_a_pytorch_without_onednn_offers_no_int8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.raises(ConfigError) as caught:
        load(precision="int8")
    assert str(caught.value) == (
        "this PyTorch was built without oneDNN, which int8 needs: use fp32."
    )


def test_a_pytorch_that_does_not_tell_of_bf16_arithmetic_has_other_precisions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    precision.check_precision("fp32", "cpu")
    precision.check_precision("bf16", "cuda")
    with pytest.raises(ConfigError, match="this processor has no bfloat16 arithmetic"):
        precision.check_precision("bf16", "cpu")
