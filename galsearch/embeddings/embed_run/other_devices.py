"""Embedding on several devices: one process for each, to which partitions are assigned.

The first device works in the process of the caller. The processes of the others receive their work
as a line of JSON, report each partition as another, and end when the caller does.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from galsearch.core import errors
from galsearch.core.errors import DeviceFailedError, GalsearchError
from galsearch.core.modality import Modality
from galsearch.dataset.partition import Partition
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.embeddings.embed_run.embed_partitions import Done, embed_partitions
from galsearch.embeddings.embed_task import EmbedTask, tasks_of
from galsearch.embeddings.encoder_protocol import load_encoder_pair

_COMMAND = "from galsearch.embeddings.embed_run.other_devices import main; main()"
_POLL_SECONDS = 0.1


def share_out(sizes: Sequence[int], n_shares: int) -> list[list[int]]:
    """Numbers of the partitions of each share, of about the same number of galaxies.

    Parameters
    ----------
    sizes
        Number of galaxies of each partition.

    Examples
    --------
    >>> share_out([5, 1, 1, 3], 2)
    [[0], [1, 2, 3]]
    """
    shares: list[list[int]] = [[] for _ in range(n_shares)]
    loads = [0] * n_shares
    for number in sorted(range(len(sizes)), key=lambda number: -sizes[number]):
        least = loads.index(min(loads))
        shares[least].append(number)
        loads[least] += sizes[number]
    return [sorted(share) for share in shares]


class OtherDevices:
    """The devices besides the first one that embed a dataset, each in a process of its own.

    Parameters
    ----------
    devices
        Names of the devices, such as 'cuda:1'; empty where there is only the first one.
    encoder
        Name of the shipped weights, or a file of weights.
    options
        Arguments of `galsearch.encoders.load` besides the device and the precision.
    """

    def __init__(
        self,
        devices: Sequence[str],
        dataset: Dataset,
        out: Path,
        encoder: str | Path,
        options: dict[str, Any],
    ) -> None:
        self._devices, self._dataset = devices, dataset
        self._job: dict[str, Any] = {
            "dataset": str(dataset.path),
            "out": str(out),
            "encoder": str(encoder),
            "options": options,
        }
        self._processes: list[_DeviceProcess] = []

    def __len__(self) -> int:
        """Number of devices besides the first one."""
        return len(self._devices)

    @contextmanager
    def started(self, tasks: Sequence[EmbedTask], done: Done) -> Iterator[list[Partition]]:
        """A context manager that gives the partitions of the first device.

        The other devices embed theirs meanwhile. The block ends when all have finished, and after
        an error their processes end at once.
        """
        partitions = self._dataset.partitions
        own, *others = share_out([len(p) for p in partitions], 1 + len(self._devices))
        for task in tasks:
            if any(task.needs_shard(partition) for partition in partitions):
                task.mark_unfinished()
        self._job["options"] = {**self._job["options"], "precision": tasks[0].precision}
        try:
            for device, share in zip(self._devices, others, strict=True):
                job = {**self._job, "device": device, "partitions": share}
                self._processes.append(_DeviceProcess(job, tasks, done))
            yield [partitions[number] for number in own]
            for process in self._processes:
                process.wait()
        finally:
            for process in self._processes:
                process.stop()

    def with_failures(self, done: Done) -> Done:
        """A function that calls `done`, and raises the error of another device if there is one."""

        def report(n_galaxies: int, n_shards: int) -> None:
            done(n_galaxies, n_shards)
            for process in self._processes:
                process.receive()

        return report


class _DeviceProcess:
    """A process that embeds some partitions on one device."""

    def __init__(self, job: dict[str, Any], tasks: Sequence[EmbedTask], done: Done) -> None:
        self._device, self._done = job["device"], done
        self._tasks = {str(task.modality): task for task in tasks}
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._finished = False
        self._process = subprocess.Popen(  # noqa: S603 (the command is fixed)
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018 (both are pipes)
        self._stdin = self._process.stdin
        with suppress(BrokenPipeError):  # A process that has ended is reported when it is read.
            self._stdin.write(json.dumps(job) + "\n")
            self._stdin.flush()
        output = self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(output,), daemon=True)
        self._reader.start()

    def _read(self, output: TextIO) -> None:
        with output:
            for line in output:
                self._messages.put(json.loads(line))
        self._messages.put({"end": self._process.wait()})

    def receive(self, timeout_seconds: float = 0.0) -> None:
        """Handle the messages that have arrived.

        Raises
        ------
        GalsearchError
            The error of the process.
        """
        try:
            while not self._finished:
                waits = timeout_seconds > 0
                self._handle(self._messages.get(waits, timeout_seconds if waits else None))
        except queue.Empty:
            return

    def _handle(self, message: dict[str, Any]) -> None:
        if "error" in message:
            kind = getattr(errors, message["kind"], GalsearchError)
            raise kind(message["error"])
        if "finished" in message:
            self._finished = True
        elif "end" in message:
            raise DeviceFailedError(
                f"the process that embeds on {self._device} ended early, with exit status "
                f"{message['end']}."
            )
        else:
            for modality, digests in message["digests"].items():
                self._tasks[modality].digests.update(digests)
            self._done(message["n_galaxies"], message["n_shards"])

    def wait(self) -> None:
        """Wait until the process has finished its partitions."""
        while not self._finished:
            self.receive(_POLL_SECONDS)

    def stop(self) -> None:
        """End the process, at once where it has not finished."""
        if not self._finished:
            self._process.kill()
        self._stdin.close()
        self._reader.join()


def main() -> None:
    """Embed the partitions of the job on standard input; the work of one process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_caller, daemon=True).start()
    # Whatever libraries print goes to standard error, so that messages are the only output.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def send(**message: Any) -> None:
        output.write(json.dumps(message) + "\n")
        output.flush()

    try:
        _embed_share(job, send)
        send(finished=True)
    except GalsearchError as error:
        send(error=str(error), kind=type(error).__name__)


def _end_with_caller() -> None:
    """End the process when the caller closes its input, which also happens when the caller dies."""
    sys.stdin.read()
    os._exit(1)


def _embed_share(job: dict[str, Any], send: Callable[..., None]) -> None:
    source = open_dataset(job["dataset"])
    pair = load_encoder_pair(job["encoder"], device=job["device"], **job["options"])
    tasks = tasks_of(source, Path(job["out"]), pair)
    sent: dict[Modality, set[str]] = {task.modality: set() for task in tasks}

    def done(n_galaxies: int, n_shards: int) -> None:
        digests = {}
        for task in tasks:
            new = task.digests.keys() - sent[task.modality]
            sent[task.modality] |= new
            digests[str(task.modality)] = {name: task.digests[name] for name in new}
        send(n_galaxies=n_galaxies, n_shards=n_shards, digests=digests)

    partitions = [source.partitions[number] for number in job["partitions"]]
    embed_partitions(partitions, tasks, job["options"]["batch_size"], done)
