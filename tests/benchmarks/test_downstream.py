"""The downstream benchmark whole: galaxies that never were, and AstroCLIP's shards as published."""

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from benchmarks.downstream import __main__ as command
from benchmarks.downstream import experiment as whole
from benchmarks.downstream import published_results as published
from benchmarks.downstream.data.evaluation_sample import draw_sample
from benchmarks.downstream.data.labelled_galaxies import batch_of, open_galaxies
from benchmarks.downstream.downstream_report import tables
from benchmarks.downstream.experiment import measure
from benchmarks.downstream.galaxy_zoo_votes import score_votes
from benchmarks.downstream.models.compared_encoders import open_encoders
from benchmarks.downstream.models.predictors import Settings
from benchmarks.downstream.scoring.accuracy_measures import draws
from galsearch.core.errors import CheckpointError, DatasetError, MissingModalityError
from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch, split_of

BOTH = (Modality.IMAGE, Modality.SPECTRUM)
IDS = 39627848784286003 + np.arange(280)
TRUE = np.random.default_rng(1).normal(size=(280, 5))
"""What is true of these galaxies: brightness and colour of their pixels follow from it."""


@dataclass
class Toy:
    """280 galaxies whose image and spectrum tell the first two numbers that are true of them."""

    table: pa.Table
    name: str = "toy"
    digest: str = "toy"
    published: bool = False
    n_read: int = 0

    @property
    def catalogue(self) -> pa.Table:
        return self.table

    @property
    def split(self) -> np.ndarray:
        return split_of(self.table["target_id"].to_numpy())

    def batches(self):
        for low in range(0, 280, 70):
            self.n_read += 1
            yield toy_batch(np.arange(low, low + 70))


def toy_batch(rows: np.ndarray) -> GalaxyBatch:
    generator = np.random.default_rng(int(rows[0]))
    level = np.exp(TRUE[rows, :2] / 2)
    image = 0.01 * generator.normal(size=(len(rows), 3, 152, 152))
    image[:, 0, 70:82, 70:82] += level[:, 0, None, None] / 10
    image[:, 2, 70:82, 70:82] += level[:, 1, None, None] / 10
    spectrum = 0.1 * generator.normal(size=(len(rows), 7781)) + level[:, :1]
    spectrum[:, 4000:] *= level[:, 1:]
    nothing, yes = np.full(len(rows), np.nan), np.ones(len(rows), bool)
    mask, bad = np.zeros(image.shape, bool), np.zeros(spectrum.shape, bool)
    image, spectrum = image.astype(np.float32), spectrum.astype(np.float32)
    ivar = np.ones_like(spectrum)
    return GalaxyBatch(
        IDS[rows], nothing, nothing, nothing, yes, yes, image, mask, spectrum, ivar, bad
    )


def toy(**changes) -> Toy:
    columns = {
        "target_id": IDS,
        "has_image": np.ones(280, bool),
        "has_spectrum": np.ones(280, bool),
        "true_z": np.exp(TRUE[:, 0] / 5),
        "log10_mass": TRUE[:, 0] + TRUE[:, 1],
        "age_gyr": TRUE[:, 1],
        "log10_z_zsun": TRUE[:, 2],
        "log10_sfr": TRUE[:, 0],
        "morphology": np.where(TRUE[:, 1] > 0, "disk", "elliptical"),
        "has_spiral_arms": (TRUE[:, 0] > 0).astype(int),
        "has_bar": (TRUE[:, 3] > 0).astype(int),
        "has_ring": (TRUE[:, 4] > 1).astype(int),
        "is_merger": (TRUE[:, 4] < -1).astype(int),
        "r_eff_arcsec": np.abs(TRUE[:, 1]) + 1.5,
        "mag_g": -TRUE[:, 0],
        "mag_r": np.where(np.arange(280) % 50 == 0, np.nan, -TRUE[:, 1]),
        "mag_z": TRUE[:, 3],
    }
    columns |= changes
    return Toy(pa.table({k: pa.array(v, from_pandas=True) for k, v in columns.items()}))


