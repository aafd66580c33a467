"""How fast the published architecture embeds on this machine, at each precision.

    python -m benchmarks.encoders.throughput

The full-size model with random weights (370,798,358 numbers) beside a plain eager fp32 forward
of the same weights: explicit softmax in the image blocks, PyTorch's attention in the spectrum
blocks and its MultiheadAttention in the heads, the whole batch at once. All variants take turns
in one process, round after round; every turn's seconds go to `benchmarks/results/embed.json`,
and the table on stdout is computed from the fastest turn of each. With `--threads 1` they are
seconds of the processor, which other programs on the machine lengthen less than the clock's.

On two cores of an AMD EPYC with AVX-512, VNNI and BF16 the committed JSON has images at 1.27 times
the eager rate in fp32, 3.38 in int8 and 2.30 in bf16, and spectra at 1.23, 2.58 and 2.01. It comes
from matrices packed for oneDNN with GELU and residual in the same pass, layer scale in the
weights, and 8-bit products with all 256 steps after a GELU. What did not help, one block on one
thread: feed-forwards in tiles of 288 or 384 rows; attention in bf16, float16 or as softmax between
two products (54, 89 and 57 ms where PyTorch's fused one took 48); contiguous heads.
"""

import argparse
import copy
import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from galsearch.core.errors import ConfigError
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.encoder import EncoderPair, network_outputs
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.inference.precision import Agreement, check_precision
from galsearch.encoders.load import pair_from_model
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from galsearch.encoders.network.pooling import CrossAttention
from galsearch.encoders.network.transformer import ImageAttention

Turn = Callable[[], Any]
PRECISIONS = ("fp32", "int8", "bf16")
MODALITIES = ("image", "spectrum")
PEAK_SIDE = 2048


class EagerAttention(nn.Module):
    """Attention of an image block as DINOv2 writes it without xFormers."""

    def __init__(self, ours: ImageAttention) -> None:
        super().__init__()
        self.ours = ours

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to (B, N, D)."""
        B, N, D = x.shape
        heads = self.ours.n_heads
        qkv = self.ours.qkv(x).reshape(B, N, 3, heads, D // heads).permute(2, 0, 3, 1, 4)
        scores = (qkv[0] * (D // heads) ** -0.5) @ qkv[1].transpose(-2, -1)
        mixed = scores.softmax(-1) @ qkv[2]
        out: Tensor = self.ours.proj(mixed.transpose(1, 2).reshape(B, N, D))
        return out


class EagerPooling(nn.Module):
    """A pooling head as AstroCLIP writes it: keys and values of every token."""

    def __init__(self, ours: CrossAttention, token_width: int) -> None:
        super().__init__()
        width = ours.query.shape[-1]
        self.query, self.layernorm = ours.query, ours.layernorm
        self.attention = nn.MultiheadAttention(
            width, ours.n_heads, kdim=token_width, vdim=token_width, batch_first=True
        )
        self.attention.load_state_dict(ours.multihead_attn.state_dict())

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D) to (B, E)."""
        query = self.query.expand(len(tokens), -1, -1)
        seen, _ = self.attention(query, tokens, tokens, need_weights=False)
        out: Tensor = self.layernorm(seen[:, 0])
        return out


def eager(model: CrossModalModel) -> CrossModalModel:
    """The same weights in the plainest modules."""
    plain = copy.deepcopy(model)
    for module in list(plain.modules()):
        if isinstance(getattr(module, "attn", None), ImageAttention):
            module.attn = EagerAttention(module.attn)  # type: ignore[arg-type]
    for encoder in (plain.image_encoder, plain.spectrum_encoder):
        pooling: Any = EagerPooling(encoder.cross_attention, encoder.backbone.config.width)
        encoder.cross_attention = pooling
    return plain.eval().requires_grad_(requires_grad=False)


def flop_per_item(config: ModelConfig, modality: str) -> float:
    """Multiplications and additions of the blocks' matrices and attention for one item."""
    section: Any = getattr(config, modality)
    # The summary token and 777 slices of 20 pixels for a published spectrum.
    tokens = section.n_patches if modality == "image" else _spectrum_shape(config)[0]
    matrices = 2 * (4 + 2 * section.mlp_ratio) * section.width**2
    return float(section.depth * tokens * (matrices + 4 * tokens * section.width))


