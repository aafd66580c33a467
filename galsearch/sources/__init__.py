"""Survey archives, local or by URL: reads and writes the formats in which the sky arrives."""

from galsearch.sources.brick_grid import brick_ids, brick_names
from galsearch.sources.coadd_output import write_coadd
from galsearch.sources.cutouts import write_cutout
from galsearch.sources.redrock import write_redrock
from galsearch.sources.tables import write_truth

__all__ = [
    "brick_ids",
    "brick_names",
    "write_coadd",
    "write_cutout",
    "write_redrock",
    "write_truth",
]
