"""The header of a safetensors file, written so that equal content gives equal bytes.

The library writes the keys of its metadata in random order. The format is a length of eight bytes,
a header in JSON and the values of the tensors, see
https://huggingface.co/docs/safetensors/index#format.
"""

import json
from pathlib import Path

from galsearch.files.atomic import new_binary_file

METADATA_KEY = "__metadata__"


def write_safetensors(path: Path, content: bytes) -> None:
    """Write the content of a safetensors file atomically, the keys of its metadata by name.

    Parameters
    ----------
    path
        File to be written.
    content
        What `safetensors.torch.save` returned.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header[METADATA_KEY] = dict(sorted(header.get(METADATA_KEY, {}).items()))
    # Key order apart, this is the text that the library wrote, padded with blanks as before.
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > start - 8:
        raise ValueError(f"{path}: a header of {len(text)} bytes does not fit into {start - 8}.")
    with new_binary_file(path) as file:
        file.write(content[:8] + text.ljust(start - 8))
        file.write(memoryview(content)[start:])
