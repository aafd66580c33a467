"""The state of one modality of an index while the index is being built."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.fingerprint import Fingerprint
from galsearch.index.build.quantisers import Quantisers, describe_modality
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import write_lists
from galsearch.index.search.modality_index import ModalityIndex
from galsearch.index.storage.manifest import QUERY_AWARE_LISTS_NAME, ModalityManifest
from galsearch.index.vectors.stored_vectors import StoredVectors


@dataclass
class ModalityBuild:
    """Files, quantisers and vectors of one modality of an index that is being built."""

    folder: Path
    """Directory of the files of the modality."""
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the vectors."""
    originals: StoredVectors
    """Vectors as they were embedded, in float32."""
    quantisers: Quantisers
    opened: ModalityIndex
    """The index over the stored vectors, ready for search."""

    def add_query_aware_lists(self, lists: InvertedLists) -> None:
        """Write lists for queries of the other modality to a file, and use them in searches."""
        write_lists(lists, self.folder / QUERY_AWARE_LISTS_NAME)
        self.opened = dataclasses.replace(self.opened, query_aware_lists=lists)

    def describe(self) -> ModalityManifest:
        """The entry of the modality in the manifest of the index."""
        return describe_modality(self.quantisers, self.opened, self.fingerprint, self.folder)
