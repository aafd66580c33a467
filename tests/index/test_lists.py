"""Inverted lists: a question's candidates are its own, however many ask beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.build.quantisers import train
from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.ivf.faiss_lists import pack_codes, remap_list, unpack_codes
from galsearch.index.ivf.inverted_lists import locality_order
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment


@pytest.mark.parametrize("family", ["ivfsq", "ivfpq", "fastscan"])
def test_many_questions_get_what_each_gets_alone(family: Any, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    vectors = generator.normal(size=(2000, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    stored = StoredVectors([VectorSegment.in_memory(np.arange(2000, dtype=np.int64), vectors)])
    recipe = IndexRecipe(family=family, n_lists=16)
    lists = train(recipe, stored, share=1.0).index(recipe, stored, tmp_path, lambda *_: None).lists
    assert lists is not None
    questions = vectors[generator.permutation(300)]
    together = lists.candidates(questions, n=15, n_probe=4)
    alone = [lists.candidates(questions[at : at + 1], n=15, n_probe=4)[0] for at in range(300)]
    # Fast scan breaks ties of its coarse estimates as they come.
    same = np.mean([len(np.intersect1d(a, b)) / 15 for a, b in zip(alone, together, strict=True)])
    assert same == 1 if family != "fastscan" else same > 0.98


@given(n=st.integers(1, 300), dim=st.integers(1, 3), seed=st.integers(0, 5))
def test_an_order_of_questions_names_each_once(n: int, dim: int, seed: int) -> None:
    questions = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    assert sorted(locality_order(questions).tolist()) == list(range(n))


@given(n=st.integers(1, 4), width=st.integers(1, 5), seed=st.integers(0, 20))
def test_packing_brings_back_what_unpacking_took_apart(n: int, width: int, seed: int) -> None:
    blocks = np.random.default_rng(seed).integers(0, 256, (n, width, 32)).astype(np.uint8)
    assert np.array_equal(pack_codes(unpack_codes(blocks)), blocks)


@pytest.mark.parametrize("n_codes", [7, 32])
def test_a_sorted_list_of_fast_scan_is_as_if_it_had_come_in_order(n_codes: int) -> None:
    generator = np.random.default_rng(3)
    vectors = generator.normal(size=(1000, 2 * n_codes)).astype(np.float32)
    order = generator.permutation(1000)
    flat = faiss.IndexFlatL2(2 * n_codes)
    index = faiss.IndexIVFPQFastScan(flat, 2 * n_codes, 3, n_codes, 4, faiss.METRIC_L2)
    index.train(vectors)
    mixed = faiss.clone_index(index)
    index.add(vectors)
    mixed.add(vectors[order])
    for number in range(3):
        remap_list(mixed, number, order)
    found, wanted = (each.search(vectors[:50], 20)[1] for each in (mixed, index))
    assert np.array_equal(found, wanted)
    for number in range(3):
        n = index.invlists.list_size(number) // 32 * 32 * index.code_size
        codes = [faiss.rev_swig_ptr(i.invlists.get_codes(number), n) for i in (mixed, index)]
        assert np.array_equal(*codes)
