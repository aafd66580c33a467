"""Remedies for each kind of error, in terms of the commands of galsearch and their options."""

from collections.abc import Mapping
from types import MappingProxyType

from galsearch.core.errors import GalsearchError

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "error": "Run the command again with --debug before its name to see the trace.",
        "invalid-target-id": "Give the TARGETID in decimal digits: --target-id 39627848784286003.",
        "invalid-fingerprint": "Make the embeddings again with galsearch embed.",
        "invalid-cutout": "Check the image file.",
        "invalid-spectrum": "Check the spectrum file.",
        "bad-source": "Check the path or URL, and copy the file again if it is damaged.",
        "no-access": "Check the address of the store, the network and your credentials.",
        "bad-files": (
            "Fetch the files again, or leave them out with --skip-bad-files; the report lists them."
        ),
        "bad-embedding-table": (
            "Name the columns with --id-column, --image-column or --spectrum-column, correct the "
            "table, or leave out rows that cannot be used with --skip-bad-rows."
        ),
        "bad-query-table": (
            "Correct the table, or leave out rows that cannot be answered with --skip-bad-rows."
        ),
        "bad-config": "Correct the values that the message names.",
        "no-gpu": (
            "Use device = 'auto' or 'cpu', or install 'galsearch[gpu]' on a machine with an NVIDIA "
            "GPU."
        ),
        "device-failed": (
            "Repeat the command, which continues where it stopped; --device cpu needs no GPU."
        ),
        "bad-simulation": "Name a new directory, or repeat the command with its first options.",
        "bad-simulation-setting": "Correct the option that the message names.",
        "worker-died": (
            "Repeat the command: it continues where it stopped. Fewer --workers need less memory."
        ),
        "output-exists": "Name another output directory, or remove this one.",
        "output-file-exists": "Name another file, or replace this one with --overwrite.",
        "bad-table-format": (
            "Choose another one with --format: jsonl, csv, parquet, fits, ecsv or votable."
        ),
        "binary-on-terminal": (
            "Name a file with --out, or send standard output to a file or to another program."
        ),
        "no-samp": "Start TOPCAT or Aladin, which bring a SAMP hub, on this machine.",
        "unusable-output": "Name another output directory.",
        "changed-meanwhile": (
            "Look at what is in the directory now, then repeat the command if it is still wanted."
        ),
        "cannot-write": (
            "Free some space or correct the permissions, or name another output directory."
        ),
        "locked": "Wait until the other process has finished, then try again.",
        "changed-origin": (
            "Make what the message names again from what is there now (galsearch ingest, embed, "
            "build-index), or put the recorded files back."
        ),
        "bad-dataset": "Write the dataset again: galsearch ingest RECIPE OUT.",
        "bad-ingest": "Correct the recipe or the survey files that the message names.",
        "no-dataset": "Name the directory that galsearch ingest wrote: --dataset DIRECTORY.",
        "bad-checkpoint": "Use weights that galsearch trained or converted.",
        "not-converted": "Convert published weights first: galsearch convert-checkpoint IN OUT.",
        "sharded-checkpoint": (
            "Join the parts into one file first, with the program that wrote them: zero_to_fp32.py "
            "for DeepSpeed, python -m torch.distributed.checkpoint.format_utils dcp_to_torch for "
            "FSDP, or save_pretrained with a large max_shard_size for Hugging Face."
        ),
        "bad-embeddings": "Repeat galsearch embed DATASET OUT; it continues where it stopped.",
        "no-embeddings": "Make embeddings first: galsearch embed DATASET OUT.",
        "store-mismatch": "Embed into another directory, or remove this one.",
        "bad-index": (
            "Restore the file, or build the index again with galsearch build-index; "
            "galsearch verify reads every byte."
        ),
        "no-index": (
            "Build an index with galsearch build-index, make one of simulated galaxies with "
            "galsearch demo, or name the directory of an index."
        ),
        "several-indexes": "Name one of them, for example with --index DIRECTORY.",
        "index-exists": "Replace it with --overwrite, or name another directory with --out.",
        "not-compact": "Run galsearch compact on it first.",
        "different-quantisers": (
            "Build the parts with galsearch build-index ... --quantisers FIRST, where FIRST is "
            "the index that lends its trained quantisers."
        ),
        "rounded-vectors": (
            "Query without --exact, or build the index with keep_originals = true in its recipe."
        ),
        "index-changed": "Run the command again when nothing is changing the index.",
        "too-many-files": "Raise the limit of open files with ulimit -n, or run galsearch compact.",
        "forked-process": "Run the command in a process of its own.",
        "encoder-mismatch": (
            "Embed with the encoder of the index, or build the index again from these embeddings."
        ),
        "unknown-target": (
            "Use a TARGETID that is there. query and estimate also take galaxies of embeddings: "
            "--from-embeddings DIRECTORY."
        ),
        "no-match": "Give a larger --radius, in arcseconds, or another --position.",
        "unknown-name": (
            'Give its position, --position "RA DEC", or a table of names and positions, --names '
            "FILE."
        ),
        "missing-modality": "Choose the other modality with --using or --among.",
        "no-map": "Make the map: galsearch map INDEX --using image (or spectrum).",
        "bad-query": "Correct the option that the message names.",
        "bad-database": (
            "Check the path or URL, or export the embeddings again with galsearch export."
        ),
        "missing-extra": "Install the package that the message names.",
    }
)
"""Remedy for each error code, in full sentences for users of the command line."""


def error_text(error: Exception) -> str:
    """The message of an error for the terminal, with the remedy on a line of its own.

    Examples
    --------
    >>> from galsearch.core.errors import NotCompactError
    >>> print(error_text(NotCompactError("index 'first' has removed galaxies.")))
    galsearch: index 'first' has removed galaxies.
    Run galsearch compact on it first.
    """
    text = f"galsearch: {error}"
    if isinstance(error, GalsearchError):
        text += f"\n{REMEDIES[error.code]}"
    return text
