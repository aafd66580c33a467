"""The index over one modality: inverted lists propose, stored vectors decide."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.core.ids import find_rows
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.cost import temporary_index_cost
from galsearch.index.search.exact_search import exact_search
from galsearch.index.search.filtered_lists import candidates_among, cost_among
from galsearch.index.search.rerank import decide
from galsearch.index.search.row_filter import Selection
from galsearch.index.vectors.stored_vectors import StoredVectors

MIN_DEPTH_K = 10
"""Fewer neighbours than this are searched for as deeply as this many."""
FILTER_SLACK = 2
"""How much deeper a filtered question looks, in lists and in candidates: the neighbours that a
filter leaves lie farther away, where lists and codes tell less well what is nearer."""
TOGETHER_SLACK = 3
"""So many times as many lists besides, where the selected lie together: what is near a question
that lies elsewhere is told less well again (measured at a million, filters for and against)."""
_ENOUGH = 4
"""Selected vectors that are looked at for each candidate, at least."""
_OWN_PROBE = 8
"""Lists of its own that a selection is looked for in, at least."""
COMPARED_UP_TO = 1000
"""Selected vectors, up to so many, are compared whole: their answers are exact."""
SCAN_FROM_SHARE = 0.25
"""Re-ranking more than this share of all vectors costs more than comparing all of them."""


@dataclass(frozen=True)
class SearchSettings:
    """How hard to look."""

    n_probe: int
    """Inverted lists read."""
    rerank: float
    """Candidates re-ranked for each neighbour wanted."""


def depth_of(k: int, rerank: float) -> int:
    """Candidates re-ranked for `k` neighbours, one of which may be the asking galaxy."""
    return math.ceil(max(k, MIN_DEPTH_K) * rerank) + 1


def least_probe(depth: int, n_lists: int, n_vectors: int) -> int:
    """The lists that hold twice as many vectors as are re-ranked, on average."""
    return math.ceil(2 * depth * n_lists / n_vectors)


class Hits(NamedTuple):
    """One answer: true cosines, descending, equal ones by ascending TARGETID."""

    target_ids: TargetIds
    similarity: npt.NDArray[np.float32]
    exact: bool
    """Every stored vector was compared."""


class Proposer(Protocol):
    """What proposes candidates: inverted lists here, or their copy on GPUs."""

    def candidates(self, questions: Vectors, *, n: int, n_probe: int) -> Rows:
        """(n_questions, n) rows, nearest by their codes first, -1 where the lists end."""
        ...


@dataclass(frozen=True, eq=False)
class OpenModality:
    """The index over one modality: what is stored, and the inverted lists (None where flat)."""

    stored: StoredVectors
    lists: InvertedLists | None
    on_gpu: Proposer | None = None
    """A copy of the lists that proposes in their place where no filter is."""
    cross: InvertedLists | None = None
    """Lists for questions of the other modality; None where `lists` answer those too."""
    cross_on_gpu: Proposer | None = None

    def lists_for(self, *, crossing: bool) -> InvertedLists | None:
        """What answers questions of the other modality (`crossing`), or any."""
        return self.cross if crossing and self.cross is not None else self.lists

    def search(
        self,
        questions: Vectors,
        *,
        k: int,
        exclude: TargetIds | None,
        settings: SearchSettings,
        exact: bool = False,
        selection: Selection | None = None,
        crossing: bool = False,
    ) -> list[Hits]:
        """The neighbours of each question: `min(k, stored)`, never fewer, never `exclude`.

        A scan answers where it is asked for, where there are no lists, where re-ranking would
        read a large part of all vectors, where few are selected, and where the lists probed held
        too few. Where more are selected, their shortened vectors propose candidates; where many
        are, the lists that hold them. `crossing`: the questions are of the other modality.
        """
        if selection is not None and len(selection) == len(self.stored):
            selection = None
        n = len(self.stored if selection is None else selection)
        k = min(k, n)
        if not k:
            empty = Hits(np.empty(0, np.int64), np.empty(0, np.float32), exact=True)
            return [empty] * len(questions)
        slack = 1 if selection is None else FILTER_SLACK
        depth = depth_of(k, slack * settings.rerank)
        lists = self.lists_for(crossing=crossing)
        on_gpu = self.on_gpu if lists is self.lists else self.cross_on_gpu
        few = selection is not None and n <= COMPARED_UP_TO
        if exact or lists is None or few or depth >= SCAN_FROM_SHARE * n:
            return self._scan(questions, k, exclude, selection)
        n_probe = max(settings.n_probe, least_probe(depth, lists.n_lists, len(self.stored)))
        if selection is None:
            rows = (on_gpu or lists).candidates(questions, n=depth, n_probe=n_probe)
        else:
            rows = self._selected(lists, questions, depth, n_probe, selection)
        return self._decide(rows, questions, k, exclude, selection)

    def _selected(
        self,
        lists: InvertedLists,
        questions: Vectors,
        depth: int,
        n_probe: int,
        selection: Selection,
    ) -> Rows:
        """(q, depth) selected candidates: of lists of their own, or of those that hold them."""
        n = len(selection)
        if selection.lie_together(lists):
            n_probe *= TOGETHER_SLACK
        # As many as a question without a filter looks at, where the selected lie as thickly.
        share = FILTER_SLACK * n_probe / lists.n_lists
        looked_at = share * len(self.stored) * selection.density(lists)
        n_enough = max(math.ceil(looked_at), _ENOUGH * depth)
        n_own = selection.own_lists(lists)
        if n_own:
            # No smaller a share of their own lists than of all.
            least = max(least_probe(depth, n_own, n), math.ceil(share * n_own))
            own_probe = max(_OWN_PROBE, n_probe, least)
            read = n * min(1, own_probe / n_own)
            own_cost = temporary_index_cost(read, n, lists.plan.n_components)
            if own_cost <= cost_among(lists, selection, n_enough):
                return selection.candidates(lists, questions, n=depth, n_probe=own_probe)
        return candidates_among(lists, questions, n=depth, selection=selection, n_enough=n_enough)

    def _decide(
        self,
        rows: Rows,
        questions: Vectors,
        k: int,
        exclude: TargetIds | None,
        selection: Selection | None,
    ) -> list[Hits]:
        answers = decide(self.stored, rows, questions, k=k, exclude=exclude)
        hits = [Hits(ids, cosines, exact=False) for ids, cosines in answers]
        short = [i for i, (ids, _) in enumerate(answers) if len(ids) < k]
        if not short:
            return hits
        if exclude is None:
            exclude = np.zeros(len(questions), np.int64)
        allowed = self.stored.rows_of(exclude[short])
        if selection is not None:
            allowed = np.where(find_rows(selection.rows, allowed) >= 0, allowed, -1)
        n = len(self.stored if selection is None else selection)
        for i, own in zip(short, allowed, strict=True):
            if len(hits[i].target_ids) < min(k, n - int(own >= 0)):
                hits[i] = self._scan(questions[i : i + 1], k, exclude[i : i + 1], selection)[0]
        return hits

    def _scan(
        self, questions: Vectors, k: int, exclude: TargetIds | None, selection: Selection | None
    ) -> list[Hits]:
        if exclude is None:
            exclude = np.zeros(len(questions), np.int64)
        blocks = None if selection is None else selection.blocks
        answers = exact_search(self.stored, questions, k=k, exclude=exclude, blocks=blocks)
        return [Hits(ids, cosines, exact=True) for ids, cosines in answers]