@dataclass
class Projection:
    """A tower without a network: a few sums of pixels, projected."""

    name: str
    modality: Modality
    mark: str = "a"
    encoder: "Projection" = field(init=False)

    def __post_init__(self) -> None:
        self.encoder = self

    @property
    def fingerprint(self) -> str:
        return f"{self.mark}-{self.name}"

    def embed(self, batch: GalaxyBatch) -> np.ndarray:
        if self.modality is Modality.IMAGE:
            parts = batch.image_flux[:, :, 70:82, 70:82].mean(axis=(2, 3))
        else:
            parts = batch.spectrum_flux.reshape(len(batch), 31, -1).mean(axis=2)
        weights = np.random.default_rng(len(self.name)).normal(size=(parts.shape[1], 6))
        return np.arcsinh(parts @ weights).astype(np.float32)


def towers(mark: str = "a") -> list[Projection]:
    return [Projection(n, m, mark) for n in ("aligned", "untrained") for m in BOTH]


QUICK = Settings(mlp_epochs=6, resnet_epochs=1, conv_epochs=1, image_size=48, image_binning=2)


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """A bootstrap of 30 in every run of this file: its errors are not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "draws", lambda n, seed: draws(n, seed, 30))
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory, few_draws):
    """One measured run, its galaxies, and where it kept what it finished."""
    galaxies, work = toy(), tmp_path_factory.mktemp("work")
    sample = draw_sample(galaxies, modalities=BOTH)
    results = measure(galaxies, sample, towers(), BOTH, QUICK, work)
    return galaxies, sample, results, work


def test_everyone_is_measured_on_the_same_galaxies(run) -> None:
    _, sample, results, _ = run
    everyone = [(r["name"], r["reads"], r["how"]) for r in results["contestants"]]
    assert everyone == [
        ("aligned", "image", "k-NN"),
        ("aligned", "image", "MLP"),
        ("aligned", "spectrum", "k-NN"),
        ("aligned", "spectrum", "MLP"),
        ("untrained", "image", "k-NN"),
        ("untrained", "image", "MLP"),
        ("untrained", "spectrum", "k-NN"),
        ("untrained", "spectrum", "MLP"),
        ("photometry", "photometry", "supervised"),
        ("Conv+Att", "spectrum", "supervised"),
        ("ResNet18", "image", "supervised"),
    ]
    n_test = len(sample.rows("test"))
    assert results["split_sizes"]["test"] == n_test
    assert sum(results["split_sizes"].values()) == 280
    for row in results["contestants"]:
        assert set(row["properties"]) == {*sample.properties.names, "mean of properties"}
        assert all(s["n"] == n_test for n, s in row["properties"].items() if "mean" not in n)


def test_what_pixels_tell_is_found_and_what_they_do_not_tell_is_not(run) -> None:
    first = run[2]["contestants"][0]["properties"]
    assert first["age"]["r2"] > 0.3
    assert first["metallicity"]["r2"] < 0.2
    four = [first[name]["r2"] for name in ("mass", "age", "metallicity", "ssfr")]
    assert first["mean of properties"]["r2"] == pytest.approx(np.mean(four), abs=1e-4)
    shapes = run[2]["contestants"][0]["shapes"]["all"]
    assert shapes["has_spiral_arms"]["auc"] > 0.7
    assert shapes["class"]["accuracy"] > run[2]["shape_baseline"]["all"]["class"]


def test_headlines_compare_the_same_resampled_galaxies(run) -> None:
    results = run[2]
    by = {(r["name"], r["how"]): r["properties"] for r in results["contestants"]
          if r["reads"] == "image"}  # fmt: skip
    line = results["headlines"]["k-NN"]
    ours, net = by["aligned", "k-NN"], by["ResNet18", "supervised"]
    assert line["redshift_r2_less_resnet"] == pytest.approx(
        ours["redshift"]["r2"] - net["redshift"]["r2"], abs=1e-4
    )
    mean = "mean of properties"
    assert line["properties_r2_over_resnet"] == pytest.approx(
        ours[mean]["r2"] / net[mean]["r2"], rel=1e-2
    )


def test_the_tables_follow_from_the_file(run) -> None:
    results = json.loads(json.dumps({**run[2], "name": "toy", "published": True, "votes": None},
                                    allow_nan=False))  # fmt: skip
    text = tables(results)
    found = results["contestants"][0]["properties"]["age"]
    assert f"{found['r2']:.3f} ± {found['r2_sd']:.3f}" in text
    assert f"{found['nmad']:.4f} ± {found['nmad_sd']:.4f}, {found['outliers']:.1%}" in text
    assert "ssfr = log10_sfr-log10_mass" in text
    assert "| ResNet18 | image | MLP on features trained for properties |" in text
    assert published.table() in text
    assert len(json.dumps(results)) < 100_000


def test_a_second_run_reads_nothing_and_says_the_same(run) -> None:
    galaxies, sample, results, work = run
    before, said = galaxies.n_read, []
    again = measure(galaxies, sample, towers(), BOTH, QUICK, work, say=said.append)
    assert galaxies.n_read == before
    assert again == results
    assert said == [f"11 of 11 are taken from {work}"]


def test_another_encoder_finds_the_baselines_trained(run) -> None:
    galaxies, sample, results, work = run
    said = []
    again = measure(galaxies, sample, towers("b"), BOTH, QUICK, work, say=said.append)
    assert said[0] == f"3 of 11 are taken from {work}"
    assert again["contestants"][-1] == results["contestants"][-1]


def test_a_run_that_was_interrupted_goes_on_where_it_was(run, tmp_path: Path) -> None:
    galaxies, sample, results, finished = run
    work = tmp_path / "work"
    shutil.copytree(finished, work)
    for name in ("aligned-image-MLP-a-aligned", "photometry-photometry-supervised"):
        (work / f"{name}.npz").unlink()

    def stop(text: str) -> None:
        if text.startswith("aligned, image, MLP"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(galaxies, sample, towers(), BOTH, QUICK, work, say=stop)
    said: list[str] = []
    again = measure(galaxies, sample, towers(), BOTH, QUICK, work, say=said.append)
    assert said[0] == f"10 of 11 are taken from {work}"
    for one, other in zip(again["contestants"], results["contestants"], strict=True):
        assert one["properties"] == other["properties"]


# --- what is refused before anything is trained ---------------------------------------------------


def test_one_modality_alone_says_how_to_measure_it() -> None:
    galaxies = toy(has_spectrum=np.zeros(280, bool))
    with pytest.raises(DatasetError) as caught:
        draw_sample(galaxies, modalities=BOTH)
    assert str(caught.value) == (
        "dataset 'toy': none of its 280 galaxies has a spectrum. To measure the other modality, "
        "add --modality image."
    )
    assert len(draw_sample(galaxies, modalities=[Modality.IMAGE]).target_ids) == 280


def test_modalities_of_different_galaxies_say_so() -> None:
    first = np.arange(280) < 140
    with pytest.raises(DatasetError) as caught:
        draw_sample(toy(has_image=first, has_spectrum=~first), modalities=BOTH)
    assert str(caught.value) == (
        "dataset 'toy': none of its 280 galaxies has both image and spectrum. To measure one of "
        "them, add --modality image or --modality spectrum."
    )


def test_too_few_galaxies_are_refused() -> None:
    with pytest.raises(DatasetError) as caught:
        draw_sample(toy(), modalities=BOTH, n=60, seed=3)
    counts = str(caught.value)
    assert counts.startswith("dataset 'toy': its splits hold ")
    assert counts.endswith(
        "galaxies; expected at least 100 train, 20 validation, 20 test. Measure a larger dataset."
    )


def test_gaps_are_counted_and_said() -> None:
    mass = np.where(np.arange(280) % 7 == 0, np.nan, TRUE[:, 2])
    absent = np.arange(280) < 10
    sample = draw_sample(toy(log10_mass=mass, has_image=~absent), modalities=BOTH)
    assert sample.said[0] == "toy: 280 galaxies, 270 have image and spectrum; 10 left out"
    n_gaps = int(np.isnan(mass[10:]).sum())
    assert f"label mass = log10_mass: {270 - n_gaps} known, {n_gaps} left out (NaN)" in sample.said
    lacking = next(line for line in sample.said if line.startswith("photometry"))
    assert lacking == "photometry: mag_g, mag_r, mag_z; 5 galaxies lack a band"


def test_without_shapes_and_photometry_the_rest_is_measured() -> None:
    galaxies = toy()
    galaxies.table = galaxies.table.drop_columns(["has_bar", "mag_r"])
    sample = draw_sample(galaxies, modalities=BOTH)
    assert sample.shapes is None
    assert sample.magnitudes is None
    assert sample.said[-2:] == (
        "shapes: not measured, the dataset has no has_bar",
        "photometry: not measured, the dataset has no mag_g, mag_r, mag_z",
    )


def test_an_encoder_of_spectra_alone_cannot_be_asked_for_images(tmp_path: Path) -> None:
    from dataclasses import replace

    from galsearch.encoders import checkpoint, initialise
    from galsearch.encoders.encoder_config import GALSEARCH_SMALL

    config = replace(GALSEARCH_SMALL, name="half", image=None, image_head=None)
    path = tmp_path / "half.safetensors"
    checkpoint.save(path, initialise(config, 1))
    with pytest.raises(MissingModalityError) as caught:
        open_encoders(str(path), [], BOTH, seed=1)
    assert str(caught.value) == "encoder 'half' embeds spectra only, not images."
    found = open_encoders(str(path), [str(path)], [Modality.SPECTRUM], seed=1)
    assert [t.name for t in found] == ["aligned", "before alignment", "untrained"]
    assert found[0].encoder.fingerprint == found[1].encoder.fingerprint
    with pytest.raises(CheckpointError) as twice:
        open_encoders(str(path), [str(path), str(path)], [Modality.SPECTRUM], seed=1)
    assert str(twice.value) == (
        f"{path} and {path} both hold an encoder of the spectrum before alignment; "
        "name one of them."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--k", "0"], "error: --k is 0; expected 1 or more.\n"),
        (
            ["--image-binning", "5"],
            "error: --image-size 96 must be at most 152 and a multiple of --image-binning 5.\n",
        ),
        (["--encoder", "absent.ckpt"], None),
    ],
)
def test_the_command_refuses_in_words(
    arguments: list[str], message: str | None, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(command, "open_galaxies", lambda *_: toy())
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["downstream", str(tmp_path), *arguments, "--out", str(out)])
    assert command.main() == 1
    said = capsys.readouterr().err
    assert said == message if message else said.startswith("error: absent.ckpt: neither a file")
    assert list(tmp_path.iterdir()) == []


# --- AstroCLIP's shards ---------------------------------------------------------------------------

N_SHARD = 210


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    """Two files of AstroCLIP's columns, axes x, y, band; the first spectrum is 0 throughout."""
    folder = tmp_path_factory.mktemp("astroclip")
    for name, rows in (("train-0", range(170)), ("test-0", range(170, N_SHARD))):
        some = toy_batch(np.arange(rows[0], rows[-1] + 1))
        image = np.ascontiguousarray(some.image_flux.transpose(0, 3, 2, 1))
        spectrum = some.spectrum_flux.copy()
        if name == "train-0":
            spectrum[0] = 0
        table = pa.table(
            {
                "image": nested(image),
                "spectrum": nested(spectrum[..., None]),
                "redshift": pa.array(np.exp(TRUE[list(rows), 0] / 5), pa.float32()),
                "targetid": pa.array(IDS[list(rows)]),
            }
        )
        pq.write_table(table, folder / f"{name}.parquet")
    lines = ["TARGETID,LOG_MSTAR,TAGE_MW,Z_MW,AVG_SFR"]
    for i in range(N_SHARD):
        mass, age = TRUE[i, 0] + TRUE[i, 1] + 10, TRUE[i, 1] + 5
        lines.append(f"{IDS[i]},{mass},{age},{np.exp(TRUE[i, 2])},{10 ** TRUE[i, 0]}")
    (folder / "provabgs.csv").write_text("\n".join(lines) + "\n")
    return folder


