"""Access to the lists inside FAISS: codes of fast scan packed, unpacked and sorted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.ivf.faiss_lists import pack_codes, remap_list, rows_of_list, unpack_codes
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory


@given(n=st.integers(1, 4), width=st.integers(1, 5), seed=st.integers(0, 20))
def test_packing_is_the_inverse_of_unpacking(n: int, width: int, seed: int) -> None:
    blocks = np.random.default_rng(seed).integers(0, 256, (n, width, 32)).astype(np.uint8)
    assert np.array_equal(pack_codes(unpack_codes(blocks)), blocks)


@pytest.mark.parametrize("n_codes", [7, 32])
def test_a_sorted_list_of_fast_scan_equals_one_filled_in_order(n_codes: int) -> None:
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


def test_rows_of_a_list_are_those_that_were_added_to_it() -> None:
    lists = filled_lists(stored_in_memory(random_unit_vectors(600, 8, 1)), n_lists=4)
    rows = [rows_of_list(lists.faiss_index, number) for number in range(4)]
    assert sorted(np.concatenate(rows)) == list(range(600))
