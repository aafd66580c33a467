"""Files that describe a dataset, embeddings or an index, and shards, of any origin."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget, Read, fresh_file

_WORDS = (
    *(
        b"null",
        b"true",
        b"-1",
        b"1e400",
        b"NaN",
        b"9" * 20,
        b'""',
        b"[]",
        b"{}",
        b'"\\ud800"',
        b"0",
    ),
    *(
        b'"image"',
        b'"spectrum"',
        b'"../a"',
        b"0.5",
        b'"digest"',
        b"\n",
        b",",
        b"=",
        b"\\:",
        b"\xff",
    ),
)
_MANIFEST = Path("galsearch/analysis/bank/simulated/index/manifest.json")


def _manifests(_: Path) -> list[bytes]:
    import galsearch

    return [(Path(galsearch.__file__).parents[1] / _MANIFEST).read_bytes()]


def _read_manifest(scratch: Path) -> Read:
    """The reader of manifests; each gets its right digest, as one who edits it can give it."""
    from galsearch.index.storage import manifest_json

    def read(content: bytes) -> None:
        try:
            table = json.loads(content)
            table["digest"] = manifest_json._digest(
                {key: value for key, value in table.items() if key != "digest"}
            )
            content = json.dumps(table).encode()
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        fresh_file(scratch / "manifest.json", content)
        str(manifest_json.read_manifest(scratch))

    return read


def _store_records(scratch: Path) -> list[bytes]:
    from galsearch.core.fingerprint import Fingerprint
    from galsearch.core.modality import Modality
    from galsearch.embeddings.store_record import SourceFile, StoreRecord, write_record

    record = StoreRecord(
        Modality.IMAGE,
        "toy",
        Fingerprint("a" * 64),
        4,
        3,
        0,
        "toy",
        "0" * 64,
        {"a.parquet": 3},
        digests={"a.parquet": "b" * 64},
        sources={"a.csv": SourceFile(3, 10, "c" * 64, None)},
    )
    write_record(scratch, record)
    return [(scratch / "store.json").read_bytes()]


def _read_store_record(scratch: Path) -> Read:
    from galsearch.embeddings.store_record import read_record

    def read(content: bytes) -> None:
        fresh_file(scratch / "store.json", content)
        read_record(scratch)

    return read


def _source_records(scratch: Path) -> list[bytes]:
    from galsearch.dataset.source_record import SourceRecord, write_sources

    write_sources(scratch, [SourceRecord("spectra", "a.fits", "iron", 3, "a" * 64)])
    return [(scratch / "sources.json").read_bytes()]


def _read_source_records(scratch: Path) -> Read:
    from galsearch.dataset.source_record import read_sources

    def read(content: bytes) -> None:
        fresh_file(scratch / "sources.json", content)
        read_sources(scratch)

    return read


_HATS_NAMES = ("hats.properties", "partition_info.csv", "sha256sums.txt")


def _hats_files(_: Path) -> list[bytes]:
    """Contents of the text files of a dataset; the first byte says which one it is."""
    contents = (
        b"#HATS catalog\nobs_collection=a\ndataproduct_type=object\nhats_nrows=12\n",
        b"Norder,Npix\n0,4\n1,20\n",
        b"a" * 64 + b"  dataset/a.parquet\n",
    )
    return [bytes([number]) + content for number, content in enumerate(contents)]


def _read_hats_files(scratch: Path) -> Read:
    from galsearch.dataset.hats_files import read_digests, read_partition_info, read_properties

    readers: tuple[Any, ...] = (read_properties, read_partition_info, read_digests)

    def read(content: bytes) -> None:
        number = content[0] % len(readers) if content else 0
        fresh_file(scratch / _HATS_NAMES[number], content[1:])
        readers[number](scratch)

    return read


def _read_hats_catalogue(scratch: Path) -> Read:
    from galsearch.sources.published.hats_catalogue import find_hats_catalogue

    def read(content: bytes) -> None:
        number = content[0] % 2 if content else 0
        fresh_file(scratch / _HATS_NAMES[0], b"hats_nrows=3\n")
        fresh_file(scratch / _HATS_NAMES[1], b"Norder,Npix\n0,4\n")
        fresh_file(scratch / _HATS_NAMES[number], content[1:])
        find_hats_catalogue(str(scratch))

    return read


def _shards(scratch: Path) -> list[bytes]:
    from galsearch.core.fingerprint import Fingerprint
    from galsearch.core.modality import Modality
    from galsearch.core.vectors import unit_rows
    from galsearch.embeddings import EmbeddingShard, write_shard

    path = scratch / "a.parquet"
    ids, zeros = np.array([3, 2**60, 2**61]), np.zeros(3)
    vectors = unit_rows(np.random.default_rng(0).normal(size=(3, 4)))
    shard = EmbeddingShard(
        ids,
        zeros,
        zeros,
        vectors,
        Modality.IMAGE,
        Fingerprint("f" * 64),
        "Norder=0/Npix=4",
        "d" * 64,
    )
    write_shard(path, shard)
    return [path.read_bytes()]


def _read_shard(scratch: Path) -> Read:
    from galsearch.embeddings import read_shard

    def read(content: bytes) -> None:
        fresh_file(scratch / "a.parquet", content)
        read_shard(scratch / "a.parquet")

    return read


RECORD_TARGETS = [
    FuzzTarget("manifest", _manifests, _read_manifest, _WORDS),
    FuzzTarget("store-record", _store_records, _read_store_record, _WORDS),
    FuzzTarget("source-records", _source_records, _read_source_records, _WORDS),
    FuzzTarget("hats-files", _hats_files, _read_hats_files, _WORDS),
    FuzzTarget("hats-catalogue", _hats_files, _read_hats_catalogue, _WORDS),
    FuzzTarget("shard", _shards, _read_shard, _WORDS),
]
