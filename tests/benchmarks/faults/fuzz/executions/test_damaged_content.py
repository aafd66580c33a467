"""Damage depends on the seed alone, and every kind of it occurs."""

from benchmarks.faults.fuzz.executions.damaged_content import damaged


def test_equal_seeds_give_equal_damage() -> None:
    content = b"SIMPLE  =                    T".ljust(80) + b"NAXIS   =                    3".ljust(
        80
    )
    copies = [damaged(content, [b"'RICE_1'"], seed) for seed in range(200)]
    assert copies == [damaged(content, [b"'RICE_1'"], seed) for seed in range(200)]
    assert len(set(copies)) > 150
    assert any(b"NAXIS   = 'RICE_1' " in copy for copy in copies)
    assert any(b"18446744073709551616" in copy for copy in copies)
    assert {len(copy) < len(content) for copy in copies} == {True, False}


def test_a_header_of_less_than_a_card_is_damaged_too() -> None:
    assert len({damaged(b"SIMPLE  =", [], seed) for seed in range(50)}) > 5


def test_an_empty_content_may_get_words() -> None:
    assert {damaged(b"", [], seed) for seed in range(50)} == {b""}
    assert b"a" in {damaged(b"", [b"a"], seed) for seed in range(50)}
