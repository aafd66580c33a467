"""A dataset is embedded completely, by one encoder, however often the run is interrupted."""

import os

import numpy as np
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import (
    ConfigError,
    LockedError,
    MissingModalityError,
    OutputExistsError,
    ShardError,
    WriteError,
)
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.embeddings import embed_dataset, open_store
from tests.file_size_limit import REASON, file_size_limit

FIRST_ID = 39627848784286003
IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM


def files(out):
    """Modification time in nanoseconds of every Parquet file, by its path relative to `out`."""
    return {p.relative_to(out).as_posix(): p.stat().st_mtime_ns for p in out.rglob("*.parquet")}


def test_every_galaxy_is_embedded_or_counted_as_missing(dataset_dir, pair, tmp_path):
    report = embed_dataset(dataset_dir, tmp_path / "out", encoder=pair)
    n_partitions = len(open_dataset(dataset_dir).partitions)
    assert n_partitions >= 3
    assert (report.n_galaxies, report.dim, report.encoder) == (8, 8, "projection")
    assert report.n_embedded == {IMAGE: 6, SPECTRUM: 7}
    assert report.n_missing == {IMAGE: 2, SPECTRUM: 1}
    assert report.n_shards_kept == 0
    shards = list((tmp_path / "out").glob("*/part-*.parquet"))
    assert len(shards) == report.n_shards_written
    assert str(report) == (
        "8 galaxies: 6 image embeddings (2 galaxies have none), 7 spectrum embeddings (1 galaxies "
        f"have none); 8 dimensions, encoder projection (aaaaaaaaaaaaaaaa); {len(shards)} shards "
        "written, 0 kept from an earlier run"
    )


