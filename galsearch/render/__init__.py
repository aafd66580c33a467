"""Answers as a page that a person looks at: thumbnails and spectra, one file, no network."""

from galsearch.render.gallery import write_gallery

__all__ = ["write_gallery"]
