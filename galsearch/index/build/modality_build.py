"""One modality of an index while it is being built."""

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
    """The files and open arrays of one modality of an index that is being built."""

    folder: Path
    """Directory of the files of this modality."""
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the vectors."""
    originals: StoredVectors
    """Float32 vectors as they were embedded."""
    quantisers: Quantisers
    opened: ModalityIndex
    """The index over the stored vectors, ready for search."""

    def add_query_aware_lists(self, lists: InvertedLists) -> None:
        """Write lists for queries of the other modality, and use them from now on."""
        write_lists(lists, self.folder / QUERY_AWARE_LISTS_NAME)
        self.opened = dataclasses.replace(self.opened, query_aware_lists=lists)

    def describe(self) -> ModalityManifest:
        """The entry of this modality in the manifest."""
        return describe_modality(self.quantisers, self.opened, self.fingerprint, self.folder)
