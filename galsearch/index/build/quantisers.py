"""Quantisers of one modality, which are trained from its vectors or taken from an open index."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from galsearch.core.errors import ManifestError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.progress import StageProgress
from galsearch.index.build.intake import compress_vectors
from galsearch.index.ivf.gpu_plan import GpuPlan, choose_gpu, wants_gpu
from galsearch.index.ivf.gpu_training import build_on_gpu
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.ivf.train_lists import PCA_SAMPLE_SIZE, fill_lists, sample_vectors, train_lists
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.plan.index_recipe import IndexRecipe
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.modality_index import ModalityIndex
from galsearch.index.search.outside_rows import OutsideRows
from galsearch.index.storage.manifest import (
    INVERTED_LISTS_NAME,
    QUERY_AWARE_LISTS_NAME,
    ModalityManifest,
    OutsideManifest,
    QueryAwareManifest,
)
from galsearch.index.vectors.array_files import ORIGINALS_NAME
from galsearch.index.vectors.common_axes import CommonAxes
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, MAX_UNEXPLAINED_4_BIT, PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors


@dataclass(frozen=True, eq=False)
class Quantisers:
    """The trained parts of an index over one modality: principal axes and inverted lists."""

    plan: IndexPlan
    pca: PrincipalAxes | None
    """Principal axes of the vectors; None for a flat index of float vectors."""
    lists: InvertedLists | None = None
    """Empty inverted lists; None for a flat index, and where GPUs train and fill the lists."""
    gpu: GpuPlan | None = None
    """Configuration of the GPUs that train and fill the lists; None where the CPU does."""
    query_aware: InvertedLists | None = None
    """Empty query-aware lists, for queries of the other modality; None where there are none."""
    device: str = "cpu"
    """Device that trained them, `cpu` or `gpu`."""
    axes: CommonAxes | None = None
    """Axes of common vectors; None for a flat index, and where no vector lies outside of them."""
    outside_share: float = 0.0
    """Fraction of the vectors outside of the axes when they were learnt."""


def index_vectors(
    quantisers: Quantisers,
    recipe: IndexRecipe,
    stored: StoredVectors,
    folder: Path,
    *,
    keep_originals: bool,
    progress: StageProgress,
) -> ModalityIndex:
    """Fill the inverted lists of one modality, and return the index over its vectors.

    Parameters
    ----------
    quantisers
        Trained quantisers. Their lists are filled in place, so they can be used only once.
    recipe
        Recipe of the index.
    stored
        Float32 vectors, which `write_vectors` wrote to `folder`.
    folder
        Directory to which the lists and the encoded vectors are written.
    keep_originals
        Keep `stored` beside vectors in another encoding.
    progress
        Receives the number of vectors that were added to the lists.
    """
    lists, query_aware = quantisers.lists, quantisers.query_aware
    if quantisers.gpu is not None and quantisers.pca is not None:
        lists = build_on_gpu(quantisers.plan, recipe, stored, quantisers.pca, quantisers.gpu)
    elif lists is not None:
        fill_lists(lists, stored, progress)
    if lists is not None:
        write_lists(lists, folder / INVERTED_LISTS_NAME)
    if query_aware is not None:
        fill_lists(query_aware, stored, progress)
        write_lists(query_aware, folder / QUERY_AWARE_LISTS_NAME)
    encoded = compress_vectors(
        stored, folder, quantisers.plan.store, quantisers.pca, keep_originals=keep_originals
    )
    outside = None
    if quantisers.axes is not None:
        found = OutsideRows.find(quantisers.axes, stored)
        found.write(folder)
        outside = OutsideRows.of_rows(quantisers.axes, encoded, found.rows)
    return ModalityIndex(encoded, lists, query_aware_lists=query_aware, outside=outside)


def train_quantisers(
    recipe: IndexRecipe, stored: StoredVectors, *, share_of_memory: float
) -> Quantisers:
    """Quantisers trained on a sample of the vectors, on GPUs or the CPU as the recipe says.

    Parameters
    ----------
    recipe
        Recipe of the index.
    stored
        Vectors that will be indexed.
    share_of_memory
        Fraction of the memory budget that these vectors may use.
    """
    sample = sample_vectors(stored, PCA_SAMPLE_SIZE, recipe.seed)
    pca = PrincipalAxes.fit(sample)
    plan = plan_index(
        recipe,
        n_vectors=len(stored),
        dim=stored.dim,
        n_pca_components=pca.n_components_for(MAX_UNEXPLAINED),
        n_pca_components_4_bit=pca.n_components_for(MAX_UNEXPLAINED_4_BIT),
        on_gpu=wants_gpu(recipe),
        share_of_memory=share_of_memory,
    )
    if plan.kind == "flat":
        return Quantisers(plan, pca if plan.store == "int8" else None)
    axes = CommonAxes.fit(pca, sample)
    share = 0.0 if axes is None else float(np.mean(axes.measure(sample) > axes.limit))
    gpu = choose_gpu(recipe, plan)
    if gpu is not None:
        return Quantisers(plan, pca, gpu=gpu, device="gpu", axes=axes, outside_share=share)
    sample = sample_vectors(stored, plan.n_training, recipe.seed)
    lists = train_lists(plan, recipe, sample, pca)
    return Quantisers(plan, pca, lists, axes=axes, outside_share=share)


def quantisers_of(opened: GalaxyIndex, kind: Modality) -> Quantisers:
    """The quantisers of one modality of an open index, with empty lists.

    Raises
    ------
    ManifestError
        Where the lists were not trained as the manifest states.
    """
    entry = opened.manifest.modalities[kind]
    pca = getattr(opened.stored(kind).codec, "pca", None)
    if entry.plan.kind == "flat":
        return Quantisers(entry.plan, pca, device=entry.device)
    first = opened.manifest.segments[0]
    lists = opened.segment_files.read_lists(first, kind).clone_empty()
    _check_digest(opened, lists, entry.quantiser, f"{kind} lists")
    query_aware = None
    if entry.query_aware is not None:
        query_aware = opened.segment_files.read_query_aware_lists(first, kind).clone_empty()
        _check_digest(opened, query_aware, entry.query_aware.quantiser, f"query-aware {kind} lists")
    outside = opened.outside(kind)
    return Quantisers(
        entry.plan,
        pca,
        lists,
        query_aware=query_aware,
        device=entry.device,
        axes=None if outside is None else outside.axes,
        outside_share=0.0 if entry.outside is None else entry.outside.trained_share,
    )


def _check_digest(opened: GalaxyIndex, lists: InvertedLists, expected: str, name: str) -> None:
    if lists.quantiser_digest() != expected:
        raise ManifestError(
            f"{opened.directory}: the quantisers of the {name} are not those that manifest.json "
            "states.",
            directory=opened.directory,
        )


def describe_modality(
    quantisers: Quantisers, opened: ModalityIndex, fingerprint: str, folder: Path
) -> ModalityManifest:
    """The manifest entry of one modality, whose files are in `folder`."""
    n_vectors = len(opened.stored)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    in_memory = sizes.pop(INVERTED_LISTS_NAME, 0) + sizes.pop(QUERY_AWARE_LISTS_NAME, 0)
    # Queries do not read the vectors as they were embedded, where rounded ones are beside them.
    sizes.pop(ORIGINALS_NAME, None)
    query_aware = None
    if opened.query_aware_lists is not None:
        plan = dataclasses.replace(opened.query_aware_lists.plan, n_vectors=n_vectors)
        query_aware = QueryAwareManifest(plan, opened.query_aware_lists.quantiser_digest())
    outside = None
    if opened.outside is not None:
        outside = OutsideManifest(len(opened.outside), round(quantisers.outside_share, 6))
    return ModalityManifest(
        plan=dataclasses.replace(quantisers.plan, n_vectors=n_vectors),
        n_vectors=n_vectors,
        fingerprint=Fingerprint(fingerprint),
        device=quantisers.device,
        quantiser="" if opened.lists is None else opened.lists.quantiser_digest(),
        index_bytes_per_vector=round(in_memory / n_vectors, 2),
        stored_bytes_per_vector=round(sum(sizes.values()) / n_vectors, 2),
        query_aware=query_aware,
        outside=outside,
    )
