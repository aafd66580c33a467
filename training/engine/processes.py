"""One process, or many under torchrun: who computes what, and what they tell each other.

    torchrun --nproc-per-node 4 -m training.alignment ...

The batch of a config is that of all processes together: each takes an equal share of its rows,
and the gradients are those of the whole.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from galsearch.core.errors import ConfigError

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Processes:
    """One process among all of a run; alone by default."""

    rank: int = 0
    """From 0; the first writes the files."""
    count: int = 1
    device: torch.device = CPU

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def share(self, rows: Tensor) -> Tensor:
        """The part of a batch's rows that is this process's, equal parts in order of rank."""
        return rows.chunk(self.count)[self.rank]

    def seed(self, seed: int, step: int) -> int:
        """What this process's generators start a step from: all draws follow from it alone."""
        mixed = seed
        for number in (step, self.rank):
            # Knuth's multiplicative hash: neighbouring steps and ranks end far apart.
            mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
        return mixed

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module, its gradients averaged over processes where there are several."""
        if self.count == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        # What a stage leaves unused (a mask token, a reconstruction head) gets no gradient.
        return DistributedDataParallel(module, device_ids=devices, find_unused_parameters=True)

    def gather(self, rows: Tensor) -> Tensor:
        """(count * n, ...): the rows of all processes in order of rank, gradients included."""
        return rows if self.count == 1 else _Gather.apply(rows)  # type: ignore[no-any-return, no-untyped-call]

    def mean(self, value: Tensor) -> Tensor:
        """The mean of all processes' values, without gradient."""
        return self.total(value) / self.count

    def total(self, value: Tensor) -> Tensor:
        """The sum of all processes' values, without gradient."""
        total = value.detach().clone()
        if self.count > 1:
            dist.all_reduce(total)
        return total

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in any process: the same answer in all of them."""
        return flag if self.count == 1 else bool(self.total(torch.tensor(float(flag))) > 0)

    def wait(self) -> None:
        """Go on when every process has come here."""
        if self.count > 1:
            dist.barrier()


class _Gather(torch.autograd.Function):
    """Rows of all processes; a row's gradient is the sum of what every process made of it."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        ctx.start = dist.get_rank() * len(rows)
        ctx.n = len(rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total[ctx.start : ctx.start + ctx.n]


@contextmanager
def started() -> Iterator[Processes]:
    """All processes of the run as torchrun's environment says, or this one alone."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    has_gpu = torch.cuda.is_available()
    if count == 1:
        yield Processes(device=torch.device("cuda", 0) if has_gpu else torch.device("cpu"))
        return
    local = int(os.environ["LOCAL_RANK"])
    device = torch.device("cuda", local) if has_gpu else torch.device("cpu")
    if has_gpu:
        torch.cuda.set_device(device)
    # Gloo too, for what is exchanged on the CPU.
    dist.init_process_group("cpu:gloo,cuda:nccl" if has_gpu else "gloo")
    try:
        yield Processes(dist.get_rank(), count, device)
        # The first still writes; who leaves early pulls the others' connections down.
        dist.barrier()
    finally:
        dist.destroy_process_group()


def check_batch(batch_size: int, accumulate: int, processes: Processes) -> None:
    """Raise where a batch cannot be cut into equal parts."""
    if batch_size % (accumulate * processes.count):
        raise ConfigError(
            f"batch_size = {batch_size} must be a multiple of accumulate = {accumulate} times the "
            f"number of processes, {processes.count}."
        )


def silent(module: nn.Module, *, last: bool) -> Any:
    """A context in which gradients stay in this process, for all but the last part of a batch."""
    if isinstance(module, DistributedDataParallel) and not last:
        return module.no_sync()
    return nullcontext()
