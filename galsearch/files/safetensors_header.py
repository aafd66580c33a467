"""The header of a safetensors file, written so that equal content gives equal bytes.

The library writes the keys of its metadata in random order. The format is a length of eight bytes,
a header in JSON and the values of the tensors, see
https://huggingface.co/docs/safetensors/index#format.
"""

import json
from pathlib import Path

METADATA_KEY = "__metadata__"


def sort_metadata(path: str | Path) -> None:
    """Sort the keys of the metadata of a safetensors file by name, in place.

    Parameters
    ----------
    path
        Safetensors file that this process has written.
    """
    path = Path(path)
    with path.open("r+b") as file:
        n_bytes = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(n_bytes))
        header[METADATA_KEY] = dict(sorted(header.get(METADATA_KEY, {}).items()))
        # Key order apart, this is the text that the library wrote, padded with blanks as before.
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        if len(text) > n_bytes:
            raise ValueError(f"{path}: a header of {len(text)} bytes does not fit into {n_bytes}.")
        file.seek(8)
        file.write(text.ljust(n_bytes))
