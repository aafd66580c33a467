"""Datasets on disk: Parquet catalogues of galaxies, images and spectra in the HATS layout.

Names are imported when they are first used, so that reading a dataset imports neither astropy nor
the readers of survey files. The names are listed in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
