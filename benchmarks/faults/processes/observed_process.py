"""A function in a forked process that is stopped before each of its changes of the file system.

At each stop a plan decides: the change is made, fails as on a full or broken disk, writes less, or
never happens because the process is killed. Linux does this for any process of the same user
(ptrace and seccomp), so no rights, no mounted file system and no special library are needed.
"""

import ctypes
import os
import platform
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.faults.processes.system_calls import (
    SYSTEM_CALLS,
    Change,
    change_of_call,
    filter_program,
)

_TRACE_ME, _CONTINUE, _GET_REGISTERS, _SET_REGISTERS, _SET_OPTIONS = 0, 7, 12, 13, 0x4200
_FOLLOW_CHILDREN_AND_CALLS = 2 | 4 | 8 | 16 | 128 | 1 << 20
"""Options of ptrace: fork, vfork, clone and exec are followed, filtered calls stop, and everything
is killed with the observer."""
_STOPPED_BY_FILTER = 7
_NO_NEW_PRIVILEGES, _SET_FILTER, _FILTER_MODE = 38, 22, 2
_ALL_THREADS = 0x40000000
_REGISTERS = struct.Struct("27Q")
_RESULT, _NUMBER = 10, 15
_ARGUMENTS = (14, 13, 12, 7, 9, 8)
"""Places of registers in the order of Linux on x86-64."""


@dataclass(frozen=True)
class Decision:
    """The treatment of a change: it is made, unless a field says otherwise."""

    kill: bool = False
    error: int | None = None
    """Number of the error with which the change fails (`errno`)."""
    n_bytes: int | None = None
    """Number of bytes that are written instead of all."""


MAKE, KILL = Decision(), Decision(kill=True)
Plan = Callable[[Change], Decision]


@dataclass(frozen=True)
class Ending:
    """The end of an observed process: its status and what it printed."""

    status: int
    """Exit status, or minus the number of the signal that killed the process."""
    text: str
    """Text that it printed on both of its outputs."""
    changes: tuple[Change, ...] = field(default=(), repr=False)
    """The changes that it made or was about to make."""
    refused: Change | None = None
    """The first change that failed because the plan said so."""


@cache
def why_unobservable() -> str | None:
    """The reason for which this machine cannot observe processes; None where it can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return f"faults are injected on Linux on x86-64 only; this is {platform.platform()}"
    try:
        ending = observe(lambda: 0, Path("/"), lambda _: MAKE, Path(os.devnull))
    except OSError as error:
        return f"processes cannot be observed here ({error})"
    return None if ending.status == 0 else "seccomp filters are not permitted here"


def observe(function: Callable[[], int], directory: Path, plan: Plan, log: Path) -> Ending:
    """Run a function in a forked process, and ask `plan` before each change under a directory.

    Parameters
    ----------
    function
        Returns the exit status. It runs in a copy of this process.
    directory
        Absolute path without symbolic links.
    plan
        Called before each change; the observed process waits meanwhile.
    log
        File that receives both outputs of the process.
    """
    child = os.fork()
    if not child:
        run_and_exit(lambda: _under_observation(function), log)
    try:
        observer = _Observer(child, directory, plan)
        status = observer.run()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    text = log.read_text(errors="replace") if log.is_file() else ""
    return Ending(status, text, tuple(observer.changes), observer.refused)


def run_and_exit(function: Callable[[], int], log: Path) -> None:
    """In a forked process: run a function, print into a file, and end the process."""
    status = 98
    try:
        os.setpgid(0, 0)
        output = log.open("w")
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        sys.stdout, sys.stderr = output, output
        try:
            status = function()
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
        except BaseException:
            traceback.print_exc()
            status = 99
        output.flush()
    finally:
        os._exit(status)


def _under_observation(function: Callable[[], int]) -> int:
    _ptrace(_TRACE_ME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    program = filter_program(list(SYSTEM_CALLS))
    content = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(content))
    pointer = ctypes.create_string_buffer(described, len(described))
    library = _library()
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if library.prctl(_SET_FILTER, _FILTER_MODE, ctypes.c_void_p(ctypes.addressof(pointer)), 0, 0):
        return 97
    return function()


class _Observer:
    """Follows a process, its threads and its children until all have ended."""

    def __init__(self, child: int, directory: Path, plan: Plan) -> None:
        self.changes: list[Change] = []
        self.refused: Change | None = None
        self._child, self._directory, self._plan = child, directory, plan
        self._known = {child}

    def run(self) -> int:
        """Exit status of the process, or minus the number of the signal that killed it."""
        _, status = os.waitpid(self._child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        _ptrace(_SET_OPTIONS, self._child, _FOLLOW_CHILDREN_AND_CALLS)
        _ptrace(_CONTINUE, self._child)
        result = -signal.SIGKILL
        while True:
            try:
                thread, status = os.waitpid(-self._child, _ALL_THREADS)
            except ChildProcessError:
                return result
            if os.WIFSTOPPED(status):
                self._continue(thread, status)
            elif thread == self._child:
                result = os.waitstatus_to_exitcode(status)
                self._kill()

    def _continue(self, thread: int, status: int) -> None:
        """Let a stopped thread go on, with the signal that it received, if any."""
        event, number = status >> 16, os.WSTOPSIG(status)
        try:
            if event == _STOPPED_BY_FILTER:
                self._decide(thread)
            new = thread not in self._known and number == signal.SIGSTOP
            self._known.add(thread)
            _ptrace(_CONTINUE, thread, 0 if event or new else number)
        except ProcessLookupError:
            # The thread was killed meanwhile.
            return

    def _decide(self, thread: int) -> None:
        registers = list(_REGISTERS.unpack(_registers(thread)))
        arguments = tuple(registers[place] for place in _ARGUMENTS)
        change = change_of_call(thread, registers[_NUMBER], arguments, self._directory)
        if change is None:
            return
        change = replace(change, number=len(self.changes) + 1)
        self.changes.append(change)
        decision = self._plan(change)
        if decision.kill:
            self._kill()
        elif decision.error is not None:
            self.refused = self.refused or change
            registers[_NUMBER], registers[_RESULT] = 2**64 - 1, 2**64 - decision.error
            _ptrace(_SET_REGISTERS, thread, registers=registers)
        elif decision.n_bytes is not None:
            at = SYSTEM_CALLS[registers[_NUMBER]].n_bytes
            if at is not None:
                registers[_ARGUMENTS[at]] = decision.n_bytes
                _ptrace(_SET_REGISTERS, thread, registers=registers)

    def _kill(self) -> None:
        try:
            os.killpg(self._child, signal.SIGKILL)
        except ProcessLookupError:
            return


@cache
def _library() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    library.ptrace.restype = ctypes.c_long
    return library


def _ptrace(
    request: int, thread: int, data: int = 0, *, registers: list[int] | None = None
) -> None:
    if registers is not None:
        content = ctypes.create_string_buffer(_REGISTERS.pack(*registers), _REGISTERS.size)
        data = ctypes.addressof(content)
    if _library().ptrace(request, thread, None, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _registers(thread: int) -> bytes:
    content = ctypes.create_string_buffer(_REGISTERS.size)
    _ptrace(_GET_REGISTERS, thread, ctypes.addressof(content))
    return content.raw
