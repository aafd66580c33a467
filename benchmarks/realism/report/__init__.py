"""Report of the realism benchmark: JSON, figures, thumbnails and a Markdown page."""
