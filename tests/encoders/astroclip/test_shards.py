"""Folders and numbered parts of a checkpoint are named as what they are."""

from pathlib import Path

import pytest

from galsearch.core.errors import CheckpointError, ShardedCheckpointError
from galsearch.encoders.astroclip.shards import check_single_file


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("checkpoint/mp_rank_00_model_states.pt", "a checkpoint of DeepSpeed"),
        ("zero_pp_rank_0_mp_rank_00_optim_states.pt", "a checkpoint of DeepSpeed"),
        ("__0_0.distcp", "the distributed checkpoint of PyTorch (FSDP)"),
        ("model.safetensors.index.json", "a checkpoint of Hugging Face in several files"),
        ("archive/data.pkl", "a zip archive of torch.save that was unpacked"),
    ],
)
def test_a_folder_is_named_by_the_program_that_wrote_it(
    tmp_path: Path, file: str, kind: str
) -> None:
    path = tmp_path / "last.ckpt"
    (path / file).parent.mkdir(parents=True)
    (path / file).touch()
    with pytest.raises(ShardedCheckpointError) as caught:
        check_single_file(path)
    assert str(caught.value) == (
        f"{path}: a folder that holds {kind}; expected a single file with all tensors."
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("model-00001-of-00002.safetensors", "by its name this is file 1 of 2 of a checkpoint"),
        ("pytorch_model-00003-of-00010.bin", "by its name this is file 3 of 10 of a checkpoint"),
        ("model.safetensors.index.json", "the index of a checkpoint in several files"),
    ],
)
def test_a_part_of_a_checkpoint_is_refused(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ShardedCheckpointError) as caught:
        check_single_file(tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path}/{name}: {found}; expected a single file with all tensors."
    )


def test_any_other_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CheckpointError) as folder:
        check_single_file(tmp_path)
    assert str(folder.value) == (
        f"{tmp_path}: a folder, expected a checkpoint file. It holds 1 entries: notes.txt."
    )
    with pytest.raises(CheckpointError, match=r"no such file; expected a checkpoint\."):
        check_single_file(tmp_path / "none.ckpt")
    (tmp_path / "model-00001-of-00001.safetensors").touch()
    check_single_file(tmp_path / "model-00001-of-00001.safetensors")
