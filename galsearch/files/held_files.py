"""Files that stay readable after they were opened, whatever happens to their paths.

A directory is opened once, and all files are opened relative to it. So they belong together, even
if the directory is renamed or exchanged meanwhile, or the process changes its working directory.
Everything in one process that reads the same file shares one descriptor of it.
"""

import errno
import io
import mmap
import os
import stat
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import TooManyFilesError
from galsearch.files.forks import ForkSafeLock
from galsearch.files.lock import share_lock

OpenFile: TypeAlias = Callable[[Path], BinaryIO]
"""A function that opens a file for reading: a path in, a binary file out."""
_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}
_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def open_binary(path: Path) -> BinaryIO:
    """The file that is at a path now, open for reading."""
    return path.open("rb")


class OpenDirectory:
    """An open directory, whose files are opened relative to it; a context manager that closes it.

    Parameters
    ----------
    path
        The directory; made absolute at once, so that a later change of the working directory has
        no effect.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        Where there is no such directory.
    TooManyFilesError
        Where the process may not open more files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._handle: int | None = None
        if os.open in os.supports_dir_fd:
            self._handle = _open(self.path, getattr(os, "O_DIRECTORY", 0))

    def __enter__(self) -> Self:
        """The open directory itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the directory; files that were opened stay open."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode of the directory, which a renamed directory keeps."""
        found = self.path.stat() if self._handle is None else os.fstat(self._handle)
        return found.st_dev, found.st_ino

    def handle(self, path: Path) -> int:
        """A new file descriptor of a file under the directory, for the caller to close.

        Parameters
        ----------
        path
            Path of the file, which begins with the path of the directory.

        Raises
        ------
        FileNotFoundError, IsADirectoryError
            Where there is no file.
        TooManyFilesError
            Where the process may not open more files.
        """
        # A pipe without a writer would be waited for.
        without_waiting = getattr(os, "O_NONBLOCK", 0)
        if self._handle is None:
            handle = _open(path, without_waiting)
        else:
            handle = _open(path.relative_to(self.path), without_waiting, directory=self._handle)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return handle
        os.close(handle)
        raise IsADirectoryError(errno.EISDIR, "is not a file", str(path))

    def open_file(self, path: Path) -> BinaryIO:
        """A file under the directory, open for reading; see `handle`."""
        return os.fdopen(self.handle(path), "rb")

    def hold(self, path: Path) -> "HeldFile":
        """A file under the directory that stays readable, for as long as the result exists."""
        held: HeldFile = _shared(self.handle(path), HeldFile)
        return held

    def lock(self, path: Path) -> "ReadLock":
        """A lock on a file under the directory, held for as long as the result exists."""
        lock: ReadLock = _shared(self.handle(path), ReadLock)
        return lock


def _open(path: Path, flags: int = 0, *, directory: int | None = None) -> int:
    try:
        return os.open(path, os.O_RDONLY | _CLOSE_ON_EXEC | flags, dir_fd=directory)
    except OSError as error:
        if error.errno not in _OUT_OF_DESCRIPTORS:
            raise
        raise TooManyFilesError(
            f"{path}: cannot be opened, because this process has as many open files as it may "
            f"have{_descriptor_limit()}.",
            path=path,
        ) from None


def _descriptor_limit() -> str:
    try:
        import resource
    except ImportError:
        return ""
    return f" ({resource.getrlimit(resource.RLIMIT_NOFILE)[0]:,})"


