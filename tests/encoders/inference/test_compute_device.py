"""Devices are named, and a device that is missing or fails is an error that says so."""

import pytest
import torch

from galsearch.core.errors import ConfigError, DeviceFailedError, NoGpuError
from galsearch.encoders import load
from galsearch.encoders.inference.compute_device import (
    choose_device,
    default_precision,
    device_failures,
    device_name,
    free_bytes,
)

CPU, GPU = torch.device("cpu"), torch.device("cuda", 1)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch as it answers on a machine with two GPUs."""
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H100 80GB HBM3")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1000, 8000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 300)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 100)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        load(device="gpu")
    assert str(caught.value) == "device = 'gpu'; expected auto, cpu, cuda or cuda:N."


def test_the_cpu_is_chosen_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == CPU
    assert (default_precision(CPU), device_name(CPU), free_bytes(CPU)) == ("fp32", "cpu", None)


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_is_chosen_where_there_is_one() -> None:
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda", 0)
    assert choose_device("cuda:1") == GPU
    assert default_precision(GPU) == "bf16"
    assert device_name(GPU) == "cuda (NVIDIA H100 80GB HBM3)"
    assert free_bytes(GPU) == 1200


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(NoGpuError) as caught:
        choose_device("cuda:2")
    assert str(caught.value) == "device = 'cuda:2', and PyTorch sees 2 GPU(s), from cuda:0."


def test_a_pytorch_without_cuda_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(NoGpuError) as caught:
        choose_device("cuda")
    assert str(caught.value) == (
        f"device = 'cuda', and this PyTorch ({torch.__version__}) was built without CUDA."
    )


def test_a_machine_without_gpu_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NoGpuError) as caught:
        choose_device("cuda:0")
    assert str(caught.value) == (
        f"device = 'cuda:0', and PyTorch {torch.__version__}, built for CUDA 12.8, sees no GPU."
    )


def test_a_failure_of_a_gpu_is_an_error_of_galsearch() -> None:
    with pytest.raises(DeviceFailedError) as caught, device_failures(GPU):
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nmore lines")
    assert str(caught.value) == (
        "the device cuda:1 failed: CUDA error: an illegal memory access was encountered."
    )


@pytest.mark.parametrize(
    ("device", "error"),
    [
        (CPU, RuntimeError("CUDA error: none")),
        (GPU, RuntimeError("shapes differ")),
        (GPU, torch.OutOfMemoryError("CUDA out of memory")),
    ],
)
def test_other_errors_stay_as_they_are(device: torch.device, error: RuntimeError) -> None:
    with pytest.raises(type(error)) as caught, device_failures(device):
        raise error
    assert caught.value is error
