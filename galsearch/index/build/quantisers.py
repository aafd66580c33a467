"""What turns vectors into inverted lists and stored rows: trained once, or taken from a build."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import ManifestError, MissingModalityError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.index.build.intake import ORIGINALS_NAME, reduce_vectors
from galsearch.index.ivf.gpu_plan import GpuPlan, choose_gpu, wants_gpu
from galsearch.index.ivf.gpu_training import build_on_gpu
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.ivf.train_lists import PCA_SAMPLE_SIZE, fill_lists, sample_vectors, train_lists
from galsearch.index.plan.index_plan import IndexPlan, plan_index
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.galaxy_index import GalaxyIndex, open_build
from galsearch.index.search.modality_index import OpenModality
from galsearch.index.storage.manifest import (
    CROSS_LISTS_NAME,
    INVERTED_LISTS_NAME,
    CrossManifest,
    ModalityManifest,
)
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, MAX_UNEXPLAINED_4_BIT, PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors

Report = Callable[[int, int], None]


@dataclass
class Quantisers:
    """A plan, the pca of the vectors, and empty lists; for one modality."""

    plan: IndexPlan
    pca: PrincipalAxes | None
    """None where nothing needs it: a flat index of whole components."""
    lists: InvertedLists | None
    """Holding nothing; None where flat, or where GPUs train and fill at once."""
    gpu: GpuPlan | None = None
    digest: str = ""
    cross: InvertedLists | None = None
    """Holding nothing; None where `lists` do for questions of the other modality too."""

    def index(
        self, recipe: IndexRecipe, stored: StoredVectors, folder: Path, report: Report
    ) -> OpenModality:
        """The index over `stored`, its lists and reduced vectors written to `folder`."""
        lists = self.lists
        if self.gpu is not None and self.pca is not None:
            lists = build_on_gpu(self.plan, recipe, stored, self.pca, self.gpu)
        elif lists is not None:
            fill_lists(lists, stored, report)
        if lists is not None:
            write_lists(lists, folder / INVERTED_LISTS_NAME)
            self.digest = lists.quantiser_digest()
        if self.cross is not None:
            fill_lists(self.cross, stored, report)
            write_lists(self.cross, folder / CROSS_LISTS_NAME)
        reduced = reduce_vectors(stored, folder, self.plan.store, self.pca)
        return OpenModality(reduced, lists, cross=self.cross)


def train(recipe: IndexRecipe, stored: StoredVectors, *, share: float) -> Quantisers:
    """Quantisers for these vectors, planned on this machine, with GPUs or without.

    Parameters
    ----------
    share
        Of the memory budget, for these vectors.
    """
    pca = PrincipalAxes.fit(sample_vectors(stored, PCA_SAMPLE_SIZE, recipe.seed))
    plan = plan_index(
        recipe,
        n_vectors=len(stored),
        dim=stored.dim,
        n_pca_components=pca.n_components_for(MAX_UNEXPLAINED),
        n_pca_components_4_bit=pca.n_components_for(MAX_UNEXPLAINED_4_BIT),
        on_gpu=wants_gpu(recipe),
        share_of_memory=share,
    )
    if plan.kind == "flat":
        return Quantisers(plan, pca if plan.store == "int8" else None, None)
    gpu = choose_gpu(recipe, plan)
    if gpu is not None:
        return Quantisers(plan, pca, None, gpu)
    sample = sample_vectors(stored, plan.n_training, recipe.seed)
    return Quantisers(plan, pca, train_lists(plan, recipe, sample, pca))


def borrow(
    build: Path, kinds: dict[Modality, object] | Iterable[Modality]
) -> dict[Modality, Quantisers]:
    """The quantisers of a build, for each of these modalities.

    Raises
    ------
    MissingModalityError
        Where the build has none for one of them.
    ManifestError
        Where the build is damaged.
    """
    opened = open_build(build)
    found = {}
    for kind in kinds:
        if kind not in opened.manifest.modalities:
            raise MissingModalityError(
                f"{build}: was built without {kind} vectors, so it has no quantisers for them. "
                "Take those of a build of both."
            )
        found[kind] = quantisers_of(opened, kind)
    opened.release()
    return found


def quantisers_of(opened: GalaxyIndex, kind: Modality) -> Quantisers:
    """Those of one modality of an opened build, its lists emptied."""
    entry = opened.manifest.modalities[kind]
    codec = opened.stored(kind).codec
    pca = getattr(codec, "pca", None)
    if entry.plan.kind == "flat":
        return Quantisers(entry.plan, pca, None)
    lists = opened.read_lists(opened.manifest.segments[0], kind).clone_empty()
    if lists.quantiser_digest() != entry.quantiser:
        raise ManifestError(
            f"{opened.directory}: the {kind} lists are of another quantiser than manifest.json "
            "says. Build the index again with galsearch build-index."
        )
    cross = None
    if entry.cross is not None:
        cross = opened.read_cross_lists(opened.manifest.segments[0], kind).clone_empty()
        if cross.quantiser_digest() != entry.cross.quantiser:
            raise ManifestError(
                f"{opened.directory}: the cross lists over {kind} vectors are of another quantiser "
                "than manifest.json says. Build the index again with galsearch build-index."
            )
    return Quantisers(entry.plan, pca, lists, digest=entry.quantiser, cross=cross)


def describe_modality(
    made: Quantisers, n_vectors: int, fingerprint: str, folder: Path
) -> ModalityManifest:
    """What the manifest says of the files in `folder`."""
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    sizes.pop(ORIGINALS_NAME, None)
    in_memory = sizes.pop(INVERTED_LISTS_NAME, 0) + sizes.pop(CROSS_LISTS_NAME, 0)
    cross = None
    if made.cross is not None:
        plan = dataclasses.replace(made.cross.plan, n_vectors=n_vectors)
        cross = CrossManifest(plan, made.cross.quantiser_digest())
    return ModalityManifest(
        plan=dataclasses.replace(made.plan, n_vectors=n_vectors),
        n_vectors=n_vectors,
        fingerprint=Fingerprint(fingerprint),
        device="cpu" if made.gpu is None else "gpu",
        quantiser=made.digest,
        index_bytes_per_vector=round(in_memory / n_vectors, 2),
        stored_bytes_per_vector=round(sum(sizes.values()) / n_vectors, 2),
        cross=cross,
    )
