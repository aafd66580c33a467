"""Files of datasets, embeddings and indexes that are damaged or mixed up, and then read.

Each trial damages one file of a copy, reads the copy as the next command does, and verifies it.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.subjects.damage import KINDS, Damage, FileOfAnother
from benchmarks.faults.subjects.lance_layout import answers_of_lance_layout
from benchmarks.faults.subjects.plain_layout import (
    answers_of_plain_layout,
    verify_nothing,
)
from benchmarks.faults.trials.undisturbed import Place, answers_of_index
from galsearch.files.digest import sha256_of_parts

REFUSED = "refused: "
_LOCK = "growing.lock"


@dataclass(frozen=True)
class Subject:
    """A directory whose files are damaged, and how it is read."""

    name: str
    original: Path
    foreign: Path
    """A directory of the same kind with other galaxies, whose files stand in for foreign ones."""
    older: Path
    """A directory of the same kind with older values of the same galaxies."""
    read: Callable[[Path], Any]
    """Everything that the next command reads, as JSON can hold it."""
    verify: Callable[[Path], Any]


def subjects(place: Place) -> list[Subject]:
    """Every kind of directory that galsearch writes, and what it is compared with."""
    i = place.inputs
    dataset = i / "dataset", i / "survey", i / "dataset-older"
    embeddings = i / "first", i / "second", i / "first-older"
    plain = i / "plain", i / "plain-other", i / "plain-older"
    lance = i / "lance", i / "lance-other", i / "lance-older"
    compared = [Subject("plain files", *plain, answers_of_plain_layout, verify_nothing)]
    if lance[0].is_dir():
        compared.append(Subject("LanceDB", *lance, answers_of_lance_layout, verify_nothing))
    return [
        Subject("dataset", *dataset, read_dataset, verify_dataset),
        Subject("embeddings", *embeddings, read_embeddings, verify_embeddings),
        Subject("index", i / "changed", i / "other", i / "index", answers_of_index, verify_index),
        *compared,
    ]


def corruption_trials(place: Place, subject: Subject, n: int, seed: int = 1) -> dict[str, Any]:
    """Damage `n` copies of a directory, each in one file; returns the counts of what followed."""
    copy = place.root / "subject" / subject.name
    good = place.answer(lambda: subject.read(subject.original))
    names = sorted(
        path.relative_to(subject.original).as_posix()
        for path in subject.original.rglob("*")
        if path.is_file() and path.name != _LOCK
    )
    others = {"foreign_file": subject.foreign, "older_file": subject.older}
    kinds: list[tuple[str, Damage]] = [
        *((kind.__name__, kind) for kind in KINDS),
        *((name, FileOfAnother(directory)) for name, directory in others.items()),
    ]
    counts: Counter[str] = Counter()
    problems: list[dict[str, str]] = []
    number = 0
    while sum(counts.values()) < n:
        generator = np.random.default_rng([seed, number])
        name = names[number % len(names)]
        what, damage = kinds[(number // len(names) + number) % len(kinds)]
        number += 1
        shutil.rmtree(copy.parent, ignore_errors=True)
        shutil.copytree(subject.original, copy)
        if not damage(copy / name, generator):
            continue
        outcome, verdict = _outcome(place, subject, copy, good, name)
        # The text of an error differs from copy to copy, its class does not.
        counts[f"{': '.join(outcome.split(': ')[:2])}, {verdict}"] += 1
        if outcome.startswith(("other", "error")) or verdict.startswith("verify fails"):
            problems.append({"file": name, "damage": what, "seen": f"{outcome}, {verdict}"})
    return {"command": subject.name, "trials": n, "counts": dict(counts), "problems": problems}


def _outcome(place: Place, subject: Subject, copy: Path, good: Any, name: str) -> tuple[str, str]:
    """The result of reading and verifying a damaged copy."""
    answers = place.answer(lambda: subject.read(copy))
    if answers == good:
        outcome = "same answers"
    elif isinstance(answers, str):
        refused = answers.startswith(REFUSED)
        outcome = "refused" if refused else f"error: {answers[:200]}"
    else:
        outcome = "other answers"
    found = place.answer(lambda: subject.verify(copy))
    if not isinstance(found, str):
        return outcome, "verify passes"
    if not found.startswith(REFUSED):
        return outcome, f"verify fails: {found[:200]}"
    return outcome, "verify names it" if Path(name).name in found else "verify refuses"


def read_dataset(path: Path) -> Any:
    """Digests of all that `embed` reads of a dataset."""
    from galsearch import open_dataset

    dataset = open_dataset(path)
    parts: list[bytes] = []
    # The order of the partitions is of no consequence; `embed` checks each before it reads it.
    for partition in sorted(dataset.partitions, key=lambda each: each.name):
        partition.check()
        for batch in partition.batches(64):
            parts += [np.ascontiguousarray(batch.target_ids).tobytes()]
            parts += [np.ascontiguousarray(batch.image_flux).tobytes()]
            parts += [np.ascontiguousarray(batch.spectrum_flux).tobytes()]
    return [len(dataset), sha256_of_parts(parts)]


def verify_dataset(path: Path) -> int:
    """Number of galaxies of a dataset, every partition of which was checked."""
    from galsearch import open_dataset

    dataset = open_dataset(path)
    dataset.verify()
    return len(dataset)


def read_embeddings(path: Path) -> Any:
    """Digests of all that `build-index` reads of embeddings."""
    from galsearch.embeddings.open_embeddings import open_stores, read_embedded_catalogue

    stores = open_stores(path)
    table = read_embedded_catalogue(path, stores)
    parts: list[bytes] = []
    for store in stores.values():
        for ids, vectors in store.iter_vectors():
            parts += [ids.tobytes(), np.ascontiguousarray(vectors).tobytes()]
    return [str(table.to_pydict()), sha256_of_parts(parts)]


def verify_embeddings(path: Path) -> int:
    """1 where all embeddings are as they were written."""
    from galsearch import verify_embeddings as verify

    return len(verify(path)[:1])


def verify_index(path: Path) -> int:
    """Number of galaxies of an index, every byte of which was checked."""
    from galsearch import verify

    return verify(path).n_galaxies
