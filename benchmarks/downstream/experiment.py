"""The downstream experiment: it reads the galaxies once, trains every model and scores the
predictions.
"""

import dataclasses
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
from galsearch.core.fingerprint import short_digest
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress
from galsearch.dataset import SPLITS, GalaxyBatch
from galsearch.files.digest import sha256_of_parts

Print = Callable[[str], None]
"""Function that receives a message for people, such as a line to print."""
Makers = dict[str, Callable[[GalaxyBatch], npt.NDArray[Any]]]


def measure(
    galaxies: Galaxies,
    sample: Sample,
    encoders: Sequence[ComparedEncoder],
    modalities: Sequence[Modality],
    settings: Settings,
    work: Path,
    *,
    progress: Progress = no_progress,
    print_line: Print = lambda _: None,
) -> dict[str, Any]:
    """Scores of all models of the downstream benchmark; results that an earlier call stored in
    `work` are used again.

    Results of an encoder are stored under its fingerprint. So a call with other encoders, on the
    same galaxies and with the same `work`, uses the trained baselines again.

    Parameters
    ----------
    galaxies
        The dataset.
    sample
        The galaxies of this run, with their labels.
    encoders
        Encoders to compare.
    modalities
        Modalities to measure.
    settings
        Settings of the predictors.
    work
        Directory of finished results.
    progress
        Receives the progress.
    print_line
        Function that receives messages for people.
    """
    identity = {
        "dataset": galaxies.digest,
        "n": len(sample.target_ids),
        "labels": sample.labels,
        "shapes": list(sample.shapes.names) if sample.shapes else [],
        "galaxies_and_targets": _digest(sample),
        **dataclasses.asdict(settings),
    }
    cache = ResultCache(work, identity)
    competing = predictors.all_predictors(
        encoders, modalities, photometry=sample.magnitudes is not None
    )
    remaining = [c for c in competing if cache.get(c.key) is None]
    if len(remaining) < len(competing):
        print_line(f"{len(competing) - len(remaining)} of {len(competing)} are taken from {work}")
    arrays = _arrays(galaxies, sample, encoders, remaining, settings, cache, progress)
    for predictor in remaining:
        started = time.process_time()
        inputs = _inputs_of(predictor, arrays)
        predicted, training = predictor.predict(inputs, sample, settings, progress)
        seconds = round(time.process_time() - started, 2)
        report = {"seconds": seconds, "training": training}
        cache.put(predictor.key, report=np.array(json.dumps(report)), **predicted)
        print_line(f"{predictor.name}, {predictor.reads}, {predictor.how}: {seconds} s")
    return {
        **identity,
        "modalities": list(modalities),
        "towers": {f"{t.name} {t.modality}": t.encoder.fingerprint for t in encoders},
        "split_sizes": {s: len(sample.rows(s)) for s in SPLITS},
        **_scores(sample, competing, cache),
    }


def _digest(sample: Sample) -> str:
    """Digest, as text, of the TARGETIDs and the labels of a sample."""
    labels = predictors.tasks(sample).values()
    return sha256_of_parts([sample.target_ids.tobytes(), *(values.tobytes() for values in labels)])


def _arrays(
    galaxies: Galaxies,
    sample: Sample,
    encoders: Sequence[ComparedEncoder],
    remaining: Sequence[Predictor],
    settings: Settings,
    cache: ResultCache,
    progress: Progress,
) -> dict[str, npt.NDArray[Any]]:
    """Inputs, by name, of the models without a stored result. Embeddings are taken from the cache
    or stored there; images and spectra are always read again.
    """
    needed = {c.needs for c in remaining}
    makers: Makers = {}
    arrays: dict[str, npt.NDArray[Any]] = {}
    for t in encoders:
        name = f"{t.name} {t.modality}"
        found = cache.get(_vectors_file(t))
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
    for t in encoders:
        name = f"{t.name} {t.modality}"
        if name in made:
            cache.put(_vectors_file(t), vectors=made[name])
    if sample.magnitudes is not None:
        arrays["magnitudes"] = sample.magnitudes
    return {**arrays, **made}


def _vectors_file(t: ComparedEncoder) -> str:
    return f"vectors-{t.modality}-{short_digest(t.encoder.fingerprint)}"


def _inputs_of(predictor: Predictor, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    if predictor.needs == "spectra":
        return arrays["spectra"], arrays["log scale"]
    return arrays[predictor.needs]


def _scores(sample: Sample, competing: Sequence[Predictor], cache: ResultCache) -> dict[str, Any]:
    test = sample.rows("test")
    resampled = draws(len(test), seed=1)
    true = sample.properties.values[test]
    rows, r2_draws = [], {}
    for predictor in competing:
        found = cache.get(predictor.key)
        assert found is not None  # noqa: S101 (all have predicted)
        scores, r2_of_samples = score_properties(
            sample.properties.names, true, found["properties"], resampled
        )
        r2_draws[predictor.key] = r2_of_samples
        row = {
            "name": predictor.name,
            "reads": predictor.reads,
            "how": predictor.how,
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
