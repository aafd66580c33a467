"""From embeddings and a recipe to an index directory: store, train, tune, measure, describe."""

import datetime
import importlib.metadata
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from galsearch.core.modality import Modality
from galsearch.files.digest import FileDigest
from galsearch.index.build.cross_lists import UnfinishedBuild, add_cross_lists, worth_trying
from galsearch.index.build.intake import (
    drop_originals,
    open_stores,
    read_catalogue,
    store_vectors,
    write_catalogue,
)
from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.build.quantisers import Quantisers, borrow, describe_modality, train
from galsearch.index.plan.index_recipe import IndexRecipe, read_recipe
from galsearch.index.search.modality_index import OpenModality
from galsearch.index.storage.manifest import (
    MANIFEST_NAME,
    DirectionManifest,
    IndexManifest,
    ModalityManifest,
    SegmentManifest,
)
from galsearch.index.storage.manifest_json import write_manifest
from galsearch.index.storage.staging import new_build
from galsearch.index.vectors.stored_vectors import StoredVectors

Progress = Callable[[str, int, int], None]


def build_index(
    recipe: IndexRecipe | str | Path,
    *,
    embeddings: str | Path,
    out: str | Path,
    overwrite: bool = False,
    quantisers: str | Path | None = None,
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
    quantisers
        A build whose quantisers are taken in place of training. Parts of a survey that are built
        with one build's quantisers can be merged (`merge`).
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
    with new_build(Path(out), overwrite=overwrite) as directory:
        workshop = _Workshop(recipe, directory, progress or (lambda *_: None))
        return workshop.build(Path(embeddings), None if quantisers is None else Path(quantisers))


@dataclass
class _Workshop:
    """One build under way."""

    recipe: IndexRecipe
    directory: Path
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    def build(self, embeddings: Path, quantisers: Path | None) -> IndexManifest:
        stores = open_stores(embeddings)
        borrowed = {} if quantisers is None else borrow(quantisers, stores)
        opened: dict[Modality, OpenModality] = {}
        made: dict[Modality, Quantisers] = {}
        originals: dict[Modality, StoredVectors] = {}
        for kind, store in stores.items():
            folder = self.directory / kind
            with self._stage(f"store {kind} vectors") as report:
                originals[kind] = store_vectors(store, folder, progress=report)
            share = len(store) / sum(len(each) for each in stores.values())
            with self._stage(f"train {kind} index") as report:
                made[kind] = borrowed.get(kind) or train(self.recipe, originals[kind], share=share)
            with self._stage(f"fill {kind} index") as report:
                opened[kind] = made[kind].index(self.recipe, originals[kind], folder, report)
        ids = {kind: modality.stored.ids for kind, modality in opened.items()}
        table = read_catalogue(embeddings)
        n_galaxies = write_catalogue(table, self.directory, ids, embeddings)
        with self._stage("measure recall") as report:
            directions = measure_directions(opened, self.recipe, report, originals)
        for using, among in () if borrowed else worth_trying(directions):
            with self._stage(f"{using} questions among {among}") as report:
                unfinished = UnfinishedBuild(
                    self.recipe, made, opened, originals, self.directory / among
                )
                directions = add_cross_lists(unfinished, using, among, directions, report)
        entries = {}
        for kind, store in stores.items():
            folder = self.directory / kind
            entries[kind] = describe_modality(made[kind], len(store), store.fingerprint, folder)
            drop_originals(folder)
        segment = SegmentManifest("", n_galaxies, {kind: len(own) for kind, own in ids.items()})
        first = next(iter(stores.values()))
        return finish(
            self.directory,
            lambda done, total: self.progress("digests", done, total),
            recipe=self.recipe,
            dataset=(first.dataset, first.record.dataset_digest),
            entries=entries,
            directions=directions,
            segment=segment,
            seconds=self.seconds,
        )

    @contextmanager
    def _stage(self, name: str) -> Iterator[Callable[[int, int], None]]:
        start = time.perf_counter()
        yield lambda done, total: self.progress(name, done, total)
        self.seconds[name] = round(time.perf_counter() - start, 3)


def finish(
    directory: Path,
    report: Callable[[int, int], None],
    *,
    recipe: IndexRecipe,
    dataset: tuple[str, str],
    entries: dict[Modality, ModalityManifest],
    directions: tuple[DirectionManifest, ...],
    segment: SegmentManifest,
    seconds: dict[str, float],
) -> IndexManifest:
    """The manifest of the files that lie in `directory` now, written beside them.

    Parameters
    ----------
    dataset
        Path of the dataset whose galaxies these are, and its digest.
    """
    manifest = IndexManifest(
        recipe=recipe,
        n_galaxies=segment.n_galaxies,
        modalities=entries,
        directions=directions,
        files=_digests(directory, report),
        versions=library_versions(),
        seconds=seconds,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        dataset=dataset[0],
        dataset_digest=dataset[1],
        segments=(segment,),
    )
    write_manifest(manifest, directory / MANIFEST_NAME)
    return manifest


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
