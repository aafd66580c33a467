"""Small inputs of every command: survey files, dataset, encoder, embeddings, indexes, checkpoint.

Everything is made by galsearch itself from random numbers with fixed seeds, so that two runs of a
command on it give the same bytes.
"""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Float64Array, TargetIds, Vectors
from galsearch.core.cutout import Cutout
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.dataset import split_of
from galsearch.embeddings import EmbeddingShard, write_shard
from galsearch.embeddings.store_record import StoreRecord, write_record
from galsearch.files.atomic import new_binary_file, new_file, write_text
from galsearch.files.digest import sha256_of_file
from galsearch.sources import write_coadd, write_cutout, write_truth

FIRST_ID = 39627000000000001
N_VECTORS, _DIM, _N_SHARDS = 400, 16, 3
N_SURVEYED = 24
SEED, SEED_OF_OLDER = 1, 2
"""Seeds of the values of today, and of those of an older release of the same galaxies."""
_ENCODER = Fingerprint("a" * 64)
_ARMS = {"b": (3600.0, 2751), "r": (5760.0, 2326), "z": (7520.0, 2881)}
_STAMP = 152
RECIPE = 'name = "small"\nn_tuning_queries = 5\nn_bits = 4\nn_lists = 8\nflat_below = 100\n'
TRAINING = """n_steps = 6
batch_size = 8
log_steps = 1
validate_steps = 3
checkpoint_steps = 2
[model]
name = "tiny"
preparation = "galsearch"
learned_scale = true
[model.image]
image_size = 24
width = 16
depth = 2
n_heads = 2
[model.spectrum]
n_templates = 2
width = 16
depth = 1
n_heads = 2
[model.image_head]
width = 16
n_heads = 2
[model.spectrum_head]
first_token = true
width = 16
n_heads = 2
"""
PUBLISHED_SIZES = {
    "specformer": {"embed_dim": 24, "num_layers": 1, "num_heads": 2, "max_len": 800},
}
"""Sizes of the tiny published checkpoint, which `convert-checkpoint` is given."""


def embedded_ids() -> TargetIds:
    """(400,) TARGETIDs of the embedded galaxies."""
    return FIRST_ID + 7 * np.arange(N_VECTORS, dtype=np.int64)


def surveyed_ids() -> TargetIds:
    """(24,) TARGETIDs of the galaxies with survey files, of which 8 validate a training."""
    candidates = FIRST_ID + np.arange(4000, dtype=np.int64)
    splits = split_of(candidates)
    n_validation = N_SURVEYED // 3
    chosen = [candidates[splits == "train"][: N_SURVEYED - n_validation]]
    chosen.append(candidates[splits == "validation"][:n_validation])
    return np.sort(np.concatenate(chosen))


def make_inputs(root: Path) -> Path:
    """Make all inputs in an empty directory, which takes some seconds; returns the directory.

    `index` holds the galaxies of the embeddings `first`, `part` those of `third` with the same
    quantisers, `other` those of `second`, and `changed` is `index` with galaxies added and removed.
    `dataset-older` and `first-older` hold the galaxies of `dataset` and `first` with other values,
    as an older data release has them.
    """
    from galsearch import add, build_index, embed_dataset, ingest, remove

    root.mkdir(parents=True, exist_ok=True)
    recipe = root / "recipe.toml"
    write_text(recipe, RECIPE)
    write_text(root / "train.toml", TRAINING)
    for name, seed in {"dataset": SEED, "dataset-older": SEED_OF_OLDER}.items():
        survey = root / name.replace("dataset", "survey")
        _write_survey(survey, seed)
        ingest(survey / "ingest.toml", root / name)
    _write_encoders(root)
    embed_dataset(root / "dataset", root / "embedded", encoder=root / "encoder.safetensors")
    for name, rows in {"first": (0, 250), "second": (250, 320), "third": (320, 400)}.items():
        _write_embeddings(root / name, slice(*rows))
    _write_embeddings(root / "first-older", slice(0, 250), SEED_OF_OLDER)
    _write_vectors_of_another_model(root / "vectors.parquet")
    build_index(recipe, embeddings=root / "embedded", out=root / "surveyed")
    build_index(recipe, embeddings=root / "first", out=root / "index")
    build_index(recipe, embeddings=root / "third", out=root / "part", quantisers=root / "index")
    build_index(recipe, embeddings=root / "second", out=root / "other")
    shutil.copytree(root / "index", root / "changed")
    add(root / "second", index=root / "changed")
    remove(embedded_ids()[:7], index=root / "changed")
    return root


