"""Reading and writing of survey files, local or by URL.

Every reader takes a path or any fsspec URL, and raises SourceError for a file that is missing,
cut short or of another kind. Every writer writes its file atomically, and makes the same bytes
from the same input.
"""

from galsearch.sources.desi.coadd_writer import write_coadd
from galsearch.sources.desi.redrock import Redshifts, read_redrock, write_redrock
from galsearch.sources.desi.spectra_file import SpectraFile, read_spectra_file, read_spectra_index
from galsearch.sources.legacy_surveys.brick_grid import brick_ids, brick_names
from galsearch.sources.legacy_surveys.bricks import cut_stamps
from galsearch.sources.legacy_surveys.cutout_file import (
    CutoutHeader,
    read_cutout,
    read_cutout_header,
    write_cutout,
)
from galsearch.sources.tables import read_first_table, read_table, read_tables, write_truth
from galsearch.sources.urls import expand_urls

__all__ = [
    "CutoutHeader",
    "Redshifts",
    "SpectraFile",
    "brick_ids",
    "brick_names",
    "cut_stamps",
    "expand_urls",
    "read_cutout",
    "read_cutout_header",
    "read_first_table",
    "read_redrock",
    "read_spectra_file",
    "read_spectra_index",
    "read_table",
    "read_tables",
    "write_coadd",
    "write_cutout",
    "write_redrock",
    "write_truth",
]
