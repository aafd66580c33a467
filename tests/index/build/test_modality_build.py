"""Query-aware lists of a modality are written beside its other files and used from then on."""

from pathlib import Path

import numpy as np

from galsearch.core.fingerprint import Fingerprint
from galsearch.index.build.modality_build import ModalityBuild
from galsearch.index.build.quantisers import Quantisers
from galsearch.index.ivf.lists_file import read_lists
from galsearch.index.search.modality_index import ModalityIndex
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory


def test_query_aware_lists_are_written_used_and_described(tmp_path: Path) -> None:
    stored = stored_in_memory(random_unit_vectors(400, 8, seed=1))
    recipe = {"family": "ivfsq", "n_lists": 8, "n_bits": None, "flat_below": 100}
    own, cross = filled_lists(stored, **recipe), filled_lists(stored, **recipe, seed=2)
    build = ModalityBuild(
        tmp_path,
        Fingerprint("a" * 64),
        stored,
        Quantisers(own.plan, None, own),
        ModalityIndex(stored, own),
    )
    assert build.opened.lists_for(cross_modal=True) is own
    assert build.describe().query_aware is None
    build.add_query_aware_lists(cross)
    assert build.opened.lists_for(cross_modal=True) is cross
    assert build.opened.lists_for(cross_modal=False) is own
    entry = build.describe()
    assert entry.n_vectors == 400
    assert entry.fingerprint == "a" * 64
    assert entry.quantiser == own.quantiser_digest()
    assert entry.query_aware is not None
    assert entry.query_aware.quantiser == cross.quantiser_digest()
    (path,) = tmp_path.iterdir()
    assert entry.index_bytes_per_vector == round(path.stat().st_size / 400, 2)
    queries = random_unit_vectors(5, 8, seed=3)
    np.testing.assert_array_equal(
        read_lists(path, plan=cross.plan, n_vectors=400).candidates(queries, n=10, n_probe=3),
        cross.candidates(queries, n=10, n_probe=3),
    )