def _write_survey(survey: Path, seed: int) -> None:
    """Survey files of 24 galaxies of different sizes, with a label, and the recipe to ingest."""
    rng = np.random.default_rng(seed)
    ids, n = surveyed_ids(), N_SURVEYED
    ra_deg, dec_deg = 10 + 0.02 * np.arange(n), np.linspace(-0.3, 0.3, n)
    size = rng.uniform(2, 12, n)
    arms = {}
    for arm, (first, length) in _ARMS.items():
        flux = rng.normal(1, 0.5, (n, length))
        ivar, mask = np.full(flux.shape, 4.0), np.zeros(flux.shape, np.int32)
        arms[arm] = (first + 0.8 * np.arange(length), flux, ivar, mask)
    write_coadd(
        survey / "spectra/coadd-main-bright-1.fits",
        target_ids=ids,
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        arms=arms,
        fibermap={"FLUX_R": np.full(n, 10.0)},
        survey="main",
        program="bright",
        healpix=1,
    )
    for row in range(n):
        light = _galaxy(size[row]) + rng.normal(0, 0.01, (3, _STAMP, _STAMP))
        flux, mask = light.astype(np.float32), np.zeros(light.shape, bool)
        cutout = Cutout(
            flux.astype(np.float32),
            ("g", "r", "z"),
            0.262,
            ra_deg[row],
            dec_deg[row],
            np.zeros(flux.shape, bool),
        )
        write_cutout(survey / f"cutouts/cutout-{row:02}.fits", cutout, target_id=None)
    write_truth(survey / "truth/truth-1.fits", {"TARGETID": ids, "TRUE_Z": size / 10})
    write_text(
        survey / "ingest.toml",
        'name = "small"\nmax_rows = 5\n[spectra]\nfiles = ["spectra/coadd-*.fits"]\n'
        '[images]\ncutouts = ["cutouts/*.fits"]\n[labels]\ntables = ["truth/*.fits"]\n',
    )


def _galaxy(size: float) -> Float64Array:
    y, x = np.mgrid[:_STAMP, :_STAMP] - (_STAMP - 1) / 2
    light: Float64Array = np.exp(-(x**2 + y**2) / (2 * size**2))
    return light


def _write_encoders(root: Path) -> None:
    """A tiny encoder of galsearch, and a tiny SpecFormer checkpoint as PyTorch saves one."""
    import torch

    from galsearch.encoders import checkpoint
    from galsearch.encoders.astroclip.published import (
        Published,
        published_config,
        published_name,
    )
    from galsearch.encoders.network.cross_modal_model import initialise
    from galsearch.files.atomic import write_json
    from training.alignment import AlignmentConfig
    from training.engine.stage_config import read_stage_config

    config = read_stage_config(root / "train.toml", AlignmentConfig, {})
    if config.model is not None:
        checkpoint.save(root / "encoder.safetensors", initialise(config.model, 5))
    kind = Published.SPECFORMER
    state = initialise(published_config(kind, PUBLISHED_SIZES), 6).state_dict()
    with new_binary_file(root / "specformer.ckpt") as file:
        torch.save({published_name(kind, name): value for name, value in state.items()}, file)
    write_json(root / "sizes.json", PUBLISHED_SIZES)


def embedded_vectors(seed: int = SEED) -> dict[Modality, Vectors]:
    """Vectors of 400 galaxies of each modality around 16 centres, with a gap between the two."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(16, _DIM))
    latent = centres[rng.integers(0, 16, N_VECTORS)] + rng.normal(size=(N_VECTORS, _DIM))
    gap = 2 * rng.normal(size=_DIM)
    noise = 0.4 * rng.normal(size=(2, N_VECTORS, _DIM))
    return {
        Modality.IMAGE: unit_rows((latent + gap + noise[0]).astype(np.float32)),
        Modality.SPECTRUM: unit_rows((latent - gap + noise[1]).astype(np.float32)),
    }


def _write_vectors_of_another_model(path: Path) -> None:
    """A table of ids and vectors, as `import-embeddings` reads it."""
    vectors = list(embedded_vectors()[Modality.IMAGE])
    with new_file(path) as temporary:
        pq.write_table(pa.table({"target_id": embedded_ids(), "vector": vectors}), temporary)


def _write_embeddings(out: Path, rows: slice, seed: int = SEED) -> None:
    """An embeddings directory of some of the 400 galaxies, with digests as `embed` records them."""
    ids, z = embedded_ids(), np.linspace(0, 1, N_VECTORS)
    ra_deg, dec_deg = np.linspace(0, 359, N_VECTORS), np.linspace(-5, 5, N_VECTORS)
    columns = {"target_id": ids, "ra_deg": ra_deg, "dec_deg": dec_deg, "z": z}
    with new_file(out / "catalogue.parquet") as temporary:
        pq.write_table(
            pa.table({name: values[rows] for name, values in columns.items()}),
            temporary,
            write_page_checksum=True,
        )
    sha256 = sha256_of_file(out / "catalogue.parquet")
    numbers = np.arange(N_VECTORS)[rows]
    for kind, vectors in embedded_vectors(seed).items():
        shards = {}
        for number, part in enumerate(np.array_split(numbers, _N_SHARDS)):
            name = f"part-{number}.parquet"
            shard = EmbeddingShard(
                ids[part],
                ra_deg[part],
                dec_deg[part],
                vectors[part],
                kind,
                _ENCODER,
                "part",
                "0" * 64,
            )
            write_shard(out / kind / name, shard)
            shards[name] = len(part)
        digests = {name: sha256_of_file(out / kind / name) for name in shards}
        size = (_DIM, len(numbers), 0)
        record = StoreRecord(
            kind, "small", _ENCODER, *size, "small", "0" * 64, shards, "fp32", digests, sha256
        )
        write_record(out / kind, record)