def nested(array: np.ndarray) -> pa.Array:
    """Lists of lists, as Hugging Face stores arrays."""
    out = pa.array(array.ravel())
    for length in reversed(array.shape[1:]):
        offsets = np.arange(0, len(out) + 1, length, dtype=np.int32)
        out = pa.ListArray.from_arrays(offsets, out)
    return out


def test_shards_are_read_with_their_axes_and_their_split(shards: Path) -> None:
    galaxies = open_galaxies(shards)
    batches = list(galaxies.batches())
    assert sum(len(b) for b in batches) == N_SHARD
    first = batches[0]
    by_name = {b.target_ids[0]: b for b in batches}
    first = by_name[IDS[0]]
    wanted = toy_batch(np.arange(170))
    np.testing.assert_array_equal(first.image_flux, wanted.image_flux[: len(first)])
    np.testing.assert_array_equal(first.spectrum_flux[1:], wanted.spectrum_flux[1 : len(first)])
    assert not first.has_spectrum[0]
    assert first.has_spectrum[1:].all()
    noise = first.spectrum_ivar[1, :3000].mean() ** -0.5
    assert noise == pytest.approx(0.1, rel=0.3)
    catalogue = galaxies.catalogue
    ids = catalogue["target_id"].to_numpy()
    assert catalogue["has_spectrum"].to_numpy()[ids == IDS[0]].tolist() == [False]
    split = galaxies.split
    assert set(split[ids >= IDS[170]]) == {"test"}
    assert set(split[ids < IDS[170]]) == {"train", "validation"}
    np.testing.assert_array_equal(np.concatenate([b.target_ids for b in batches]), ids)


