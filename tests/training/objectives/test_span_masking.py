"""Hidden chunks of tokens are the recorded ones; chunks that are sampled keep apart."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from galsearch.core.errors import ConfigError
from tests.reference.masked_modelling import masked_modelling_loss
from tests.reference.parity import assert_agrees
from training.objectives.span_masking import draw_chunk_starts, hidden_tokens, hide_tokens

Recorded = Callable[[str], dict[str, Tensor]]


def test_masked_modelling(recorded: Recorded) -> None:
    record, tokens = recorded("masked_modelling"), recorded("spectrum_out")["tokens"]
    hidden = hidden_tokens(record["mask_starts"], 778)
    assert torch.equal(hidden, record["mask_token_positions"].bool())
    masked = hide_tokens(tokens, hidden)
    assert_agrees(masked, record["masked_tokens"], 0)
    made = record["reconstructions"]
    assert (masked != tokens).sum((1, 2)).tolist() == record["locs_count"].tolist()
    assert_agrees(masked_modelling_loss(made, tokens, masked), record["loss_batch6"])
    assert_agrees(masked_modelling_loss(made[:4], tokens[:4], masked[:4]), record["loss_first4"])
    for i, expected in enumerate(record["loss_per_sample"]):
        rows = slice(i, i + 1)
        published = masked_modelling_loss(made[rows], tokens[rows], masked[rows], if_none=math.nan)
        torch.testing.assert_close(published, expected, rtol=0, atol=2e-5, equal_nan=True)
        assert torch.isfinite(masked_modelling_loss(made[rows], tokens[rows], masked[rows]))


@given(st.integers(0, 2**31))
def test_sampled_chunks_never_touch_and_never_reach_the_end(seed: int) -> None:
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
