"""Indexes of galaxy embeddings: built, searched and changed.

FAISS finds candidates in inverted lists, stored vectors rank them by true cosine similarity, and
a manifest records what was built and how well it answers. Names are imported when first used, so
searching an index does not import the code that builds one. The names are in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
