"""From embeddings and a recipe to an index directory: store, train, tune, measure, describe."""

import datetime
import importlib.metadata
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from galsearch.core.errors import ManifestError
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index.digest import FileDigest
from galsearch.index.gpu import choose_gpu, wants_gpu
from galsearch.index.intake import (
    ORIGINALS_NAME,
    drop_originals,
    open_stores,
    read_catalogue,
    reduce_vectors,
    store_vectors,
    write_catalogue,
)
from galsearch.index.ivfpq import InvertedLists, build_inverted_lists
from galsearch.index.manifest import (
    INVERTED_LISTS_NAME,
    MANIFEST_NAME,
    DirectionManifest,
    IndexManifest,
    ModalityManifest,
    SegmentManifest,
    write_manifest,
)
from galsearch.index.recipe import IndexPlan, IndexRecipe, plan_index, read_recipe
from galsearch.index.search import OpenModality, SearchSettings
from galsearch.index.stored import StoredVectors
from galsearch.index.tuning import RECALL_KS, draw_questions, recall, tune

Progress = Callable[[str, int, int], None]


def build_index(
    recipe: IndexRecipe | str | Path,
    *,
    embeddings: str | Path,
    out: str | Path,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> IndexManifest:
    """The manifest of a new index over every embedded galaxy, written to the directory `out`.

    The index is made in a directory beside `out` that is renamed when it is whole; after an
    error nothing is left. The same recipe, shards and seed give the same neighbours.

    Parameters
    ----------
    recipe
        An `IndexRecipe`, or the path of its TOML file.
    embeddings
        What `embed_dataset` wrote: `image/`, `spectrum/` or both, and `catalogue.parquet`.
    overwrite
        Replace a build that is in `out`.
    progress
        Called with a stage's name, how much is done, and how much there is.

    Raises
    ------
    ConfigError
        Where the recipe is wrong, or contradicts the vectors or the machine.
    ShardError
        Where the embeddings are missing or contradict each other.
    EncoderMismatchError
        Where images and spectra were embedded by different encoders.
    ManifestError
        Where `out` exists and may not be replaced.
    """
    if not isinstance(recipe, IndexRecipe):
        recipe = read_recipe(recipe)
    with _new_build(Path(out), overwrite=overwrite) as directory:
        workshop = _Workshop(recipe, directory, progress or (lambda *_: None))
        return workshop.build(Path(embeddings))


@dataclass
class _Workshop:
    """One build under way."""

    recipe: IndexRecipe
    directory: Path
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    def build(self, embeddings: Path) -> IndexManifest:
        stores = open_stores(embeddings)
        opened: dict[Modality, OpenModality] = {}
        entries: dict[Modality, ModalityManifest] = {}
        originals: dict[Modality, StoredVectors] = {}
        for kind, store in stores.items():
            folder = self.directory / kind
            with self._stage(f"store {kind} vectors") as report:
                stored = store_vectors(store, folder, progress=report)
            share = len(store) / sum(len(each) for each in stores.values())
            plan = plan_for(self.recipe, n_vectors=len(stored), dim=store.dim, share=share)
            originals[kind] = stored
            opened[kind], device = self._train(kind, plan, stored)
            entries[kind] = describe_modality(plan, store.fingerprint, device, folder)
        ids = {kind: modality.stored.ids for kind, modality in opened.items()}
        table = read_catalogue(embeddings)
        n_galaxies = write_catalogue(table, self.directory, ids, embeddings)
        plans = {kind: entry.plan for kind, entry in entries.items()}
        with self._stage("measure recall") as report:
            directions = measure_directions(opened, plans, self.recipe, report, originals)
        for kind in opened:
            drop_originals(self.directory / kind)
        with self._stage("digests") as report:
            files = _digests(self.directory, report)
        first = next(iter(stores.values()))
        manifest = IndexManifest(
            recipe=self.recipe,
            n_galaxies=n_galaxies,
            modalities=entries,
            directions=directions,
            files=files,
            versions=library_versions(),
            seconds=self.seconds,
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            dataset=first.dataset,
            dataset_digest=first.record.dataset_digest,
            segments=(
                SegmentManifest("", n_galaxies, {kind: len(own) for kind, own in ids.items()}),
            ),
        )
        write_manifest(manifest, self.directory / MANIFEST_NAME)
        return manifest

    def _train(
        self, kind: Modality, plan: IndexPlan, stored: StoredVectors
    ) -> tuple[OpenModality, str]:
        folder = self.directory / kind
        lists, device = None, "cpu"
        if plan.kind != "flat":
            with self._stage(f"train {kind} index") as report:
                lists, device = train_lists(self.recipe, plan, stored, report)
        if lists is not None:
            lists.write(folder / INVERTED_LISTS_NAME)
        return OpenModality(reduce_vectors(stored, folder, plan.store), lists), device

    @contextmanager
    def _stage(self, name: str) -> Iterator[Callable[[int, int], None]]:
        start = time.perf_counter()
        yield lambda done, total: self.progress(name, done, total)
        self.seconds[name] = round(time.perf_counter() - start, 3)


def plan_for(recipe: IndexRecipe, *, n_vectors: int, dim: int, share: float) -> IndexPlan:
    """The plan on this machine, with a GPU or without."""
    on_gpu = wants_gpu(recipe)
    return plan_index(recipe, n_vectors=n_vectors, dim=dim, on_gpu=on_gpu, share_of_memory=share)


def train_lists(
    recipe: IndexRecipe,
    plan: IndexPlan,
    stored: StoredVectors,
    report: Callable[[int, int], None],
) -> tuple[InvertedLists | None, str]:
    """Lists that hold every stored vector, None where flat; and where they were trained."""
    if plan.kind == "flat":
        return None, "cpu"
    gpu = choose_gpu(recipe, plan)
    lists = build_inverted_lists(plan, stored, seed=recipe.seed, gpu=gpu, progress=report)
    return lists, "cpu" if gpu is None else "gpu"


def measure_directions(
    opened: dict[Modality, OpenModality],
    plans: dict[Modality, IndexPlan],
    recipe: IndexRecipe,
    report: Callable[[int, int], None],
    originals: dict[Modality, StoredVectors] | None = None,
) -> tuple[DirectionManifest, ...]:
    """How each direction is best answered, and how well against exact search of `originals`.

    Where vectors are stored in fewer bytes than they came in, `originals` are those they came in;
    by default what is stored is the truth.
    """
    truth = {kind: modality.stored for kind, modality in opened.items()}
    truth.update(originals or {})
    asked = [(using, among) for using, among in DIRECTIONS if {using, among} <= set(opened)]
    entries = []
    for using, among in asked:
        entries.append(_direction(using, among, opened[among], truth, plans[among], recipe))
        report(len(entries), len(asked))
    return tuple(entries)


def _direction(
    using: Modality,
    among: Modality,
    searched: OpenModality,
    truth: dict[Modality, StoredVectors],
    plan: IndexPlan,
    recipe: IndexRecipe,
) -> DirectionManifest:
    tuning, held_out = draw_questions(
        truth[using], truth[among], n=recipe.n_tuning_queries, seed=recipe.seed
    )
    lists = searched.lists
    flat = lists is None
    settings = SearchSettings(1, 1)
    if lists is not None:
        settings = tune(lists, truth[among], plan, tuning, recipe)
    recalls, exact_share, seconds = {}, 0.0, 0.0
    for k in RECALL_KS:
        start = time.perf_counter()
        answers = searched.search(
            held_out.vectors, k=k, exclude=held_out.target_ids, settings=settings
        )
        elapsed = time.perf_counter() - start
        recalls[k] = recall(answers, held_out, truth[among], k=k)
        if k == 10:
            exact_share = float(np.mean([hits.exact for hits in answers]))
            seconds = elapsed
    return DirectionManifest(
        using=using,
        among=among,
        n_probe=0 if flat else settings.n_probe,
        rerank=0 if flat else settings.rerank,
        n_queries=len(held_out),
        held_out=held_out is not tuning,
        recall_at_1=recalls[1],
        recall_at_10=recalls[10],
        recall_at_100=recalls[100],
        exact_share=exact_share,
        queries_per_second=round(len(held_out) / seconds, 1),
        missed_by=max(0.0, round(recipe.recall_target - recalls[10], 6)),
    )


def describe_modality(
    plan: IndexPlan, fingerprint: str, device: str, folder: Path
) -> ModalityManifest:
    """What the manifest says of the files in `folder`."""
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    sizes.pop(ORIGINALS_NAME, None)
    in_memory = sizes.pop(INVERTED_LISTS_NAME, 0)
    return ModalityManifest(
        plan=plan,
        n_vectors=plan.n_vectors,
        fingerprint=fingerprint,
        device=device,
        index_bytes_per_vector=round(in_memory / plan.n_vectors, 2),
        stored_bytes_per_vector=round(sum(sizes.values()) / plan.n_vectors, 2),
    )


def _digests(directory: Path, report: Callable[[int, int], None]) -> dict[str, FileDigest]:
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    digests = {}
    for path in paths:
        digests[path.relative_to(directory).as_posix()] = FileDigest.of(path)
        report(len(digests), len(paths))
    return digests


def library_versions() -> dict[str, str]:
    """The versions of what made a build."""
    names = ("galsearch", "numpy", "pyarrow", "faiss-cpu", "faiss-gpu", "faiss-gpu-cuvs")
    installed = {dist.name: dist.version for dist in importlib.metadata.distributions()}
    return {name: installed[name] for name in names if name in installed}


@contextmanager
def _new_build(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """A fresh directory beside `out` that becomes `out` when the block ends without an error."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        if not (out / MANIFEST_NAME).is_file():
            raise ManifestError(
                f"{out}: exists and is not an index; nothing was touched. Name another directory."
            )
        if not overwrite:
            raise ManifestError(
                f"{out}: holds an index already. Name another directory, or replace it with "
                "--overwrite."
            )
    # The process number keeps two builds apart; the dot hides it from a search for builds.
    temporary = out.absolute().with_name(f".{out.name}.{os.getpid()}.part")
    replaced = temporary.with_suffix(".old")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if out.exists():
            out.rename(replaced)
        temporary.rename(out)
    except BaseException:
        if replaced.exists() and not out.exists():
            replaced.rename(out)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
