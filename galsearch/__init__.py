"""Cross-modal similarity search for galaxies: images and spectra in one embedding space.

The public names are listed in `__init__.pyi` and imported when first used, so that
`import galsearch` loads neither torch nor faiss.
"""

import lazy_loader

from galsearch.core.version import VERSION as __version__  # noqa: F401, N811

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
