"""Words and files of users: conditions, recipes, JSON, checkpoints, and uploads."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget, Read, fresh_file
from benchmarks.faults.fuzz.targets.table_targets import TABLE_TARGETS

_CONDITION_WORDS = (
    *(b" and ", b" or ", b"not ", b" in ", b" is None", b" is not None", b"column('z')", b"None"),
    *(b"'2020-01-01'", b"(1, 2)", b"[]", b"==", b"!=", b"<=", b"**", b"//", b"%", b"True", b"abs("),
    *(
        b"target_id",
        b"class",
        b"mag_r",
        b"has_image",
        b"`a b`",
        b"1e400",
        b"9" * 30,
        b"1_000",
        b"#",
    ),
    *(
        b"lambda: 0",
        b"f'{z}'",
        b"z.real",
        b"z[0]",
        b"(z for z in z)",
        b":=",
        b"\x00",
        b"\\\n",
        b"0x1",
    ),
    *(
        "\u00e9".encode(),
        "\u2212".encode(),
        "\uff11".encode(),
        "\u00b2".encode(),
        b"\xf0\x9d\x9f\x8f",
    ),
)
_RECIPE_WORDS = (
    *(b"name = ", b"[images]", b"[[images]]", b"max_rows", b"= -1", b"= 1e400", b"= nan", b"= inf"),
    *(
        b'""',
        b"'''",
        b"[]",
        b"{a = 1}",
        b"true",
        b"1979-05-27T07:32:00Z",
        b"0x7f",
        b"9" * 30,
        b"a.b",
    ),
    *(b"n_lists", b"encoding", b"memory_budget", b'"1 GB"', b'"\\ud800"', b"\xff", b"#", b"\n"),
)


def _conditions(_: Path) -> list[bytes]:
    return [
        b"0.1 < z < 0.3 and mag_r < 19 and class == 'LRG'",
        b"z is not None and class not in ('BGS', 'ELG') or not has_image",
        b"target_id == '39627000000000001' or target_id in (2, '3')",
        b"-(mag_r - z * 10) / 2 < 17 # note\n and column('z') >= 0.1",
        b"observed > '2021-05-01T12:00:00' and column('a b') != 3",
    ]


def _read_condition(_: Path) -> Read:
    import pyarrow as pa

    from galsearch.query.where import Condition

    columns = {
        "target_id": pa.array([39627000000000001, 2, 3, None]),
        "z": pa.array([0.05, None, float("nan"), 0.25]),
        "mag_r": pa.array([17.0, 18.5, 19.5, None], pa.float32()),
        "class": pa.array(["BGS", None, "", "\u00e9"]),
        "has_image": pa.array([True, False, None, True]),
        "observed": pa.array([1, 2, None, 2**40], pa.timestamp("us")),
        "a b": pa.array([1, 2**63, None, 2**64 - 1], pa.uint64()),
    }
    batch = pa.RecordBatch.from_pydict(columns)

    def read(content: bytes) -> None:
        condition = Condition(content.decode("utf-8", "surrogateescape"), batch.schema.names)
        condition.check_types(batch.schema)
        condition.rows(batch)

    return read


def _ingest_recipes(_: Path) -> list[bytes]:
    return [
        b'name = "x"\nmax_rows = 12\n[spectra]\nfiles = ["a.fits"]\nredshifts = ["~/[!b]*"]\n'
        b'[images]\ncutouts = ["*.fits"]\nbricks = []\n[labels]\ntables = ["a.fits"]\n'
        b'columns = ["Z"]\n[pairing]\nby = "target_id"\nmax_separation_arcsec = 1.5\n'
        b'unpaired = "drop"\n'
    ]


def _read_ingest_recipe(scratch: Path) -> Read:
    from galsearch.dataset.ingest.ingest_recipe import read_recipe

    return lambda content: read_recipe(fresh_file(scratch / "ingest.toml", content))


def _index_recipes(_: Path) -> list[bytes]:
    return [b'name = "a"\nn_lists = 64\nmemory_budget = "1 GB"\nrecall_target = 0.9\n', b"\n"]


def _read_index_recipe(scratch: Path) -> Read:
    from galsearch.index.plan.index_recipe import read_recipe

    return lambda content: read_recipe(fresh_file(scratch / "index.toml", content))


def _json_values(_: Path) -> list[bytes]:
    return [b'{"a": {"b": [1, 2.5e3, "c", null]}, "d": "\\u00e9"}']


def _read_json(_: Path) -> Read:
    from galsearch.core.errors import GalsearchError
    from galsearch.files.json_input import parse_json

    return lambda content: parse_json(content, "a.json", GalsearchError)


def _arrays(_: Path) -> list[bytes]:
    written = []
    for array in (
        np.arange(768, dtype=np.float32).reshape(3, 16, 16),
        1 + np.arange(7781, dtype=np.float32),
    ):
        stream = io.BytesIO()
        np.save(stream, array)
        written.append(stream.getvalue())
    return written


def _read_array(scratch: Path) -> Read:
    from galsearch.query.inputs.own_data.array_file import load_array

    return lambda content: load_array(Path(fresh_file(scratch / "a.npy", content)))


def _pictures(_: Path) -> list[bytes]:
    from PIL import Image

    values = np.random.default_rng(1).integers(0, 99, (12, 12, 3)).astype(np.uint8)
    written = []
    for kind in ("png", "jpeg"):
        stream = io.BytesIO()
        Image.fromarray(values).save(stream, kind)
        written.append(stream.getvalue())
    return written


def _read_picture(scratch: Path) -> Read:
    from galsearch.sources.legacy_surveys.viewer_picture import read_viewer_picture

    return lambda content: read_viewer_picture(Path(fresh_file(scratch / "a.png", content)))


def _checkpoints(scratch: Path) -> list[bytes]:
    import torch
    from safetensors.torch import save_file

    tensors = {"a": torch.arange(6.0), "b": torch.ones(2, 2)}
    content = {"state_dict": tensors, "epoch": 1}
    torch.save(content, scratch / "new.pt")
    torch.save(content, scratch / "old.pt", _use_new_zipfile_serialization=False)
    save_file(tensors, scratch / "c.safetensors", metadata={"a": "b"})
    return [(scratch / name).read_bytes() for name in ("new.pt", "old.pt", "c.safetensors")]


def _read_checkpoint(scratch: Path) -> Read:
    from galsearch.encoders.astroclip.checkpoint_reader import open_tensors

    def read(content: bytes) -> None:
        file = open_tensors(Path(fresh_file(scratch / "a.pt", content)))
        file.read(file.tensors)

    return read


class _Embedder:
    """An encoder that gives every input the same vector."""

    fingerprint = "a" * 64

    def embed(self, *_: Any, **__: Any) -> Any:
        return np.ones((1, 1), np.float32)


class _Pair:
    """Encoders of both modalities, for uploads that are read without a network."""

    name = "none"
    image = spectrum = _Embedder()


def _uploads(scratch: Path) -> list[bytes]:
    from benchmarks.faults.fuzz.targets.fits_targets import FITS_TARGETS

    found = [
        content
        for target in FITS_TARGETS
        if target.name in ("cutout", "sdss-spectrum")
        for content in target.seeds(scratch)
    ]
    text = "".join(f"{3600 + n},{1 + n % 3},1\n" for n in range(60))
    return [
        *found,
        *_pictures(scratch),
        *_arrays(scratch),
        f"wavelength,flux,ivar\n{text}".encode(),
    ]


def _read_upload(scratch: Path) -> Read:
    from galsearch.http.uploads.embedding_worker import read_and_embed
    from galsearch.http.uploads.uploaded_file import UploadedFile

    os.chdir(scratch)
    pair: Any = _Pair()
    return lambda content: read_and_embed(UploadedFile(content), pair)


WORD_TARGETS = [
    FuzzTarget("condition", _conditions, _read_condition, _CONDITION_WORDS),
    FuzzTarget("ingest-recipe", _ingest_recipes, _read_ingest_recipe, _RECIPE_WORDS),
    FuzzTarget("index-recipe", _index_recipes, _read_index_recipe, _RECIPE_WORDS),
    FuzzTarget("json", _json_values, _read_json, _RECIPE_WORDS),
    FuzzTarget("array", _arrays, _read_array, (b"'O'", b"True", b"(9" + b"9" * 18, b"<U99", b"V8")),
    FuzzTarget("picture", _pictures, _read_picture),
    FuzzTarget("checkpoint", _checkpoints, _read_checkpoint, (b"\x80\x02", b"PK\x03\x04", b"c")),
    FuzzTarget("upload", _uploads, _read_upload, TABLE_TARGETS[0].words),
]
