"""The similarity of each galaxy's own image and spectrum, for all galaxies of an index."""

from enum import StrEnum

import numpy as np

from galsearch.analysis.bank.labelled_bank import LabelledBank, stored_galaxies
from galsearch.analysis.hub_correction import csls
from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.modality import Modality
from galsearch.core.progress import StageProgress
from galsearch.index.search.galaxy_index import GalaxyIndex

BLOCK_SIZE = 2048
"""Number of galaxies whose vectors are in memory at a time."""


class Similarity(StrEnum):
    """Similarities of an image and a spectrum."""

    COSINE = "cosine"
    """The cosine of the two vectors."""
    CSLS = "csls"
    """The cosine, corrected for hubs; see `galsearch.analysis.hub_correction`."""


def pair_similarities(
    index: GalaxyIndex,
    target_ids: TargetIds,
    similarity: Similarity,
    k: int,
    report: StageProgress,
) -> Float64Array:
    """(n,) similarities of the image and the spectrum of each galaxy; NaN where it lacks one.

    Parameters
    ----------
    index
        An open index of both modalities.
    target_ids : (n,)
        Galaxies of the index.
    similarity
        The cosine, or the cosine corrected for hubs with the `k` nearest vectors of the other
        modality of each of the two.
    report
        Called with the number of galaxies that are done.
    """
    image, spectrum = (index.stored(modality) for modality in Modality)
    banks = {m: LabelledBank(index, index.stored(m).ids, m, "outliers") for m in Modality}
    out = np.full(len(target_ids), np.nan)
    for start in range(0, len(target_ids), BLOCK_SIZE):
        ids = target_ids[start : start + BLOCK_SIZE]
        both = np.flatnonzero((image.rows_of(ids) >= 0) & (spectrum.rows_of(ids) >= 0))
        ids = ids[both]
        galaxies = {m: stored_galaxies(index, ids, m) for m in Modality}
        vectors = [galaxies[m].vectors.astype(np.float64) for m in Modality]
        found = np.einsum("ij,ij->i", *vectors)
        if similarity is Similarity.CSLS and len(ids):
            usual = [
                1 - banks[other].neighbours(galaxies[m], m, k).distance
                for m, other in zip(Modality, reversed(Modality), strict=True)
            ]
            found = csls(found, *usual)
        out[start + both] = found
        report(min(start + BLOCK_SIZE, len(target_ids)), len(target_ids))
    return out
