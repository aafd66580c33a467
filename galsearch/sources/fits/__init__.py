"""Reading (through fsspec) and writing of FITS files, with checks against their headers."""
