"""An origin is read from JSON as it was recorded, also that of imported tables."""

import dataclasses
import json
from pathlib import Path

from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.dataset.source_summary import SourceGroup, SourceSummary
from galsearch.embeddings.store_record import SourceFile, StoreRecord
from galsearch.index.storage.origin_manifest import OriginManifest, origin_of


def record(**changes: object) -> StoreRecord:
    facts = {
        "modality": Modality.IMAGE,
        "encoder": "aion-base",
        "fingerprint": Fingerprint("a" * 64),
        "dim": 4,
        "n_rows": 2,
        "n_missing": 0,
        "dataset": "",
        "dataset_digest": "d" * 64,
        "shards": {"part-00000.parquet": 2},
    }
    return StoreRecord(**{**facts, **changes})


def test_imported_tables_are_summarised(tmp_path: Path) -> None:
    tables = {f"/tables/{n}.parquet": SourceFile(1, 100, "b" * 64, None) for n in range(2)}
    origin = origin_of(tmp_path, {Modality.IMAGE: record(sources=tables)}, 2)
    assert origin.sources == SourceSummary("d" * 64, (SourceGroup("imported tables", "", 2, 200),))
    table = json.loads(json.dumps(dataclasses.asdict(origin)))
    assert OriginManifest.from_table(table) == origin


def test_shards_without_digests_have_none(tmp_path: Path) -> None:
    origin = origin_of(tmp_path, {Modality.IMAGE: record()}, 2)
    assert origin.shards == {Modality.IMAGE: ""}
    assert origin.sources is None
    digests = {"part-00000.parquet": "c" * 64}
    known = origin_of(tmp_path, {Modality.IMAGE: record(digests=digests)}, 2)
    assert len(known.shards[Modality.IMAGE]) == 64
