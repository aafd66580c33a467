"""A run from start to end: check, read once, let everyone predict, score."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.downstream.data import network_inputs
from benchmarks.downstream.data.evaluation_sample import Sample
from benchmarks.downstream.data.labelled_galaxies import Galaxies
from benchmarks.downstream.models import predictors
from benchmarks.downstream.models.compared_encoders import ComparedEncoder
from benchmarks.downstream.models.predictors import Predictor, Settings
from benchmarks.downstream.result_cache import ResultCache
from benchmarks.downstream.scoring.accuracy_measures import draws
from benchmarks.downstream.scoring.headlines import headlines
from benchmarks.downstream.scoring.task_scores import score_properties, score_shapes, shape_baseline
from galsearch.core.modality import Modality
from galsearch.dataset import SPLITS, GalaxyBatch

Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]
Makers = dict[str, Callable[[GalaxyBatch], npt.NDArray[Any]]]


def measure(
    galaxies: Galaxies,
    sample: Sample,
    towers: Sequence[ComparedEncoder],
    modalities: Sequence[Modality],
    settings: Settings,
    work: Path,
    *,
    progress: Progress = lambda *_: None,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Everyone's scores; what an earlier call finished in `work` is taken from there.

    What belongs to a tower is kept under its fingerprint: other encoders, measured on the same
    galaxies in the same `work`, find the baselines trained.
    """
    identity = {
        "dataset": galaxies.digest,
        "n": len(sample.target_ids),
        "labels": sample.labels,
        "shapes": list(sample.shapes.names) if sample.shapes else [],
        "galaxies_and_targets": _digest(sample),
        **dataclasses.asdict(settings),
    }
    kept = ResultCache(work, identity)
    everyone = predictors.all_predictors(
        towers, modalities, photometry=sample.magnitudes is not None
    )
    left = [c for c in everyone if kept.get(c.key) is None]
    if len(left) < len(everyone):
        say(f"{len(everyone) - len(left)} of {len(everyone)} are taken from {work}")
    arrays = _arrays(galaxies, sample, towers, left, settings, kept, progress)
    for contestant in left:
        started = time.process_time()
        fed = _fed(contestant, arrays)
        predicted, training = contestant.predict(fed, sample, settings, progress)
        seconds = round(time.process_time() - started, 2)
        report = {"seconds": seconds, "training": training}
        kept.put(contestant.key, report=np.array(json.dumps(report)), **predicted)
        say(f"{contestant.name}, {contestant.reads}, {contestant.how}: {seconds} s")
    return {
        **identity,
        "modalities": list(modalities),
        "towers": {f"{t.name} {t.modality}": t.encoder.fingerprint for t in towers},
        "split_sizes": {s: len(sample.rows(s)) for s in SPLITS},
        **_scores(sample, everyone, kept),
    }


def _digest(sample: Sample) -> str:
    """Of which galaxies are measured and what is asked of them."""
    digest = hashlib.sha256(sample.target_ids.tobytes())
    for values in predictors.tasks(sample).values():
        digest.update(values.tobytes())
    return digest.hexdigest()


def _arrays(
    galaxies: Galaxies,
    sample: Sample,
    towers: Sequence[ComparedEncoder],
    left: Sequence[Predictor],
    settings: Settings,
    kept: ResultCache,
    progress: Progress,
) -> dict[str, npt.NDArray[Any]]:
    """What the contestants that are left are fed; vectors are kept, the networks' inputs not."""
    needed = {c.needs for c in left}
    makers: Makers = {}
    arrays: dict[str, npt.NDArray[Any]] = {}
    for t in towers:
        name = f"{t.name} {t.modality}"
        found = kept.get(_vectors_file(t))
        if name in needed and found is None:
            makers[name] = t.embed
        elif found is not None:
            arrays[name] = found["vectors"]
    if "images" in needed:
        makers["images"] = network_inputs.ImageInput(
            settings.image_size, settings.image_binning
        ).prepare
    if "spectra" in needed:
        makers["spectra"] = lambda batch: network_inputs.spectrum_input(batch)[0]
        makers["log scale"] = lambda batch: network_inputs.spectrum_input(batch)[1]
    made = network_inputs.prepare_all(galaxies, sample.target_ids, makers, progress=progress)
    for t in towers:
        name = f"{t.name} {t.modality}"
        if name in made:
            kept.put(_vectors_file(t), vectors=made[name])
    if sample.magnitudes is not None:
        arrays["magnitudes"] = sample.magnitudes
    return {**arrays, **made}


def _vectors_file(t: ComparedEncoder) -> str:
    return f"vectors-{t.modality}-{t.encoder.fingerprint[:16]}"


def _fed(contestant: Predictor, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    if contestant.needs == "spectra":
        return arrays["spectra"], arrays["log scale"]
    return arrays[contestant.needs]


def _scores(sample: Sample, everyone: Sequence[Predictor], kept: ResultCache) -> dict[str, Any]:
    test = sample.rows("test")
    resampled = draws(len(test), seed=1)
    true = sample.properties.values[test]
    rows, r2_draws = [], {}
    for contestant in everyone:
        found = kept.get(contestant.key)
        assert found is not None  # noqa: S101 (all were predicted above)
        scores, drawn = score_properties(
            sample.properties.names, true, found["properties"], resampled
        )
        r2_draws[contestant.key] = drawn
        row = {
            "name": contestant.name,
            "reads": contestant.reads,
            "how": contestant.how,
            **json.loads(str(found["report"])),
            "properties": scores,
        }
        if sample.shapes is not None and "shapes" in found:
            row["shapes"] = score_shapes(sample, found["shapes"], resampled)
        rows.append(row)
    out: dict[str, Any] = {"contestants": rows, "headlines": headlines(r2_draws, rows)}
    if sample.shapes is not None:
        out["shape_baseline"] = shape_baseline(sample)
    return out
