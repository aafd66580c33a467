"""The benchmark of embedding speed runs at toy size and counts its operations correctly."""

import json
import sys

import pytest

from benchmarks.encoders import throughput
from galsearch.encoders.astroclip.published import Published, published_config


def test_every_variant_is_measured_and_shown(toy_sizes, tmp_path, monkeypatch, capsys) -> None:
    sizes, out = tmp_path / "toy.json", tmp_path / "results" / "embed.json"
    sizes.write_text(json.dumps(toy_sizes))
    arguments = ["throughput", "--config", str(sizes), "--items", "3", "--rounds", "2"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--out", str(out)])
    assert throughput.main() == 0
    results = json.loads(out.read_text())
    variants = ["eager", *throughput.usable_precisions()]
    names = {f"{variant} {kind}" for variant in variants for kind in throughput.MODALITIES}
    assert set(results["seconds"]) == {"peak", *names}
    assert all(len(runs) == 2 for runs in results["seconds"].values())
    assert {entry["precision"] for entry in results["agreement"]} == set(variants[2:])
    table = capsys.readouterr().out
    assert all(f"| {name.split()[1]} | {name.split()[0]} |" in table for name in names)


def test_operations_are_counted_at_published_size() -> None:
    config = published_config(Published.ASTROCLIP)
    assert throughput.flop_per_item(config, "image") == pytest.approx(87e9 + 2e9, rel=0.02)
    assert throughput.flop_per_item(config, "spectrum") == pytest.approx(66e9 + 11e9, rel=0.02)
