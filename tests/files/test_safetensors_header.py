"""Equal content of a safetensors file gives equal bytes."""

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save

from galsearch.files.safetensors_header import write_safetensors


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    metadata = {f'key {n} \u00e9\n"': f"value {n}\t\u2603" for n in range(12)}
    tensors = {"b": torch.arange(3.0), "a": torch.ones(2, 2)}
    contents = set()
    for number in range(6):
        path = tmp_path / f"{number}.safetensors"
        write_safetensors(path, save(tensors, metadata=metadata))
        contents.add(path.read_bytes())
    assert len(contents) == 1
    with safe_open(path, framework="pt") as file:
        assert file.metadata() == metadata
        assert torch.equal(file.get_tensor("b"), tensors["b"])
        assert torch.equal(file.get_tensor("a"), tensors["a"])
