"""FITS files read and written through fsspec, checked against their headers."""
