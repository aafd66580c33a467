"""Opening an index on a device: the same neighbours on GPUs as on the CPU, and refused devices.

Two GPUs are replaced by clones on the CPU, so the tests show that the right vectors are passed on,
and nothing about a GPU.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import ConfigError, NoGpuError
from galsearch.core.modality import Modality
from galsearch.index import build_index, open_build
from galsearch.index.ivf import gpu_lists
from galsearch.index.ivf.faiss_api import faiss, n_gpus
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search import device


@pytest.fixture
def two_simulated_gpus(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two devices that are clones on the CPU."""
    monkeypatch.setattr(gpu_lists, "n_gpus", lambda: 2)
    monkeypatch.setattr(device, "n_gpus", lambda: 2)
    monkeypatch.setattr(gpu_lists, "copy_to_gpu", lambda index, *_: faiss.clone_index(index))
    return monkeypatch


@pytest.mark.usefixtures("two_simulated_gpus")
def test_an_index_on_gpus_has_the_neighbours_of_the_cpu_with_and_without_filter(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    recipe = IndexRecipe(family="ivfsq", n_lists=4, n_probe=4, n_tuning_queries=20)
    embeddings = make_sky(1500).write(tmp_path)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "build")
    on_cpu, on_gpus = (open_build(tmp_path / "build", device=where) for where in ("cpu", "gpu"))
    assert on_cpu.modality(Modality.IMAGE).on_gpu is None
    assert on_gpus.modality(Modality.IMAGE).on_gpu is not None
    queries = on_cpu.stored(Modality.IMAGE).take(np.arange(20))
    allowed = on_cpu.stored(Modality.IMAGE).ids[::2]
    row_filters = [index.row_filter(allowed, Modality.IMAGE) for index in (on_cpu, on_gpus)]
    for first, second in ((None, None), row_filters):
        results = [
            index.search(queries, among=Modality.IMAGE, k=5, row_filter=row_filter)
            for index, row_filter in ((on_cpu, first), (on_gpus, second))
        ]
        own, other = results
        np.testing.assert_array_equal(own.target_ids, other.target_ids)
        np.testing.assert_array_equal(own.similarity, other.similarity)


def test_an_unknown_or_missing_device_is_refused(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_build(tmp_path, device="tpu")  # type: ignore[arg-type]
    assert str(caught.value) == "device = 'tpu' is none of auto, cpu, gpu."
    build_index(IndexRecipe(), embeddings=make_sky(50).write(tmp_path), out=tmp_path / "build")
    open_build(tmp_path / "build", device="auto").modality(Modality.IMAGE)
    if not n_gpus():
        with pytest.raises(NoGpuError) as caught:
            open_build(tmp_path / "build", device="gpu")
        assert str(caught.value) == "device = 'gpu', and FAISS sees no GPU."
