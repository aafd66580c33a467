"""Recognition of checkpoints that consist of several files, of which one is not enough.

DeepSpeed and FSDP of PyTorch write a folder with a part from each process. Hugging Face writes
numbered files, and an index that names the file of each tensor.
"""

import re
from pathlib import Path

from galsearch.core.errors import CheckpointError, ShardedCheckpointError

_NUMBERED = re.compile(r"-0*(?P<number>[0-9]+)-of-0*(?P<total>[0-9]+)\.\w+$")
_FOLDERS = {
    ".metadata": "the distributed checkpoint of PyTorch (FSDP)",
    "*.distcp": "the distributed checkpoint of PyTorch (FSDP)",
    "*zero_pp_rank_*": "a checkpoint of DeepSpeed",
    "*mp_rank_*": "a checkpoint of DeepSpeed",
    "*/*zero_pp_rank_*": "a checkpoint of DeepSpeed",
    "*/*mp_rank_*": "a checkpoint of DeepSpeed",
    "*.safetensors.index.json": "a checkpoint of Hugging Face in several files",
    "*.bin.index.json": "a checkpoint of Hugging Face in several files",
    "data.pkl": "a zip archive of torch.save that was unpacked",
    "*/data.pkl": "a zip archive of torch.save that was unpacked",
}
"""Kind of checkpoint that a folder is, by a pattern of the files in it; the first match counts."""


def check_single_file(path: Path) -> None:
    """Check that a checkpoint is a single file that holds all tensors.

    Raises
    ------
    ShardedCheckpointError
        Where it is a folder, a numbered part, or the index of such parts.
    CheckpointError
        Where there is nothing at `path`, or it is neither a file nor a folder.
    """
    if path.is_dir():
        raise _folder_error(path)
    if not path.exists():
        raise CheckpointError(f"{path}: no such file; expected a checkpoint.")
    if not path.is_file():
        raise CheckpointError(f"{path}: neither a file nor a folder; expected a checkpoint.")
    numbered = _NUMBERED.search(path.name)
    if numbered and int(numbered["total"]) > 1:
        raise ShardedCheckpointError(
            f"{path}: by its name this is file {numbered['number']} of {numbered['total']} of a "
            "checkpoint; expected a single file with all tensors.",
            path=path,
        )
    if path.name.endswith(".index.json"):
        raise ShardedCheckpointError(
            f"{path}: the index of a checkpoint in several files; expected a single file with all "
            "tensors.",
            path=path,
        )


def _folder_error(path: Path) -> CheckpointError:
    kind = next((kind for pattern, kind in _FOLDERS.items() if any(path.glob(pattern))), None)
    if kind is None:
        files = sorted(entry.name for entry in path.iterdir())
        return CheckpointError(
            f"{path}: a folder, expected a checkpoint file. It holds {len(files)} entries"
            f"{': ' + ', '.join(files[:5]) if files else ''}{', ...' if len(files) > 5 else ''}."
        )
    return ShardedCheckpointError(
        f"{path}: a folder that holds {kind}; expected a single file with all tensors.", path=path
    )