@pytest.mark.parametrize("modality", [IMAGE, SPECTRUM])
def test_each_galaxy_gets_the_vector_of_its_own_pixels(dataset_dir, pair, embedded, modality):
    dataset, store = open_dataset(dataset_dir), open_store(embedded, modality)
    ids = np.concatenate(list(store.iter_ids()))
    assert len(store) == len(set(ids.tolist()))
    for target_id in ids:
        batch = dataset.read([target_id])
        flux = batch.image_flux if modality is IMAGE else batch.spectrum_flux
        expected = getattr(pair, modality).embed(flux)
        np.testing.assert_allclose(store.read([target_id]), expected, atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_the_batch_size_changes_nothing(dataset_dir, make_pair, embedded, tmp_path, batch_size):
    fresh = make_pair()
    embed_dataset(dataset_dir, tmp_path / "other", encoder=fresh, batch_size=batch_size)
    for modality in Modality:
        stores = [open_store(out, modality) for out in (embedded, tmp_path / "other")]
        for one, other in zip(*(store.iter_shards() for store in stores), strict=True):
            assert one.header == other.header
            np.testing.assert_array_equal(one.target_ids, other.target_ids)
            np.testing.assert_allclose(one.embeddings, other.embeddings, atol=1e-6)
    assert max(fresh.image.calls) <= batch_size


def test_a_second_run_embeds_nothing(dataset_dir, make_pair, embedded):
    before, fresh = files(embedded), make_pair()
    report = embed_dataset(dataset_dir, embedded, encoder=fresh)
    assert (report.n_shards_written, report.n_shards_kept) == (0, len(before) - 1)
    assert fresh.image.calls == fresh.spectrum.calls == []
    assert {k: v for k, v in files(embedded).items() if "/" in k} == {
        k: v for k, v in before.items() if "/" in k
    }


@pytest.mark.parametrize("fail_at_call", [1, 2, 3])
def test_an_interrupted_run_continues(dataset_dir, make_pair, embedded, tmp_path, fail_at_call):
    out, failing = tmp_path / "resumed", make_pair()
    failing.spectrum.fail_at_call = fail_at_call
    with pytest.raises(KeyboardInterrupt):
        embed_dataset(dataset_dir, out, encoder=failing)
    done = files(out) if out.exists() else {}
    assert not list(out.rglob("*.part")), "no unfinished shard"
    with pytest.raises(ShardError, match=r"the embedding store has no store\.json: it "):
        open_store(out, SPECTRUM)
    report = embed_dataset(dataset_dir, out, encoder=make_pair())
    assert report.n_shards_kept == len(done)
    assert {name: files(out)[name] for name in done} == done
    for modality in Modality:
        one, other = open_store(embedded, modality), open_store(out, modality)
        ids = np.concatenate(list(one.iter_ids()))
        np.testing.assert_array_equal(one.read(ids), other.read(ids))


def test_a_second_run_at_the_same_time_is_told(dataset_dir, make_pair, tmp_path):
    out, first, told = tmp_path / "out", make_pair(), []
    embed_batch = first.image.embed

    def embed_beside_another_run(*planes):
        with pytest.raises(LockedError) as caught:
            embed_dataset(dataset_dir, out, encoder=make_pair())
        told.append(str(caught.value))
        return embed_batch(*planes)

    first.image.embed = embed_beside_another_run
    embed_dataset(dataset_dir, out, encoder=first)
    assert set(told) == {f"{out}: another process is changing this directory."}
    assert not (out / "embed.lock").exists()


def test_a_directory_of_something_else_is_refused_and_stays(dataset_dir, pair, tmp_path):
    index = tmp_path / "index"
    for name in ("manifest.json", "catalogue.parquet", "image/lists.faiss"):
        (index / name).parent.mkdir(parents=True, exist_ok=True)
        (index / name).write_text(name)
    with pytest.raises(OutputExistsError) as caught:
        embed_dataset(dataset_dir, index, encoder=pair)
    assert str(caught.value) == (
        f"{index}: holds manifest.json and no embeddings; nothing was changed."
    )
    assert (index / "catalogue.parquet").read_text() == "catalogue.parquet"
    assert sorted(path.name for path in index.iterdir()) == [
        "catalogue.parquet",
        "image",
        "manifest.json",
    ]


def test_other_files_beside_embeddings_are_no_obstacle(dataset_dir, make_pair, embedded):
    (embedded / "README").write_text("from DR1")
    assert embed_dataset(dataset_dir, embedded, encoder=make_pair()).n_shards_written == 0


def test_the_lock_of_a_killed_run_is_taken_by_the_next(dataset_dir, make_pair, tmp_path):
    out = tmp_path / "out"
    child = os.fork()
    if not child:
        killed = make_pair()
        killed.spectrum.embed = lambda *_: os._exit(9)
        embed_dataset(dataset_dir, out, encoder=killed)
    os.waitpid(child, 0)
    assert (out / "embed.lock").exists()
    embed_dataset(dataset_dir, out, encoder=make_pair())
    assert sorted(path.name for path in out.iterdir()) == ["catalogue.parquet", "image", "spectrum"]


def test_a_run_without_space_for_its_catalogue_continues(
    dataset_dir, make_pair, embedded, tmp_path
):
    out = tmp_path / "again"
    size = (embedded / "catalogue.parquet").stat().st_size
    with file_size_limit(size - 1), pytest.raises(WriteError) as caught:
        embed_dataset(dataset_dir, out, encoder=make_pair())
    assert str(caught.value) == f"{out / 'catalogue.parquet'}: {REASON}"
    assert not (out / "image" / "store.json").exists()
    embed_dataset(dataset_dir, out, encoder=make_pair())
    for path in embedded.rglob("*.parquet"):
        assert (out / path.relative_to(embedded)).read_bytes() == path.read_bytes()


def test_a_damaged_shard_is_made_again(dataset_dir, make_pair, embedded):
    victim = sorted(embedded.glob("image/part-*.parquet"))[0]
    victim.write_bytes(b"PAR1")
    report = embed_dataset(dataset_dir, embedded, encoder=make_pair())
    assert report.n_shards_written == 1
    assert len(open_store(embedded, IMAGE)) == 6


def test_a_changed_partition_is_embedded_again(changed_dataset_dir, make_pair, embedded):
    before = open_store(embedded, IMAGE).read([FIRST_ID + 1])
    report = embed_dataset(changed_dataset_dir, embedded, encoder=make_pair())
    assert report.n_shards_written == 2, "the image's partition, in both modalities"
    assert not np.allclose(open_store(embedded, IMAGE).read([FIRST_ID + 1]), before)


def test_the_catalogue_is_written_sorted_by_target_id(dataset_dir, embedded):
    table = pq.read_table(embedded / "catalogue.parquet")
    ids = table["target_id"].to_numpy()
    assert (np.diff(ids) > 0).all()
    assert set(ids.tolist()) == set(open_dataset(dataset_dir).target_ids.tolist())
    assert "z" in table.column_names
    assert "image_flux" not in table.column_names


def test_an_encoder_of_one_modality_embeds_that_one(dataset_dir, make_pair, tmp_path):
    class ImagesOnly:
        name = "images-only"
        image = make_pair().image

        @property
        def spectrum(self):
            raise MissingModalityError("no spectra")

    report = embed_dataset(dataset_dir, tmp_path / "out", encoder=ImagesOnly())
    assert report.n_embedded == {IMAGE: 6}
    assert not (tmp_path / "out/spectrum").exists()


def test_an_encoder_that_returns_too_few_vectors_is_refused(dataset_dir, pair, tmp_path):
    embed = pair.image.embed
    pair.image.embed = lambda *planes: embed(*planes)[1:]
    with pytest.raises(ShardError, match=r"expected image embeddings of shape \(\d, 8\)"):
        embed_dataset(dataset_dir, tmp_path / "out", encoder=pair)
    assert not list((tmp_path / "out").rglob("*"))


def test_a_batch_size_of_zero_is_refused(dataset_dir, pair, tmp_path):
    with pytest.raises(ConfigError) as caught:
        embed_dataset(dataset_dir, tmp_path, encoder=pair, batch_size=0)
    assert str(caught.value) == "batch_size is 0; expected 1 or more."


def test_progress_ends_at_the_number_of_galaxies(dataset_dir, pair, tmp_path):
    seen = []
    embed_dataset(dataset_dir, tmp_path, encoder=pair, progress=lambda *report: seen.append(report))
    assert seen[-1] == ("embedding galaxies", 8, 8)


class AssessingEncoder:
    """An encoder that also assesses its inputs: bit 4 for images, 8 for spectra."""

    def __init__(self, encoder):
        self.encoder, self.modality = encoder, encoder.modality
        self.fingerprint, self.dim, self.precision = encoder.fingerprint, encoder.dim, "fp32"

    def embed(self, flux, *rest):
        return self.encoder.embed(flux, *rest)

    def quality(self, flux, *_):
        return np.full(len(flux), 4 if self.modality is IMAGE else 8, np.uint16)

    def catalogue_quality(self, spectype, redshift):
        assert len(spectype) == len(redshift)
        return np.full(len(redshift), 64, np.uint16)


def test_quality_is_stored_with_the_vectors_and_in_the_catalogue(dataset_dir, pair, tmp_path):
    pair.image, pair.spectrum = AssessingEncoder(pair.image), AssessingEncoder(pair.spectrum)
    report = embed_dataset(dataset_dir, tmp_path / "out", encoder=pair)
    assert str(report).endswith(
        "0 kept from an earlier run; reasons to trust embeddings less: image pixels_filled 6, "
        "image class_unusual 6, spectrum arm_missing 7, spectrum class_unusual 7"
    )
    shards = list(open_store(tmp_path / "out", IMAGE).iter_shards())
    assert all(shard.quality is not None and (shard.quality == 68).all() for shard in shards)
    table = pq.read_table(tmp_path / "out" / "catalogue.parquet")
    rows = table.to_pylist()
    assert len(rows) == 8
    for row in rows:
        assert row["image_quality"] == (68 if row["has_image"] else None)
        assert row["image_pixels_filled"] is (True if row["has_image"] else None)
        assert row["image_band_missing"] is (False if row["has_image"] else None)
        assert row["spectrum_arm_missing"] is (True if row["has_spectrum"] else None)


def test_an_encoder_that_does_not_assess_leaves_the_catalogue_as_it_is(embedded, dataset_dir):
    shards = list(open_store(embedded, IMAGE).iter_shards())
    assert all(shard.quality is None for shard in shards)
    names = pq.read_schema(embedded / "catalogue.parquet").names
    assert names == open_dataset(dataset_dir).catalogue.column_names
