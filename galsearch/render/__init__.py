"""Pictures and pages of galaxies: thumbnails, spectrum plots and an HTML gallery."""

from galsearch.render.gallery import write_gallery

__all__ = ["write_gallery"]