def measure(config: ModelConfig, *, n_items: int, n_rounds: int, seed: int) -> dict[str, Any]:
    """Everything measured, and what is needed to judge it."""
    model = initialise(config, seed).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("gamma"):
            # At its initial 1e-5 no block would change anything, and no precision matter.
            parameter.data.fill_(1.0)
    agreements: list[Agreement] = []
    pairs = {
        p: pair_from_model(model, precision=p, report=agreements.append)
        for p in usable_precisions()
    }
    inputs = {kind: torch.randn(n_items, *shape) for kind, shape in shapes(config).items()}
    turns = _turns(eager(model), pairs, inputs)
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    for number in range(n_rounds + 1):
        for name, turn in turns.items():
            start = clock()
            turn()
            if number:  # the first round warms up
                seconds[name].append(round(clock() - start, 4))
    return {
        "config": config.name,
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "n_items": n_items,
        "flop_per_item": {kind: flop_per_item(config, kind) for kind in MODALITIES},
        "seconds": seconds,
        "agreement": [vars(agreement) for agreement in agreements],
        "machine": {
            "platform": platform.platform(),
            "processor": torch.cpu.get_capabilities().get("cpu_name"),
            "capability": torch.backends.cpu.get_cpu_capability(),
            "n_threads": torch.get_num_threads(),
            "load_average": os.getloadavg()[0],
            "torch": torch.__version__,
        },
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": seed,
    }


def usable_precisions() -> list[Any]:
    """Those that this processor gains by."""
    usable = []
    for precision in PRECISIONS:
        try:
            check_precision(precision, "cpu")
        except ConfigError:
            continue
        usable.append(precision)
    return usable


def shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Of one prepared item of each modality."""
    assert config.image is not None  # noqa: S101 (AstroCLIP has both)
    size = config.image.image_size
    return {"image": (config.image.n_bands, size, size), "spectrum": _spectrum_shape(config)}


def _spectrum_shape(config: ModelConfig) -> tuple[int, int]:
    section = config.spectrum
    assert section is not None  # noqa: S101 (AstroCLIP has both)
    return (section.n_pixels - section.slice_step) // section.slice_step + 1, section.n_features


def _turns(
    plain: CrossModalModel, pairs: dict[str, EncoderPair], inputs: dict[str, Tensor]
) -> dict[str, Turn]:
    """Variant and modality -> what embeds all inputs once; and the peak's matrix product."""
    square = torch.randn(PEAK_SIDE, PEAK_SIDE)
    turns: dict[str, Turn] = {"peak": lambda: square @ square}
    for kind, batch in inputs.items():
        turns[f"eager {kind}"] = _eager_turn(getattr(plain, kind), batch)
        for precision, pair in pairs.items():
            turns[f"{precision} {kind}"] = _our_turn(getattr(pair, kind), batch)
    return turns


def _eager_turn(forward: Callable[[Tensor], Tensor], batch: Tensor) -> Turn:
    def turn() -> Tensor:
        with torch.inference_mode():
            return forward(batch)

    return turn


def _our_turn(encoder: Any, batch: Tensor) -> Turn:
    return lambda: network_outputs(encoder, batch)


def table(results: dict[str, Any]) -> str:
    """The results as a Markdown table."""
    fastest = {name: min(seconds) for name, seconds in results["seconds"].items()}
    peak = 2 * PEAK_SIDE**3 / fastest["peak"]
    lines = [
        f"{results['machine']['n_threads']} threads, {results['machine']['capability']}; fp32 "
        f"matrix product of side {PEAK_SIDE}: {peak / 1e9:.0f} GFLOP/s",
        "",
        "| modality | variant | items/s | times eager fp32 | share of that product's rate |",
        "|---|---|---|---|---|",
    ]
    for kind in MODALITIES:
        variants = [name.split()[0] for name in fastest if name.endswith(f" {kind}")]
        for variant in variants:
            rate = results["n_items"] / fastest[f"{variant} {kind}"]
            ratio = fastest[f"eager {kind}"] / fastest[f"{variant} {kind}"]
            share = rate * results["flop_per_item"][kind] / peak
            lines.append(f"| {kind} | {variant} | {rate:.3g} | {ratio:.2f} | {share:.0%} |")
    return "\n".join(lines)


def main() -> int:
    """Measure the published sizes, or those of a JSON file."""
    parser = argparse.ArgumentParser(description="Speed of embedding at each precision.")
    parser.add_argument("--items", type=int, default=8, help="images and spectra a turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every variant")
    parser.add_argument("--threads", type=int, help="default: PyTorch's own choice")
    parser.add_argument("--config", type=Path, help="JSON with other sizes than the published")
    parser.add_argument("--seed", type=int, default=1, help="of weights")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/embed.json")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    sizes = json.loads(arguments.config.read_text()) if arguments.config else None
    config = published_config(Published.ASTROCLIP, sizes)
    results = measure(
        config, n_items=arguments.items, n_rounds=arguments.rounds, seed=arguments.seed
    )
    out = arguments.out or Path(__file__).parents[1] / "results" / "embed.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results) + "\n", encoding="utf-8")
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
