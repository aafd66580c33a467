"""The retrieval command at toy size: its results file, its tables and its errors."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.retrieval import __main__ as command
from benchmarks.retrieval import learnt_rankings, random_features
from benchmarks.retrieval.retrieval_metrics import CROSS
from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality

ROOT = Path(__file__).parents[3]


def test_the_command_measures_a_toy_set_and_its_table_follows_from_its_file(
    make_sky, tmp_path: Path
) -> None:
    embeddings = make_sky(600).write(tmp_path / "sky")
    out = tmp_path / "retrieval.json"
    command = [sys.executable, "-m", "benchmarks.retrieval", str(embeddings), "--split", "train"]
    command += ["--pool", "100", "--pools", "3", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    results = json.loads(out.read_text())
    first = results["directions"][0]
    assert len(first["scores"]["cosine"]["pools"]["r10"]) == 3
    assert set(first["scores"]) == {"cosine", "CSLS", "mutual proximity"}
    assert len(first["whole_ranks"]) == results["n"] > 400
    share = (np.array(first["whole_ranks"]) <= 10).mean()
    assert first["scores"]["cosine"]["whole"]["r10"] == pytest.approx(share, abs=1e-5)
    assert f"| image | spectrum | cosine | whole split, {results['n']} | " in done.stdout
    assert f"{share:.3f}" in done.stdout
    assert "pools of 100, not of 2000: not compared with the public figure" in done.stdout


def test_learnt_rankings_are_not_measured_on_training_galaxies(make_sky, tmp_path: Path) -> None:
    embeddings = make_sky(60).write(tmp_path / "sky")
    arguments = command.parse([str(embeddings), "--split", "train", "--parameter-model"])
    with pytest.raises(DatasetError) as caught:
        command.run(arguments)
    assert str(caught.value) == (
        "--baselines and --parameter-model learn from train and validation galaxies; measure "
        "--split test."
    )


def test_a_catalogue_without_truth_is_refused_before_any_pixel_is_read(
    make_sky, tmp_path: Path
) -> None:
    embeddings = make_sky(1500).write(tmp_path / "sky")
    arguments = command.parse(
        [str(embeddings), "--parameter-model", "--pool", "50", "--out", str(tmp_path / "out.json")]
    )
    with pytest.raises(DatasetError) as caught:
        command.run(arguments)
    assert str(caught.value) == (
        "the parameter model needs the truth of a simulated survey (true_z, label_mag_r and "
        "others as columns of the dataset); the catalogue has target_id, ra_deg, dec_deg, z."
    )
    assert not (tmp_path / "out.json").exists()


def test_the_command_measures_baselines_and_parameter_model(
    make_sky, tmp_path: Path, monkeypatch, capsys
) -> None:
    sky = make_sky(1600, dim=6)
    embeddings = sky.write(tmp_path / "sky")
    catalogue = pq.read_table(embeddings / "catalogue.parquet")
    latent = sky.image.astype(float)
    truth = {"true_z": latent[:, 0], "label_mag_r": latent[:, 1], "av": latent[:, 2]}
    for name, values in truth.items():
        catalogue = catalogue.append_column(name, pa.array(values))
    pq.write_table(catalogue, embeddings / "catalogue.parquet")

    class Anything:
        digest = "toy"

    def features(galaxies, target_ids, train, *, seed, progress) -> dict[str, np.ndarray]:
        assert galaxies.digest == "toy"
        rows = np.searchsorted(sky.ids, target_ids)
        return {
            "image": sky.image[rows],
            "spectrum": sky.spectrum[rows],
            "apertures": np.repeat(sky.image[rows][:, :3], 5, axis=1),
            "wide_bins": sky.spectrum[rows],
        }

    monkeypatch.setattr(learnt_rankings, "open_galaxies", lambda _: Anything())
    monkeypatch.setattr(random_features, "compute_features", features)
    out = tmp_path / "retrieval.json"
    arguments = [str(embeddings), "--pool", "60", "--pools", "2"]
    arguments += ["--baselines", "--parameter-model"]
    arguments += ["--head-epochs", "3", "--regressor-epochs", "2", "--out", str(out)]
    assert command.run(command.parse(arguments)) == 0
    results = json.loads(out.read_text())
    assert results["bound"]["parameters"] == [
        "true_z",
        "av",
        "label_mag_r",
        "fibre_g",
        "fibre_r",
        "fibre_z",
    ]
    for part, names in {
        "generic": [learnt_rankings.RANDOM_FEATURES, learnt_rankings.PLAIN_FEATURES],
        "bound": [
            "estimated parameters",
            "true parameters, errors drawn",
            "true parameters, spectrum without error",
        ],
    }.items():
        for entry, (using, among) in zip(results[part]["directions"], CROSS, strict=True):
            assert (entry["using"], entry["among"]) == (using, among)
            assert list(entry["scores"]) == names
            for found in entry["scores"].values():
                assert found["whole"]["n"] == results["n"] > 100
                assert all(0 <= share <= 1 for share in found["pools"]["r10"])
    table = capsys.readouterr().out
    for name in (learnt_rankings.RANDOM_FEATURES, learnt_rankings.PLAIN_FEATURES):
        assert f"times the baseline '{name}' (" in table
    assert "times the parameter model's expectation (" in table
    assert "a statistical model with 6 chosen parameters" in table
    assert "reached R@10 .27 (image queries)" in table
    assert len(results["generic"]["curve"]) == len(results["generic"]["plain_curve"]) == 3
    assert (tmp_path / "retrieval" / "plain_features.npz").is_file()
    assert Modality.IMAGE in results["bound"]["r2"]
