"""One execution of a reader, within bounds of memory and time; whatever is wrong is a finding."""

import resource
import sys
import time
import traceback
from dataclasses import dataclass, field

from benchmarks.faults.fuzz.targets.fuzz_target import Read
from galsearch.core.errors import GalsearchError

MAX_SECONDS = 5.0
"""Processor time that the reader of one content may take."""
MAX_BYTES = 512 << 20
"""Memory by which all contents of a process together may raise its peak. A content that takes as
much as an earlier one is not noticed, and one that takes more than the bound is."""
MAX_CONTENT_BYTES = 65_536
"""Largest content that is read."""
_SHOWN_FRAMES = 3


@dataclass
class BoundedReader:
    """A reader whose executions are counted, timed and weighed."""

    read: Read
    n_executions: int = 0
    n_refused: int = 0
    """Number of contents that the reader refused with an error of galsearch."""
    slowest_seconds: float = 0.0
    growth_bytes: int = 0
    """Largest growth of the peak memory of the process since the first execution."""
    _peak_bytes: int = field(default_factory=lambda: peak_bytes())

    def execute(self, content: bytes) -> str | None:
        """Read a content; a description of what is wrong, or None.

        Parameters
        ----------
        content
            The content of a file.
        """
        self.n_executions += 1
        problem = None
        start = time.process_time()
        try:
            self.read(content)
        except GalsearchError:
            self.n_refused += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # such as the panic of a library in Rust
            problem = _described(error)
        seconds = time.process_time() - start
        growth = peak_bytes() - self._peak_bytes
        if problem is None and seconds > MAX_SECONDS:
            problem = f"took more than {MAX_SECONDS:g} s of processor time"
        if problem is None and growth > max(MAX_BYTES, self.growth_bytes):
            problem = f"took more than {MAX_BYTES >> 20} MiB of memory"
        self.slowest_seconds = max(self.slowest_seconds, seconds)
        self.growth_bytes = max(self.growth_bytes, growth)
        return problem


def peak_bytes() -> int:
    """Largest memory that this process has had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _described(error: BaseException) -> str:
    """Class and place of an exception, without values that differ between contents."""
    frames = [
        f"{frame.filename.rpartition('/')[2]}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-_SHOWN_FRAMES:]
    ]
    return f"{type(error).__name__} in {' > '.join(frames)}"
