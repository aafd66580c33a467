"""Paired galaxies on disk: a HATS-shaped Parquet catalogue with images and spectra.

Names are imported when first used, so reading a dataset imports neither astropy nor the readers
of survey files. The names are in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
