"""Galaxies a second of `embed_dataset`, beside plain PyTorch with the same weights.

The time of one galaxy in reading, in preparation and in the network is measured beside, each alone
and with one thread, so that it shows which of them limits the rate.
"""

import copy
import dataclasses
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.random_dataset import write_random_dataset
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.embeddings import embed_dataset
from galsearch.embeddings.embed_run.embed_batch import prepare_batch
from galsearch.embeddings.embed_task import tasks_of
from galsearch.encoders import EncoderPair, checkpoint, initialise, load
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.network.cross_modal_model import CrossModalModel

BATCH = 256
"""Number of galaxies at a time in plain PyTorch."""


def measure_embedding(folder: Path, device: str, *, n: int, tiny: bool) -> dict[str, Any]:
    """Galaxies a second of each modality, and the time shares of their embedding.

    Parameters
    ----------
    folder
        Directory in which the dataset and the embeddings are written.
    n
        Number of galaxies.
    tiny
        Use the shipped weights in place of random ones of AstroCLIP's size.
    """
    dataset = write_random_dataset(folder / "dataset", n)
    weights: str | Path = "galsearch-small"
    if not tiny:
        weights = folder / "weights.safetensors"
        checkpoint.save(weights, random_astroclip())
    pair = load(weights, device=device)
    found: dict[str, Any] = {"device": pair.image.device_name, "n_galaxies": n}
    for modality in Modality:
        one = single(pair, modality)
        seconds = []
        for number in range(2):  # The first run compiles kernels and reads the files into memory.
            out = folder / f"{modality}-{number}"
            start = time.perf_counter()
            embed_dataset(dataset, out, encoder=one)
            seconds.append(time.perf_counter() - start)
        found[modality.value] = {
            "embed_dataset_per_second": n / min(seconds),
            "precision": getattr(pair, modality).precision,
            "batch_size": getattr(pair, modality).batch_size,
            **shares(dataset, one, folder, modality),
        }
    for name, rate in plain_rates(weights, device, tiny=tiny).items():
        ours = found[name]["embed_dataset_per_second"]
        found[name] |= {"plain_torch_per_second": rate, "share_of_plain": ours / rate}
    return found


def random_astroclip() -> CrossModalModel:
    """A model of the published size with random weights."""
    model = initialise(published_config(Published.ASTROCLIP), 1)
    for name, weight in model.named_parameters():
        if name.endswith("gamma"):
            weight.data.fill_(1.0)
    return model


def single(pair: EncoderPair, modality: Modality) -> EncoderPair:
    """The pair with the encoder of one modality only."""
    if modality is Modality.IMAGE:
        return dataclasses.replace(pair, spectrum_encoder=None)
    return dataclasses.replace(pair, image_encoder=None)


def shares(dataset: Path, pair: EncoderPair, folder: Path, modality: Modality) -> dict[str, float]:
    """Microseconds for one galaxy of reading, of preparation with transfer, and of the network."""
    source = open_dataset(dataset)
    (task,) = tasks_of(source, folder / "unused", pair)
    partition = source.partitions[0]
    start = time.perf_counter()
    batches = list(itertools.islice(partition.batches(BATCH, modalities=[modality]), 4))
    read = time.perf_counter() - start
    start = time.perf_counter()
    prepared = [prepare_batch(task, batch) for batch in batches]
    prepare = time.perf_counter() - start
    encoder = getattr(pair, modality)
    start = time.perf_counter()
    waits = [encoder.start(some.inputs) for some in prepared]
    for wait in waits:
        wait()
    network = time.perf_counter() - start
    per_galaxy = 1e6 / sum(len(batch) for batch in batches)
    return {
        "read_us": read * per_galaxy,
        "prepare_and_transfer_us": prepare * per_galaxy,
        "network_us": network * per_galaxy,
    }


def plain_rates(weights: str | Path, device: str, *, tiny: bool) -> dict[str, float]:
    """Galaxies a second of plain PyTorch by modality: bf16 weights on a GPU, 256 at a time."""
    pair = load(weights)
    model = random_astroclip() if not tiny else checkpoint.read(_shipped())
    where = torch.device("cuda" if device == "auto" and torch.cuda.is_available() else device)
    model = copy.deepcopy(model).eval().to(where)
    dtype = torch.float32 if where.type == "cpu" or tiny else torch.bfloat16
    model, n = model.to(dtype), 8 if tiny else BATCH
    image, spectrum = pair.config.image, pair.config.spectrum
    assert image is not None and spectrum is not None  # noqa: S101, PT018 (both kinds have both)
    size, n_tokens = image.image_size, spectrum.max_tokens
    images = torch.randn(n, image.n_bands, size, size, device=where, dtype=dtype)
    spectra = torch.randn(n, n_tokens, spectrum.n_features, device=where, dtype=dtype)
    return {
        "image": n / _seconds(lambda: model.image(images), where),
        "spectrum": n / _seconds(lambda: model.spectrum(spectra), where),
    }


def _shipped() -> Path:
    from galsearch.encoders.load import _find

    return _find("galsearch-small")


def _seconds(forward: Callable[[], Any], device: torch.device, *, repeats: int = 5) -> float:
    """Seconds of one call, without those of the first."""
    with torch.inference_mode():
        forward()
        _wait(device)
        start = time.perf_counter()
        for _ in range(repeats):
            forward()
        _wait(device)
    return (time.perf_counter() - start) / repeats


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
