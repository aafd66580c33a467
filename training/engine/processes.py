"""Training in one process, or in several that torchrun starts.

    torchrun --nproc-per-node 4 -m training.alignment ...

The batch of a config is the sum over all processes. Each process takes an equal share of the rows
of a batch, and the gradients are those of the whole batch.
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
    """The rank of this process and the number of processes of a training run; by default a single
    process on the CPU.
    """

    rank: int = 0
    """Number of this process from 0. The process of rank 0 writes the files."""
    count: int = 1
    device: torch.device = CPU

    @property
    def is_first(self) -> bool:
        """True in the process of rank 0, which alone writes files and shows progress."""
        return self.rank == 0

    def share(self, rows: Tensor) -> Tensor:
        """The part of a batch's rows that this process computes; the parts are of equal size, in
        order of rank.
        """
        return rows.chunk(self.count)[self.rank]

    def seed(self, seed: int, step: int) -> int:
        """The seed of the random numbers of this process in one step of training.

        All random numbers of a step follow from this seed, so a continued run repeats them.
        """
        mixed = seed
        for number in (step, self.rank):
            # The multiplier and increment of Knuth's MMIX generator map neighbouring steps and
            # ranks to seeds that are far apart.
            mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
        return mixed

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module, wrapped so that its gradients are averaged over all processes; the module
        itself where there is one process.
        """
        if self.count == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        # DDP must search for unused parameters, because a stage does not use every parameter (a
        # mask token, a reconstruction head).
        return DistributedDataParallel(module, device_ids=devices, find_unused_parameters=True)

    def gather(self, rows: Tensor) -> Tensor:
        """(count * n, ...) rows of all processes, concatenated in order of rank, from (n, ...) rows
        of each; gradients flow back to every process.
        """
        return rows if self.count == 1 else _Gather.apply(rows)  # type: ignore[no-any-return, no-untyped-call]

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a tensor over all processes, without gradient."""
        return self.total(value) / self.count

    def total(self, value: Tensor) -> Tensor:
        """The sum of a tensor over all processes, without gradient."""
        total = value.detach().clone()
        if self.count > 1:
            dist.all_reduce(total)
        return total

    def any(self, flag: bool) -> bool:
        """True, in every process, if the flag is true in at least one process."""
        return flag if self.count == 1 else bool(self.total(torch.tensor(float(flag))) > 0)

    def wait(self) -> None:
        """Wait until every process has reached this call."""
        if self.count > 1:
            dist.barrier()


class _Gather(torch.autograd.Function):
    """Autograd function that gathers the rows of all processes; the gradient of a row is the sum of
    its gradients in all processes.
    """

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
def start_processes() -> Iterator[Processes]:
    """A context with the processes of the run, found from the environment that torchrun sets;
    without torchrun it is a single process.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    has_gpu = torch.cuda.is_available()
    if count == 1:
        yield Processes(device=torch.device("cuda", 0) if has_gpu else torch.device("cpu"))
        return
    local = int(os.environ["LOCAL_RANK"])
    device = torch.device("cuda", local) if has_gpu else torch.device("cpu")
    if has_gpu:
        torch.cuda.set_device(device)
    # NCCL exchanges only tensors on GPUs, so Gloo is used too for those on the CPU.
    dist.init_process_group("cpu:gloo,cuda:nccl" if has_gpu else "gloo")
    try:
        yield Processes(dist.get_rank(), count, device)
        # Rank 0 may still be writing files. A process that ended now would close the connections
        # of the others.
        dist.barrier()
    finally:
        dist.destroy_process_group()


def check_batch(batch_size: int, accumulate: int, processes: Processes) -> None:
    """Check that a batch can be cut into parts of equal size for all processes.

    Raises
    ------
    ConfigError
        Where the batch size is not a multiple of `accumulate` times the number of processes.
    """
    if batch_size % (accumulate * processes.count):
        raise ConfigError(
            f"batch_size = {batch_size} must be a multiple of accumulate = {accumulate} times the "
            f"number of processes, {processes.count}."
        )


def without_gradient_sync(module: nn.Module, *, last: bool) -> Any:
    """A context in which the gradients of a part of a batch are not exchanged between processes.

    Gradients are exchanged once for each batch, with its last part; for that part the context does
    nothing.
    """
    if isinstance(module, DistributedDataParallel) and not last:
        return module.no_sync()
    return nullcontext()
