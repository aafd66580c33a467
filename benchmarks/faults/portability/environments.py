"""Environments in which commands run: each is a prefix of a command line, and variables.

Mounts are real and those of a namespace of their own (`unshare`), which ends with the command; they
need root. Calls of `flock` fail by a library that is loaded first (`LD_PRELOAD`).
"""

import errno
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from galsearch.files.atomic import write_text

_NO_FLOCK = """
#include <errno.h>
int flock(int handle, int operation) { (void)handle; (void)operation; errno = %d; return -1; }
"""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "MKL_NUM_THREADS")
PLAIN = "plain"


@dataclass(frozen=True)
class Environment:
    """A kind of machine on which commands run."""

    name: str
    way: str
    """Way in which the machine is made: `real`, or what stands for it."""
    prefix: tuple[str, ...] = ()
    """Words before the command line."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables of the environment; an empty value removes one."""
    writes: bool = True
    """False where nothing can be written, so that only queries are tried."""


def environments(root: Path) -> list[Environment]:
    """The environments that this machine can make, the plain one first.

    Parameters
    ----------
    root
        Directory with all inputs and outputs; everything else may be read-only.
    """
    made = [Environment(PLAIN, "real")]
    for number in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):
        name = errno.errorcode[number]
        library = no_flock_library(root / f"no_flock_{name}.so", number)
        if library is not None:
            variables = {"LD_PRELOAD": str(library)}
            made.append(Environment(f"flock fails with {name}", "LD_PRELOAD", variables=variables))
    many = dict.fromkeys(_THREADS, "32")
    made.append(Environment("32 threads", "real", variables=many))
    nowhere = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "XDG_CACHE_HOME": ""}
    made.append(Environment("HOME and TMPDIR missing", "real", variables=nowhere))
    if can_mount():
        everything_read_only = "mount -o remount,bind,ro /"
        only_root = f"mount --bind {root} {root} && {everything_read_only}"
        made += [
            Environment(
                "HOME and TMPDIR not writable",
                "real mount",
                in_namespace(only_root),
                {"HOME": "/root", "TMPDIR": "/tmp"},  # noqa: S108 (it cannot be written)
            ),
            Environment(
                "without /dev/shm",
                "real mount",
                in_namespace("mount -t tmpfs -o ro,size=4k tmpfs /dev/shm"),
            ),
            Environment(
                "read-only medium",
                "real mount",
                in_namespace(f"mount --bind {root} {root} && mount -o remount,bind,ro {root}"),
                {"PORTABILITY_LOGS": "/dev/shm"},  # noqa: S108 (a place for logs)
                writes=False,
            ),
        ]
    return made


def in_namespace(mounts: str) -> tuple[str, ...]:
    """Words before a command line, which runs after some mounts that only it sees."""
    return ("unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh")


def can_mount() -> bool:
    """True where this process may make mounts in a namespace of its own."""
    if shutil.which("unshare") is None:
        return False
    tried = [*in_namespace("mount -t tmpfs tmpfs /mnt"), "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def no_flock_library(path: Path, number: int) -> Path | None:
    """A library in which `flock` fails with an error; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    source = path.with_suffix(".c")
    write_text(source, _NO_FLOCK % number)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, source], check=True)
    return path
