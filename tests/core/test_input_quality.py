"""Reasons of quality are bits with names, and every one applies to a modality."""

from galsearch.core.input_quality import REASONS, InputQuality


def test_every_reason_is_a_bit_of_its_own_and_applies_to_a_modality() -> None:
    bits = [int(reason) for reason in InputQuality]
    assert bits == [1 << i for i in range(len(bits))]
    assert {r for reasons in REASONS.values() for r in reasons} == set(InputQuality)


def test_reasons_are_named_in_the_order_of_their_bits() -> None:
    both = InputQuality.DEPTH_UNUSUAL | InputQuality.ARM_MISSING
    assert InputQuality(int(both)).names == ("arm_missing", "depth_unusual")
    assert InputQuality(0).names == ()
