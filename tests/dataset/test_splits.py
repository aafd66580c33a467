"""The set of a galaxy depends on its TARGETID alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import InvalidTargetIdError
from galsearch.dataset import split_of

IDS = st.integers(1, 2**63 - 1)


def slow_split(target_id: int) -> str:
    """splitmix64 in Python's unbounded integers."""
    whole = 2**64 - 1
    value = (target_id + 0x9E3779B97F4A7C15) & whole
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & whole
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & whole
    tenth = (value ^ (value >> 31)) % 10
    return "train" if tenth < 8 else "validation" if tenth == 8 else "test"


@given(st.lists(IDS, max_size=30))
def test_splits_equal_those_of_plain_integers(ids):
    assert split_of(np.array(ids, np.int64)).tolist() == [slow_split(i) for i in ids]


def test_the_hash_is_the_published_splitmix64():
    # The reference implementation's first output for the seed 1234567.
    whole = 2**64 - 1
    value = (1234567 + 0x9E3779B97F4A7C15) & whole
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & whole
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & whole
    assert value ^ (value >> 31) == 6457827717110365317


@given(st.lists(IDS, min_size=1, max_size=10), st.randoms())
def test_the_set_of_a_galaxy_does_not_depend_on_other_galaxies(ids, random):
    shuffled = list(ids)
    random.shuffle(shuffled)
    whole = dict(zip(ids, split_of(ids).tolist(), strict=True))
    assert split_of(shuffled).tolist() == [whole[i] for i in shuffled]


def test_about_eight_tenths_are_for_training():
    splits = split_of(39627848784286003 + np.arange(100_000))
    fractions = {name: float(np.mean(splits == name)) for name in ("train", "validation", "test")}
    assert fractions == pytest.approx({"train": 0.8, "validation": 0.1, "test": 0.1}, abs=0.005)


def test_no_galaxies_give_an_empty_array():
    assert split_of(np.zeros(0, np.int64)).shape == (0,)


def test_float_ids_are_refused():
    with pytest.raises(InvalidTargetIdError):
        split_of(np.array([1.0]))
