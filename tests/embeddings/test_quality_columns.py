"""The quality of embeddings becomes catalogue columns, null where it is not known."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.vectors import REASONS, InputQuality, unit_rows
from galsearch.embeddings.quality_columns import quality_column_names, with_quality
from galsearch.embeddings.shard import EmbeddingShard, write_shard


def shard(path: Path, ids: list[int], quality: list[int] | None) -> Path:
    n = len(ids)
    vectors = unit_rows(np.random.default_rng(1).normal(size=(n, 4)))
    write_shard(
        path,
        EmbeddingShard(
            target_ids=np.array(ids),
            ra_deg=np.zeros(n),
            dec_deg=np.zeros(n),
            embeddings=vectors,
            modality=Modality.IMAGE,
            fingerprint=Fingerprint("a" * 64),
            partition="Norder=0/Npix=1",
            digest="b" * 64,
            quality=None if quality is None else np.array(quality),
        ),
    )
    return path


@pytest.fixture
def catalogue() -> pa.Table:
    return pa.table({"target_id": [2, 3, 5, 7, 11], "z": [0.1, 0.2, 0.3, 0.4, 0.5]})


def test_bits_and_reasons_are_columns(tmp_path: Path, catalogue: pa.Table) -> None:
    both = int(InputQuality.BAND_MISSING | InputQuality.PIXELS_FILLED)
    paths = [
        shard(tmp_path / "a.parquet", [2, 7], [0, both]),
        shard(tmp_path / "b.parquet", [3], None),
    ]
    table = with_quality(catalogue, {Modality.IMAGE: paths})
    assert table.column_names == ["target_id", "z", *quality_column_names(Modality.IMAGE)]
    assert table["image_quality"].to_pylist() == [0, None, None, both, None]
    assert table["image_band_missing"].to_pylist() == [False, None, None, True, None]
    assert table["image_centre_masked"].to_pylist() == [False, None, None, False, None]


def test_without_quality_there_are_no_columns(tmp_path: Path, catalogue: pa.Table) -> None:
    paths = [shard(tmp_path / "a.parquet", [2, 7], None)]
    assert with_quality(catalogue, {Modality.IMAGE: paths, Modality.SPECTRUM: []}) == catalogue


def test_a_column_of_the_same_name_is_kept_as_a_label(tmp_path: Path, catalogue: pa.Table) -> None:
    paths = [shard(tmp_path / "a.parquet", [2], [4])]
    own = catalogue.append_column("image_quality", pa.array(list("abcde")))
    own = own.append_column("label_image_quality", pa.array(list("fghij")))
    table = with_quality(own, {Modality.IMAGE: paths})
    assert table["image_quality"].to_pylist() == [4, None, None, None, None]
    assert table["label_image_quality"].to_pylist() == list("abcde")
    assert table["label_label_image_quality"].to_pylist() == list("fghij")


def test_every_modality_has_a_column_for_every_reason() -> None:
    for modality in Modality:
        names = quality_column_names(modality)
        assert names[0] == f"{modality}_quality"
        assert len(names) == 1 + len(REASONS[modality])
