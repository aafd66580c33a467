"""The system calls of Linux on x86-64 that change a file system, and what each of them changes."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

_AT_THE_CURRENT_DIRECTORY = 0xFFFFFF9C
_LONGEST_PATH = 4096


@dataclass(frozen=True)
class SystemCall:
    """A system call, and the positions of its arguments that name what it changes."""

    name: str
    path: int | None = None
    """Position of the argument with a path, if there is one."""
    directory: int | None = None
    """Position of the argument with the directory that the path is relative to."""
    descriptor: int | None = None
    """Position of the argument with the file descriptor that is written."""
    n_bytes: int | None = None
    """Position of the argument with the number of bytes that are written or reserved."""
    flags: int | None = None
    """Position of the flags of `open`, which say whether anything is changed."""
    other_path: int | None = None
    """Position of the second path of a rename."""


SYSTEM_CALLS = {
    1: SystemCall("write", descriptor=0, n_bytes=2),
    18: SystemCall("pwrite", descriptor=0, n_bytes=2),
    20: SystemCall("writev", descriptor=0),
    296: SystemCall("pwritev", descriptor=0),
    328: SystemCall("pwritev2", descriptor=0),
    326: SystemCall("copy_file_range", descriptor=2, n_bytes=4),
    40: SystemCall("sendfile", descriptor=0, n_bytes=3),
    77: SystemCall("ftruncate", descriptor=0),
    76: SystemCall("truncate", path=0),
    285: SystemCall("fallocate", descriptor=0, n_bytes=3),
    2: SystemCall("open", path=0, flags=1),
    257: SystemCall("open", directory=0, path=1, flags=2),
    85: SystemCall("creat", path=0),
    83: SystemCall("mkdir", path=0),
    258: SystemCall("mkdir", directory=0, path=1),
    84: SystemCall("rmdir", path=0),
    87: SystemCall("unlink", path=0),
    263: SystemCall("unlink", directory=0, path=1),
    82: SystemCall("rename", path=0, other_path=1),
    264: SystemCall("rename", directory=0, path=1, other_path=3),
    316: SystemCall("rename", directory=0, path=1, other_path=3),
    86: SystemCall("link", path=1),
    265: SystemCall("link", directory=2, path=3),
    88: SystemCall("symlink", path=1),
    266: SystemCall("symlink", directory=1, path=2),
    90: SystemCall("chmod", path=0),
    91: SystemCall("chmod", descriptor=0),
    268: SystemCall("chmod", directory=0, path=1),
}
"""The calls by their numbers. Writes of bytes through a memory map are no system calls."""

GROWING = {"write", "pwrite", "writev", "pwritev", "pwritev2", "copy_file_range", "sendfile"} | {
    "fallocate",
    "open",
    "creat",
    "mkdir",
    "link",
    "symlink",
}
"""Calls that need space on the disk, so that a full disk refuses them."""


@dataclass(frozen=True)
class Change:
    """A change of the file system that a process is about to make."""

    number: int
    """1 for the first change of a command."""
    call: str
    path: Path
    n_bytes: int = 0
    """Number of bytes that are written or reserved; 0 where the call does not state it."""

    @property
    def needs_space(self) -> bool:
        """True where a full disk refuses the change."""
        return self.call in GROWING


def change_of_call(
    thread: int, number: int, arguments: tuple[int, ...], directory: Path
) -> Change | None:
    """The change that a stopped thread is about to make under a directory.

    None where the call changes nothing there. The `number` of the result is 0.

    Parameters
    ----------
    thread
        Number of the thread, which is stopped before the call.
    number
        Number of the system call.
    arguments
        The six arguments of the call.
    directory
        Absolute path without symbolic links.
    """
    call = SYSTEM_CALLS[number]
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    if call.flags is not None and not arguments[call.flags] & writing:
        return None
    path = _path_of(thread, call, arguments)
    if path is None or not path.is_relative_to(directory):
        return None
    if call.flags is not None and path.exists() and not arguments[call.flags] & os.O_TRUNC:
        # An existing file is opened, such as a lock file: nothing has changed yet.
        return None
    n_bytes = 0 if call.n_bytes is None else arguments[call.n_bytes]
    return Change(0, call.name, path, n_bytes)


def _path_of(thread: int, call: SystemCall, arguments: tuple[int, ...]) -> Path | None:
    """Absolute path of what a call changes; None for a pipe or a file without a path."""
    if call.descriptor is not None:
        return _link(thread, f"fd/{arguments[call.descriptor] & 0xFFFFFFFF}")
    if call.path is None:
        return None
    text = _text_at(thread, arguments[call.path])
    if text is None or text.startswith(b"/"):
        return None if text is None else Path(os.fsdecode(text))
    start = _AT_THE_CURRENT_DIRECTORY
    if call.directory is not None:
        start = arguments[call.directory] & 0xFFFFFFFF
    base = _link(thread, "cwd" if start == _AT_THE_CURRENT_DIRECTORY else f"fd/{start}")
    return None if base is None else Path(os.path.normpath(base / os.fsdecode(text)))


def _link(thread: int, name: str) -> Path | None:
    try:
        target = str(Path(f"/proc/{thread}/{name}").readlink())
    except OSError:
        return None
    return Path(target.removesuffix(" (deleted)")) if target.startswith("/") else None


def _text_at(thread: int, address: int) -> bytes | None:
    """The text that ends with a null character at an address in the memory of a thread."""
    try:
        with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            text = memory.read(min(_LONGEST_PATH, 4096 - address % 4096))
            if b"\0" not in text:
                text += memory.read(_LONGEST_PATH)
    except (OSError, ValueError, OverflowError):
        return None
    return text.partition(b"\0")[0]


def filter_program(numbers: list[int]) -> bytes:
    """A program of Linux's seccomp filters that stops a thread before the calls with these numbers.

    Parameters
    ----------
    numbers
        At most 250 numbers of system calls.
    """
    instruction = struct.Struct("HBBI")
    load, equal, answer = 0x20, 0x15, 0x06
    allow, trace = 0x7FFF0000, 0x7FF00000
    lines = [instruction.pack(load, 0, 0, 0)]
    for place, number in enumerate(numbers):
        lines.append(instruction.pack(equal, len(numbers) - place, 0, number))
    return b"".join(
        [*lines, instruction.pack(answer, 0, 0, allow), instruction.pack(answer, 0, 0, trace)]
    )
