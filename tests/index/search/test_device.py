"""A device is refused where it is unknown, and GPUs where FAISS sees none."""

import pytest

from galsearch.core.errors import ConfigError, NoGpuError
from galsearch.index.search import device
from galsearch.index.search.device import check_device


@pytest.mark.parametrize("n_gpus", [0, 1])
def test_the_cpu_and_the_automatic_choice_need_no_gpu(
    n_gpus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "n_gpus", lambda: n_gpus)
    check_device("cpu")
    check_device("auto")


def test_gpus_are_refused_only_where_faiss_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "n_gpus", lambda: 0)
    with pytest.raises(NoGpuError) as caught:
        check_device("gpu")
    assert str(caught.value) == "device = 'gpu', and FAISS sees no GPU."
    monkeypatch.setattr(device, "n_gpus", lambda: 2)
    check_device("gpu")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        check_device("tpu")
    assert str(caught.value) == "device = 'tpu' is none of auto, cpu, gpu."
