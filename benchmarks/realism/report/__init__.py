"""Report of the comparison: JSON, figures, thumbnails and a Markdown page."""