class _Handle:
    """A file descriptor that is closed when nothing refers to the object any more."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._finalize = weakref.finalize(self, os.close, handle)


class ReadLock(_Handle):
    """A lock that keeps a file, and those beside it, from being removed by a change of an index."""

    def __init__(self, handle: int) -> None:
        super().__init__(handle)
        share_lock(handle)


class HeldFile(_Handle):
    """An open file that any number of readers read at the same time."""

    def open_again(self) -> BinaryIO:
        """The file at offset 0, for one reader alone; it works also where its path is gone."""
        try:
            # A descriptor opened anew has an offset of its own, and libraries can map the file.
            again = Path(f"/proc/self/fd/{self._handle}").open("rb")  # noqa: SIM115
        except OSError:
            return io.BufferedReader(_ReadAt(self._handle))
        if os.path.samestat(os.fstat(self._handle), os.fstat(again.fileno())):
            return again
        again.close()
        return io.BufferedReader(_ReadAt(self._handle))


class _ReadAt(io.RawIOBase):
    """Reads a descriptor that others read too: the offset is kept here, not in the descriptor."""

    def __init__(self, handle: int) -> None:
        self._shared_handle = handle
        self._offset = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n_bytes = _read_at(self._shared_handle, buffer, self._offset)
        self._offset += n_bytes
        return n_bytes

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        ends = {os.SEEK_CUR: self._offset, os.SEEK_END: os.fstat(self._shared_handle).st_size}
        self._offset = offset + ends.get(whence, 0)
        return self._offset


_LOCK = ForkSafeLock()
_OFFSET_LOCK = ForkSafeLock()
_HANDLES: "weakref.WeakValueDictionary[tuple[object, ...], Any]" = weakref.WeakValueDictionary()
_MAPS: "weakref.WeakValueDictionary[tuple[int, ...], mmap.mmap]" = weakref.WeakValueDictionary()


def _read_at(handle: int, buffer: Any, offset: int) -> int:
    """Read a descriptor from an offset into a buffer, and return the number of bytes."""
    if hasattr(os, "preadv"):
        return os.preadv(handle, [buffer], offset)
    # Windows has no such call; nothing else reads the descriptor but by this function.
    with _OFFSET_LOCK:
        os.lseek(handle, offset, os.SEEK_SET)
        content = os.read(handle, len(buffer))
    buffer[: len(content)] = content
    return len(content)


def _shared(handle: int, kind: type[Any]) -> Any:
    """The object that this process has for an open file already, or a new one."""
    found = os.fstat(handle)
    key = (kind, found.st_dev, found.st_ino)
    with _LOCK:
        shared = _HANDLES.get(key)
        if shared is None:
            shared = _HANDLES[key] = kind(handle)
        else:
            os.close(handle)
        return shared


def map_npy(file: BinaryIO) -> npt.NDArray[Any]:
    """The array of an open `.npy` file as a read-only memory map, which outlives the open file.

    Raises
    ------
    ValueError
        Where the file is not a `.npy` file, is truncated or holds Python objects.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     np.save(file, np.arange(3))
    ...     _ = file.seek(0)
    ...     array = map_npy(file)
    >>> array.tolist()
    [0, 1, 2]
    """
    shape, fortran_order, dtype = _read_header(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    order: Any = "F" if fortran_order else "C"
    try:
        return np.ndarray(shape, dtype, _map(file.fileno()), file.tell(), order=order)
    except (TypeError, OverflowError, MemoryError) as error:
        raise ValueError(f"the file is shorter than its header says: {error}") from None


def _read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, Fortran order and dtype that the header of a `.npy` file states."""
    readers: dict[tuple[int, int], Any] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        header: tuple[tuple[int, ...], bool, np.dtype[Any]]
        header = readers[np.lib.format.read_magic(file)](file)
    except ValueError:
        raise
    except Exception as error:  # A damaged header is parsed as Python source: any error.
        raise ValueError(f"its header cannot be read: {error!r}") from None
    return header


def _map(handle: int) -> mmap.mmap:
    """A read-only memory map of an open file; all of one process share one of each file."""
    found = os.fstat(handle)
    key = (found.st_dev, found.st_ino, found.st_size)
    with _LOCK:
        shared = _MAPS.get(key)
        if shared is None:
            try:
                shared = _MAPS[key] = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
            except OSError as error:
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    raise
                raise TooManyFilesError(
                    "a file cannot be mapped into memory, because this process has as many open "
                    f"files as it may have{_descriptor_limit()}."
                ) from None
        return shared
