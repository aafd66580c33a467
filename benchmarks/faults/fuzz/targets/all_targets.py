"""Every target by its name."""

from benchmarks.faults.fuzz.targets.fits_targets import FITS_TARGETS
from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget
from benchmarks.faults.fuzz.targets.record_targets import RECORD_TARGETS
from benchmarks.faults.fuzz.targets.table_targets import TABLE_TARGETS
from benchmarks.faults.fuzz.targets.word_targets import WORD_TARGETS

TARGETS: dict[str, FuzzTarget] = {
    target.name: target
    for target in (*FITS_TARGETS, *TABLE_TARGETS, *RECORD_TARGETS, *WORD_TARGETS)
}