def test_a_batch_of_zero_spectra_is_masked() -> None:
    table = pa.table(
        {
            "image": nested(np.zeros((1, 152, 152, 3), np.float32)),
            "spectrum": nested(np.zeros((1, 7781, 1), np.float32)),
            "redshift": pa.array([0.1]),
            "targetid": pa.array([5]),
        }
    )
    found = batch_of(table)
    assert not found.has_spectrum[0]
    assert found.spectrum_mask.all()


def test_the_command_runs_on_shards_and_prints_the_papers_figures(
    shards: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    out = tmp_path / "results.json"
    arguments = ["--modality", "spectrum", "--label-table", str(shards / "provabgs.csv")]
    arguments += ["--mlp-epochs", "1", "--conv-epochs", "1", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["downstream", str(shards), *arguments])
    assert command.main() == 0
    results = json.loads(out.read_text())
    assert results["published"] is True
    assert results["labels"]["ssfr"] == "log10(avg_sfr)-log_mstar"
    assert results["split_sizes"]["test"] == 40
    shown = capsys.readouterr()
    assert "| ResNet18 | image | supervised | 0.77 |" in shown.out
    assert "README of PolymathicAI/AstroCLIP" in shown.out
    assert "recalled from the paper, not verified" in shown.out
    assert "Galaxy Zoo votes: not measured, no folder of real images was named" in shown.out
    assert f"AstroCLIP: {N_SHARD} galaxies, {N_SHARD - 1} have spectrum; 1 left out" in shown.err
    assert "| Conv+Att | spectrum | supervised |" in shown.out
    assert "not measured, the dataset has no morphology" in shown.err


def test_files_that_are_no_galaxies_say_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "astroclip_desi.1.1.5.h5"
    path.write_bytes(b"\x89HDF\r\n")
    with pytest.raises(DatasetError) as caught:
        open_galaxies(path)
    assert str(caught.value) == (
        f"{path}: AstroCLIP's HDF5 file cannot be read, nor can galsearch ingest read it. Name the "
        "directory of its Parquet shards (data set EiffL/AstroCLIP at Hugging Face)."
    )
    pq.write_table(pa.table({"targetid": [1], "image": [2]}), tmp_path / "train-0.parquet")
    with pytest.raises(DatasetError) as other:
        _ = open_galaxies(tmp_path).catalogue
    assert str(other.value) == (
        f"{tmp_path / 'train-0.parquet'}: not a shard of AstroCLIP's data set: it lacks the "
        "columns redshift, spectrum; found targetid, image."
    )
    with pytest.raises(DatasetError, match="no such directory; expected a dataset"):
        open_galaxies(tmp_path / "absent")


# --- Galaxy Zoo -----------------------------------------------------------------------------------


def test_votes_are_measured_where_pictures_are_and_else_said_not_to_be(tmp_path: Path) -> None:
    assert score_votes(None, {}) == {"skipped": "no folder of real images was named (--galaxy-zoo)"}
    assert score_votes(tmp_path, {}) == {"skipped": f"{tmp_path} holds no CSV of votes"}
    names = [
        "iauname",
        "ring",
        "smooth-or-featured_featured-or-disk_fraction",
        "disk-edge-on_no_fraction",
        "has-spiral-arms_no_fraction",
    ]
    generator = np.random.default_rng(7)
    lines = [",".join(names)]
    for number in range(30):
        share = number / 30
        lines.append(f"J{number},{number % 2},{share},{1 - share},0.{number:02d}")
        if number < 26:
            picture = generator.integers(0, 20, (424, 424, 3)).astype(np.uint8)
            picture[200:220, 200:220] = 50 + 6 * number
            Image.fromarray(picture).save(tmp_path / f"J{number}.jpg")
    (tmp_path / "votes.csv").write_text("\n".join(lines) + "\n")

    def embed(flux: np.ndarray) -> np.ndarray:
        assert flux.shape[1:] == (3, 152, 152)
        return np.arcsinh(flux[:, :, 70:80, 70:80].mean(axis=(2, 3)))

    found = score_votes(tmp_path, {"aligned": (embed, 152)})
    assert found["n"] == 26
    assert set(found["scores"]) == {"aligned", "colours and sizes"}
    assert found["scores"]["aligned"]["featured"]["r2"] > 0
    text = tables(
        {
            "name": "toy", "n": 0, "labels": {}, "k": 1, "mlp_epochs": 1, "resnet_epochs": 1,
            "conv_epochs": 1, "image_size": 96, "image_binning": 2, "split_sizes": {},
            "contestants": [{"name": "a", "reads": "b", "how": "c", "training": {},
                             "properties": {}}],
            "shapes": [], "headlines": {}, "votes": found,
        }
    )  # fmt: skip
    assert "vote fractions of 26 real images" in text


@pytest.mark.slow
def test_real_votes_are_read(real: Path) -> None:
    found = score_votes(real / "ls-zoobot-jpg", {})
    assert found["n"] > 300
    assert found["scores"]["colours and sizes"]["ring"]["r2"] == pytest.approx(0.18, abs=0.05)


# --- a dataset of ours ----------------------------------------------------------------------------


def test_an_ingested_dataset_is_read_in_the_catalogues_order(demonstration, tmp_path: Path) -> None:
    galaxies = open_galaxies(demonstration.home / "demo" / "dataset")
    ids = galaxies.catalogue["target_id"].to_numpy()
    np.testing.assert_array_equal(np.concatenate([b.target_ids for b in galaxies.batches()]), ids)
    np.testing.assert_array_equal(galaxies.split, split_of(ids))
    assert len(galaxies.digest) == 64
    assert not galaxies.published
    table = tmp_path / "more.csv"
    table.write_text(f"TARGETID,COLOUR,Z\n{ids[3]},0.5,9.0\n")
    more = open_galaxies(galaxies.path, [str(table)]).catalogue
    assert more["colour"].to_pylist() == [0.5 if one == ids[3] else None for one in ids]
    assert more["z"].equals(galaxies.catalogue["z"])
    with pytest.raises(DatasetError, match="Measure a larger dataset"):
        draw_sample(galaxies, modalities=BOTH)
