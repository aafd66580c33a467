"""Worker processes that make the chunks of a simulated survey in parallel."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from galsearch.core.errors import WorkerDiedError
from galsearch.simulate.survey.footprint import Chunk, truth_path
from galsearch.simulate.survey.worker import make_chunk_in_worker, start_worker

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def make_chunks(
    out: Path,
    seed: int,
    chunks: Sequence[Chunk],
    *,
    workers: int,
    done: Callable[[Chunk], None],
    hemisphere: str = "south",
) -> None:
    """Make chunks of a survey in worker processes, as `make_in_workers` does."""
    make_in_workers(
        chunks,
        partial(make_chunk_in_worker, out, seed, hemisphere=hemisphere),
        workers=workers,
        done=done,
        exists=lambda chunk: truth_path(out, chunk).exists(),
    )


def make_in_workers(
    chunks: Sequence[Chunk],
    make: Callable[[Chunk], None],
    *,
    workers: int,
    done: Callable[[Chunk], None],
    exists: Callable[[Chunk], bool],
) -> None:
    """Make chunks in worker processes; `done` is called in the main process after each chunk.

    Processes are spawned, not forked: a forked child of a process that has used torch may hang.
    After an error or Ctrl-C the workers end at once, and the finished chunks are kept.

    Parameters
    ----------
    chunks
        Chunks to be made.
    make
        Function that makes one chunk in a worker; it is pickled.
    workers
        Number of processes.
    done
        Called with each chunk that was made.
    exists
        True for a finished chunk; it names the unfinished ones where a worker died.

    Raises
    ------
    MissingExtraError
        Where a package of the extra `sim` is not installed.
    WorkerDiedError
        Where a worker process ended early, for example for want of memory.
    """
    context = multiprocessing.get_context("spawn")
    n_workers = min(workers, len(chunks))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "workers.log"
        workers_end, main_end = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(
            n_workers, context, initializer=start_worker, initargs=(workers_end, str(log))
        )
        futures: dict[Future[None], Chunk] = {}
        try:
            with _one_thread_for_children():
                for chunk in chunks:
                    futures[pool.submit(make, chunk)] = chunk
            for future in as_completed(futures):
                future.result()
                done(futures[future])
            pool.shutdown()
        except BrokenProcessPool as error:
            unfinished = [chunk for chunk in chunks if not exists(chunk)]
            raise _worker_died(unfinished[:n_workers], log) from error
        finally:
            main_end.close()
            pool.shutdown(cancel_futures=True)
            workers_end.close()


@contextmanager
def _one_thread_for_children() -> Iterator[None]:
    """Limit linear algebra to one thread in processes that are started inside the block.

    Workers would slow each other down otherwise, and the last bits of a matrix product depend on
    the number of threads. The limits are read once, when NumPy is imported.
    """
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _worker_died(chunks: Sequence[Chunk], log: Path) -> WorkerDiedError:
    """The error that is raised when a worker process ended while it made one of `chunks`."""
    log_text = log.read_text("utf-8", "replace").strip() if log.exists() else ""
    pixels = [chunk.pixel for chunk in chunks]
    last = f"It last printed: {log_text.splitlines()[-1]}" if log_text else "It printed nothing."
    return WorkerDiedError(
        f"a worker process of the simulation ended early while it made HEALPix pixel "
        f"{' or '.join(map(str, pixels))}. {last}",
        pixels=pixels,
    )
