"""Searching an opened index on GPUs: the neighbours of the host, and devices that are refused.

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
def test_an_index_opened_on_gpus_answers_and_filters_as_on_the_host(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    recipe = IndexRecipe(family="ivfsq", n_lists=4, n_probe=4, n_tuning_queries=20)
    embeddings = make_sky(1500).write(tmp_path)
    build_index(recipe, embeddings=embeddings, out=tmp_path / "build")
    host, there = (open_build(tmp_path / "build", device=where) for where in ("cpu", "gpu"))
    assert host.modality(Modality.IMAGE).on_gpu is None
    assert there.modality(Modality.IMAGE).on_gpu is not None
    queries = host.stored(Modality.IMAGE).take(np.arange(20))
    chosen = [
        i.row_filter(host.stored(Modality.IMAGE).ids[::2], Modality.IMAGE) for i in (host, there)
    ]
    for here, on_gpu in ((None, None), chosen):
        answers = [
            index.search(queries, among=Modality.IMAGE, k=5, row_filter=row_filter)
            for index, row_filter in ((host, here), (there, on_gpu))
        ]
        own, other = answers
        np.testing.assert_array_equal(own.target_ids, other.target_ids)
        np.testing.assert_array_equal(own.similarity, other.similarity)


def test_a_device_that_is_none_or_not_there_is_refused(
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
