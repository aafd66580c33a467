"""Losses, targets and schedules give the reference's numbers; its faults are options or gone."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from galsearch.core.errors import ConfigError
from galsearch.encoders.network.losses import SMALLEST_NORM, clip_logits, clip_loss
from tests.encoders.conftest import agrees
from training.engine.schedules import decay_multiplier, rate_multiplier, warm_up_cosine
from training.objectives.dino_losses import (
    centred_targets,
    dino_loss,
    ibot_loss,
    koleo_loss,
    moved_centre,
    sinkhorn_targets,
)
from training.objectives.span_masking import (
    draw_chunk_starts,
    hidden_tokens,
    hide,
    masked_modelling_loss,
)

Recorded = Callable[[str], dict[str, Tensor]]
TEACHER_TEMPERATURE = 0.055


def test_the_contrastive_loss(recorded: Recorded) -> None:
    given_pairs = recorded("clip")
    image, spectrum = given_pairs["rand_image"], given_pairs["rand_spectrum"]
    normalised = torch.nn.functional.normalize(image, dim=-1, eps=SMALLEST_NORM)
    agrees(normalised, given_pairs["rand_image_normalised"])
    agrees(clip_logits(image, spectrum, 15.5), given_pairs["rand_logits_15p5"])
    agrees(clip_loss(image, spectrum, 15.5), given_pairs["rand_loss_15p5"])
    agrees(clip_loss(image, spectrum, 1.0), given_pairs["rand_loss_1"])
    image = recorded("image_out")["embedding"]
    spectrum = recorded("spectrum_out")["embedding"][:4]
    agrees(clip_logits(image, spectrum, 15.5), given_pairs["tiny_logits_per_image_15p5"])
    for name, scale in (("15p5", 15.5), ("1", 1.0), ("logit", math.log(15.5))):
        agrees(clip_loss(image, spectrum, scale), given_pairs[f"tiny_loss_scale_{name}"])


@given(st.integers(2, 9), st.integers(0, 99))
def test_the_contrastive_loss_is_two_plain_cross_entropies(n: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    image, spectrum = generator.normal(size=(2, n, 5))
    rows = image / np.linalg.norm(image, axis=1, keepdims=True)
    columns = spectrum / np.linalg.norm(spectrum, axis=1, keepdims=True)
    logits, slow = 7.0 * rows @ columns.T, 0.0
    for i in range(n):
        slow -= logits[i, i] - np.log(np.exp(logits[i]).sum())
        slow -= logits[i, i] - np.log(np.exp(logits[:, i]).sum())
    fast = clip_loss(torch.from_numpy(image), torch.from_numpy(spectrum), 7.0)
    assert float(fast) == pytest.approx(slow / (2 * n))


def test_masked_modelling(recorded: Recorded) -> None:
    record, tokens = recorded("masked_modelling"), recorded("spectrum_out")["tokens"]
    hidden = hidden_tokens(record["mask_starts"], 778)
    assert torch.equal(hidden, record["mask_token_positions"].bool())
    masked = hide(tokens, hidden)
    agrees(masked, record["masked_tokens"], 0)
    made = record["reconstructions"]
    assert (masked != tokens).sum((1, 2)).tolist() == record["locs_count"].tolist()
    agrees(masked_modelling_loss(made, tokens, masked), record["loss_batch6"])
    agrees(masked_modelling_loss(made[:4], tokens[:4], masked[:4]), record["loss_first4"])
    for i, expected in enumerate(record["loss_per_sample"]):
        rows = slice(i, i + 1)
        published = masked_modelling_loss(made[rows], tokens[rows], masked[rows], if_none=math.nan)
        torch.testing.assert_close(published, expected, rtol=0, atol=2e-5, equal_nan=True)
        assert torch.isfinite(masked_modelling_loss(made[rows], tokens[rows], masked[rows]))


def test_reconstructions_of_masked_tokens(recorded: Recorded, astroclip) -> None:
    record = recorded("masked_modelling")
    made = astroclip.spectrum_encoder.backbone.reconstruct(record["masked_tokens"])
    agrees(made, record["reconstructions"])


@given(st.integers(0, 2**31))
def test_drawn_chunks_never_touch_and_never_reach_the_end(seed: int) -> None:
    starts = draw_chunk_starts(4, 778, generator=torch.Generator().manual_seed(seed))
    assert (starts.diff(dim=1) > 50).all()
    hidden = hidden_tokens(starts, 778)
    assert hidden.sum(1).tolist() == [300] * 4
    assert not hidden[:, 776:].any()


def test_chunks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        draw_chunk_starts(1, 300)
    assert str(caught.value) == (
        "6 chunks of 50 tokens and a gap after each need 306 tokens, found 300."
    )


def test_self_distillation(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    centre = record["dino_center_before"]
    targets = centred_targets(record["teacher_logits"], centre, TEACHER_TEMPERATURE)
    probabilities = record["dino_teacher_probs"]
    agrees(targets.view(2, 4, -1), probabilities)
    agrees(moved_centre(centre, record["teacher_logits"]), record["dino_center_after"])
    views = list(probabilities)
    n_terms = 2 + 2 * 8
    local = dino_loss(list(record["student_local_logits"].chunk(8)), views) / n_terms
    agrees(local, record["dino_local_loss"])
    # The record holds the teacher's views exchanged: each crop meets the other one's target.
    exchanged = probabilities.flatten(0, 1)
    both = 2 * dino_loss([record["student_global_logits"]], [exchanged]) / n_terms
    agrees(both, record["dino_global_loss"])
    total = local + both + record["ibot_loss"] + record["koleo_loss_weighted"]
    agrees(total, record["total_loss"])


def test_sinkhorns_targets(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    ours = sinkhorn_targets(record["teacher_logits"], TEACHER_TEMPERATURE)
    agrees(ours, record["sinkhorn_teacher_probs"])
    agrees(ours.sum(1), torch.ones(8))


def test_masked_patches(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    centre = record["ibot_center_before"]
    targets = centred_targets(record["ibot_teacher_logits"], centre[0], TEACHER_TEMPERATURE)
    agrees(targets, record["ibot_teacher_probs"])
    agrees(moved_centre(centre, record["ibot_teacher_logits"]), record["ibot_center_after"])
    masks = record["ibot_masks"].bool()
    agrees(ibot_loss(record["ibot_student_logits"], targets, masks), record["ibot_loss"])


def test_spreading_out(recorded: Recorded) -> None:
    record = recorded("dino_losses")
    ours = 0.1 * sum(koleo_loss(chunk) for chunk in record["koleo_in"].chunk(2))
    agrees(torch.as_tensor(ours), record["koleo_loss_weighted"])


def test_learning_rates_of_the_published_runs(parity: Path) -> None:
    record = json.loads((parity / "schedules.json").read_text())
    for steps, rates, run in (
        ("clip_steps", "clip_lr", {"peak": 1e-4, "n_steps": 10_000, "n_warm_up": 1_000}),
        ("spec_steps", "spec_lr", {"peak": 1e-5, "n_steps": 500_000, "n_warm_up": 2_000}),
    ):
        ours = [warm_up_cosine(step, **run) for step in record[steps]]
        np.testing.assert_allclose(ours, record[rates], rtol=1e-6, atol=1e-15)


def test_schedules_of_astrodino(parity: Path) -> None:
    record = json.loads((parity / "schedules.json").read_text())
    runs = {
        "lr": {"peak": 2e-4 * math.sqrt(1440 / 1024), "final": 1e-6, "n_warm_up": 40_000},
        "wd": {"peak": 0.001, "final": 0.01},
        "momentum": {"peak": 0.992, "final": 1.0},
        "teacher_temp": {
            "peak": 0.07, "final": 0.07, "n_warm_up": 37_500, "start": 0.04,
        },
    }  # fmt: skip
    for name, run in runs.items():
        ours = [
            warm_up_cosine(step, n_steps=250_000, peak_ends_warm_up=True, **run)
            for step in record["iterations"]
        ]
        np.testing.assert_allclose(ours, record[name], rtol=1e-6, err_msg=name)


def test_multipliers_of_every_parameter(parity: Path) -> None:
    path = parity / "real_keys" / "astrodino_lr_wd_multipliers.json"
    listed = json.loads(path.read_text())
    assert len(listed) == 343
    for name, (rate, decay, _) in listed.items():
        assert rate_multiplier(name, depth=24) == pytest.approx(rate, rel=1e-6), name
        assert decay_multiplier(name) == decay, name
