"""The benchmark of embedding speed runs whole at toy size, and counts what it claims."""

import json
import sys

import pytest
import torch

from benchmarks.encoders import throughput as embed
from galsearch.encoders.astroclip.published import Published, published_config

TOY = {
    "image": {"embed_dim": 16, "depth": 2, "num_heads": 2, "block_chunks": 1},
    "specformer": {"embed_dim": 24, "num_layers": 1, "num_heads": 2},
    "head": {
        "embed_dim": 16,
        "n_head": 2,
        "image_model_embed_dim": 16,
        "spectrum_model_embed_dim": 24,
    },
}


@pytest.fixture
def toy():
    return published_config(Published.ASTROCLIP, TOY)


def test_every_variant_is_measured_and_shown(tmp_path, monkeypatch, capsys) -> None:
    sizes, out = tmp_path / "toy.json", tmp_path / "results" / "embed.json"
    sizes.write_text(json.dumps(TOY))
    arguments = ["embed", "--config", str(sizes), "--items", "3", "--rounds", "2"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--out", str(out)])
    assert embed.main() == 0
    results = json.loads(out.read_text())
    variants = ["eager", *embed.usable_precisions()]
    names = {f"{variant} {kind}" for variant in variants for kind in embed.MODALITIES}
    assert set(results["seconds"]) == {"peak", *names}
    assert all(len(turns) == 2 for turns in results["seconds"].values())
    assert {entry["precision"] for entry in results["agreement"]} == set(variants[2:])
    table = capsys.readouterr().out
    assert all(f"| {name.split()[1]} | {name.split()[0]} |" in table for name in names)


def test_the_eager_forward_is_the_same_network(toy) -> None:
    model = embed.initialise(toy, 1).eval()
    plain = embed.eager(model)
    with torch.inference_mode():
        for kind, shape in embed.shapes(toy).items():
            batch = torch.randn(2, *shape)
            torch.testing.assert_close(
                getattr(plain, kind)(batch), getattr(model, kind)(batch), rtol=0, atol=2e-5
            )


def test_operations_are_counted_at_published_size() -> None:
    config = published_config(Published.ASTROCLIP)
    assert embed.flop_per_item(config, "image") == pytest.approx(87e9 + 2e9, rel=0.02)
    assert embed.flop_per_item(config, "spectrum") == pytest.approx(66e9 + 11e9, rel=0.02)
