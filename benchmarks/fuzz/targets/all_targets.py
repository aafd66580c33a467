"""Every target by its name."""

from benchmarks.fuzz.targets.fits_targets import FITS_TARGETS
from benchmarks.fuzz.targets.fuzz_target import FuzzTarget
from benchmarks.fuzz.targets.record_targets import RECORD_TARGETS
from benchmarks.fuzz.targets.table_targets import TABLE_TARGETS
from benchmarks.fuzz.targets.word_targets import WORD_TARGETS

TARGETS: dict[str, FuzzTarget] = {
    target.name: target
    for target in (*FITS_TARGETS, *TABLE_TARGETS, *RECORD_TARGETS, *WORD_TARGETS)
}
