"""Building of an index from embeddings: store vectors, train, fill the lists, measure recall."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from galsearch.core.arrays import TargetIds
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, StageProgress, no_progress, stage_progress
from galsearch.embeddings import EmbeddingStore
from galsearch.embeddings.open_embeddings import open_stores
from galsearch.index.build.borrowed_quantisers import borrow_quantisers
from galsearch.index.build.index_catalogue import read_catalogue, write_catalogue
from galsearch.index.build.intake import store_vectors
from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.build.modality_build import ModalityBuild
from galsearch.index.build.quantisers import Quantisers, index_vectors, train_quantisers
from galsearch.index.build.query_aware_lists import add_query_aware_lists
from galsearch.index.plan.index_recipe import IndexRecipe, read_recipe
from galsearch.index.storage.finish_manifest import (
    current_time,
    finish_manifest,
    library_versions,
)
from galsearch.index.storage.manifest import DirectionManifest, IndexManifest, SegmentManifest
from galsearch.index.storage.origin_manifest import origin_of
from galsearch.index.storage.staging import new_build


def build_index(
    recipe: IndexRecipe | str | Path,
    *,
    embeddings: str | Path,
    out: str | Path,
    overwrite: bool = False,
    quantisers: str | Path | None = None,
    progress: Progress | None = None,
) -> IndexManifest:
    """Build an index over every embedded galaxy, and return its manifest.

    The index is made in a temporary directory beside `out` and renamed when it is complete; after
    an error nothing is left of it. The same recipe, embeddings and seed give the same neighbours.

    Parameters
    ----------
    recipe
        An `IndexRecipe`, or the path of its TOML file.
    embeddings
        Directory that `embed_dataset` wrote: `image/`, `spectrum/` or both, and
        `catalogue.parquet`.
    out
        Directory of the new index.
    overwrite
        Replace an index that is in `out`.
    quantisers
        Directory of an index whose quantisers are used; then nothing is trained. Parts of a survey
        that are built with the quantisers of one index can be merged (`merge`). What the recipe
        states about quantisers and the store must be what they are.
    progress
        Receives the name of a stage, the number of finished items, and the number of items.

    Returns
    -------
    IndexManifest
        Description of the new index, with the measured recall in each direction of search.

    Raises
    ------
    ConfigError
        Where the recipe is wrong, or contradicts the vectors, the machine or `quantisers`.
    NoEmbeddingsError
        Where there are no embeddings.
    ShardError
        Where the embeddings contradict each other.
    EncoderMismatchError
        Where images and spectra were embedded by different encoders, or `quantisers` were trained
        with vectors of another encoder or another number of dimensions.
    IndexExistsError
        Where `out` holds an index and `overwrite` is false.
    OutputExistsError
        Where `out` is something else than an index or an empty directory.
    """
    if not isinstance(recipe, IndexRecipe):
        recipe = read_recipe(recipe)
    with new_build(Path(out), overwrite=overwrite) as directory:
        build = _IndexBuild(recipe, directory, progress or no_progress)
        return build.run(Path(embeddings), None if quantisers is None else Path(quantisers))


@dataclass
class _IndexBuild:
    """An index that is being built, and the duration of each finished stage in seconds."""

    recipe: IndexRecipe
    directory: Path
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, embeddings: Path, quantisers: Path | None) -> IndexManifest:
        """Build the index from a directory of embeddings, and return its manifest.

        `quantisers` is the directory of an index whose quantisers are used; None trains new ones.
        """
        stores = open_stores(embeddings)
        table = read_catalogue(embeddings, stores)
        borrowed: dict[Modality, Quantisers] = {}
        if quantisers is not None:
            self.recipe, borrowed = borrow_quantisers(quantisers, stores, embeddings, self.recipe)
        n_vectors = sum(len(store) for store in stores.values())
        builds = {
            kind: self._build_modality(kind, store, borrowed.get(kind), len(store) / n_vectors)
            for kind, store in stores.items()
        }
        ids = {kind: build.opened.stored.ids for kind, build in builds.items()}
        n_galaxies = write_catalogue(table, self.directory, ids, embeddings)
        directions = self._measure(builds)
        if not borrowed:
            directions = add_query_aware_lists(builds, self.recipe, directions, self._stage)
        first = next(iter(stores.values()))
        records = {kind: store.record for kind, store in stores.items()}
        draft = IndexManifest(
            recipe=self.recipe,
            n_galaxies=n_galaxies,
            modalities={kind: build.describe() for kind, build in builds.items()},
            directions=directions,
            files={},
            versions=library_versions(),
            seconds=self.seconds,
            created=current_time(),
            dataset=first.dataset,
            dataset_digest=first.record.dataset_digest,
            segments=(SegmentManifest("", n_galaxies, _lengths(ids)),),
            origins=(origin_of(embeddings, records, n_galaxies),),
        )
        return finish_manifest(draft, self.directory, stage_progress(self.progress, "digests"))

    def _build_modality(
        self,
        kind: Modality,
        store: EmbeddingStore,
        quantisers: Quantisers | None,
        share_of_memory: float,
    ) -> ModalityBuild:
        """Store the vectors of one modality, and return the finished index over them.

        Quantisers are trained if none are given; `share_of_memory` is the fraction of the memory
        budget for this modality.
        """
        folder = self.directory / kind
        with self._stage(f"store {kind} vectors") as progress:
            originals = store_vectors(
                store, folder, encoding=self.recipe.encoding, progress=progress
            )
        with self._stage(f"train {kind} index"):
            quantisers = quantisers or train_quantisers(
                self.recipe, originals, share_of_memory=share_of_memory
            )
        with self._stage(f"fill {kind} index") as progress:
            opened = index_vectors(
                quantisers,
                self.recipe,
                originals,
                folder,
                keep_originals=self.recipe.keep_originals,
                progress=progress,
            )
        return ModalityBuild(folder, store.fingerprint, originals, quantisers, opened)

    def _measure(self, builds: dict[Modality, ModalityBuild]) -> tuple[DirectionManifest, ...]:
        opened = {kind: build.opened for kind, build in builds.items()}
        originals = {kind: build.originals for kind, build in builds.items()}
        with self._stage("measure recall") as progress:
            return measure_directions(opened, self.recipe, progress, originals)

    @contextmanager
    def _stage(self, name: str) -> Iterator[StageProgress]:
        """A context manager that reports the progress of a stage and records its duration."""
        start = time.perf_counter()
        yield stage_progress(self.progress, name)
        self.seconds[name] = round(time.perf_counter() - start, 3)


def _lengths(ids: dict[Modality, TargetIds]) -> dict[Modality, int]:
    return {kind: len(own) for kind, own in ids.items()}
