"""Indexes of galaxy embeddings: building, searching and changing them.

Inverted lists of FAISS select candidates, the stored vectors rank them by their true cosine
similarity, and a manifest records what was built and which recall was measured. Names are imported
when they are first used, so that a search does not import the code that builds an index; the names
are in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
