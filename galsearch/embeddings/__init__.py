"""Embeddings on disk: Parquet shards of unit vectors, each row with its TARGETID.

Names are imported when first used, so reading a store imports no encoder. The names are in
`__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
