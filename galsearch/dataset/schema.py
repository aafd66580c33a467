"""Column and file names of a dataset on disk, which is a HATS catalogue of galaxies.

HATS (Hierarchical Adaptive Tiling Scheme) is a directory of Parquet files, one for each HEALPix
pixel. A row is a galaxy: its catalogue values, and the pixels of its image and its spectrum.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_N_PIXELS

BANDS = ("g", "r", "z")
IMAGE_SIZE_PIXELS = 152
PIXEL_SCALE_ARCSEC = LEGACY_PIXEL_SCALE_ARCSEC
IMAGE_SHAPE = (len(BANDS), IMAGE_SIZE_PIXELS, IMAGE_SIZE_PIXELS)
"""Axes (band, y, x) of every stored image, in nanomaggies; row 0 is south, column 0 is east."""
IMAGE_LENGTH = len(BANDS) * IMAGE_SIZE_PIXELS**2

HEALPIX_COLUMN = "_healpix_29"
TARGET_ID = "target_id"
RA, DEC = "ra_deg", "dec_deg"
HAS = {Modality.IMAGE: "has_image", Modality.SPECTRUM: "has_spectrum"}
"""Name of the boolean column that is true where a galaxy has a modality, by modality.

With it the pixels need not be read to know that.
"""

PROPERTIES_FILE = "hats.properties"
PARTITION_INFO_FILE = "partition_info.csv"
PARTITION_INFO_HEADER = "Norder,Npix"
DATASET_DIR = "dataset"
COMMON_METADATA_FILE = "_common_metadata"
METADATA_FILE = "_metadata"
DIGESTS_FILE = "sha256sums.txt"
REPORT_FILE = "ingest_report.json"
ROW_GROUP_ROWS = 64
"""Number of galaxies in a Parquet row group, about 20 MB.

Of one galaxy the pages with its pixels are read, about 1 MB for each column.
"""

_IDENTITY = (
    pa.field(HEALPIX_COLUMN, pa.int64(), nullable=False),
    pa.field(TARGET_ID, pa.int64(), nullable=False),
    pa.field(RA, pa.float64(), nullable=False),
    pa.field(DEC, pa.float64(), nullable=False),
    pa.field(HAS[Modality.IMAGE], pa.bool_(), nullable=False),
    pa.field(HAS[Modality.SPECTRUM], pa.bool_(), nullable=False),
)
REDSHIFT_FIELDS = (
    pa.field("z", pa.float64()),
    pa.field("z_err", pa.float64()),
    pa.field("zwarn", pa.int64()),
    pa.field("spectype", pa.string()),
)
SPECTRUM_FILE_FIELDS = (
    pa.field("mag_g", pa.float32()),
    pa.field("mag_r", pa.float32()),
    pa.field("mag_z", pa.float32()),
    pa.field("ebv", pa.float32()),
    pa.field("survey", pa.string()),
    pa.field("program", pa.string()),
)
"""Catalogue columns from the fibre map of the spectrum, which are null where unknown."""


def _pixels(name: str, kind: pa.DataType, length: int) -> pa.Field:
    # Elements of pixel lists cannot be null, so Parquet stores no definition levels and reading is
    # about 1.5 times as fast.
    return pa.field(name, pa.list_(pa.field("element", kind, nullable=False), length))


PIXEL_FIELDS: dict[Modality, tuple[pa.Field, ...]] = {
    Modality.IMAGE: (
        _pixels("image_flux", pa.float32(), IMAGE_LENGTH),
        _pixels("image_mask", pa.bool_(), IMAGE_LENGTH),
    ),
    Modality.SPECTRUM: (
        _pixels("spectrum_flux", pa.float32(), DESI_N_PIXELS),
        _pixels("spectrum_ivar", pa.float32(), DESI_N_PIXELS),
        _pixels("spectrum_mask", pa.bool_(), DESI_N_PIXELS),
    ),
}
"""Columns of flattened pixels of each modality, null where the galaxy lacks the modality."""

PIXEL_COLUMNS = tuple(field.name for fields in PIXEL_FIELDS.values() for field in fields)
MASK_COLUMNS = tuple(name for name in PIXEL_COLUMNS if name.endswith("_mask"))
_UNMASKED_KEY = "galsearch.unmasked"
BUILT_IN_COLUMNS = tuple(
    field.name for field in (*_IDENTITY, *REDSHIFT_FIELDS, *SPECTRUM_FILE_FIELDS)
)
"""Columns of every catalogue; a label of the same name is stored as label_<name>."""


def dataset_schema(labels: Sequence[pa.Field] = ()) -> pa.Schema:
    """Arrow schema of a dataset with the given label columns, which come before the pixels.

    Parameters
    ----------
    labels
        Arrow fields of the label columns.
    """
    pixels = [field for fields in PIXEL_FIELDS.values() for field in fields]
    return pa.schema([*_IDENTITY, *REDSHIFT_FIELDS, *SPECTRUM_FILE_FIELDS, *labels, *pixels])


def catalogue_names(schema: pa.Schema) -> list[str]:
    """Names of the columns of a dataset that hold no pixels, in the order of the schema.

    Examples
    --------
    >>> catalogue_names(dataset_schema())[:4]
    ['_healpix_29', 'target_id', 'ra_deg', 'dec_deg']
    """
    return [name for name in schema.names if name not in PIXEL_COLUMNS]


def unmasked_metadata(row_groups: Iterable[pa.Table]) -> dict[str, str]:
    """Metadata of a partition that name the mask columns without True in each of its row groups.

    These columns need not be read: most images have no masked pixel, and decoding a column of bool
    takes as long as decoding one of float. The statistics of Parquet say the same, but where a
    footer is damaged, Arrow ends the process that reads them.

    Parameters
    ----------
    row_groups
        Rows of each row group in stored order.
    """
    unmasked = [
        [name for name in MASK_COLUMNS if not pc.any(pc.list_flatten(rows[name])).as_py()]
        for rows in row_groups
    ]
    return {_UNMASKED_KEY: ";".join(",".join(names) for names in unmasked)}


def masks_without_true(metadata: Mapping[bytes, bytes] | None, group: int) -> set[str]:
    """Names of the mask columns that are False throughout a row group, according to metadata.

    The set is empty for files that do not say so; their columns are read then.

    Examples
    --------
    >>> metadata = {b"galsearch.unmasked": b"image_mask,spectrum_mask;;image_mask"}
    >>> masks_without_true(metadata, 2)
    {'image_mask'}
    """
    text = (metadata or {}).get(_UNMASKED_KEY.encode(), b"").decode(errors="replace")
    row_groups = text.split(";")
    names = row_groups[group].split(",") if group < len(row_groups) else []
    return {name for name in names if name in MASK_COLUMNS}


def partition_path(order: int, pixel: int) -> Path:
    """Path of the Parquet file of a HEALPix pixel, relative to the directory of the dataset.

    Parameters
    ----------
    order
        HEALPix order of the pixel.
    pixel
        Number of the pixel at that order, nested scheme.

    Examples
    --------
    >>> partition_path(5, 10123).as_posix()
    'dataset/Norder=5/Dir=10000/Npix=10123.parquet'
    """
    directory = pixel // 10000 * 10000
    return Path(DATASET_DIR, f"Norder={order}", f"Dir={directory}", f"Npix={pixel}.parquet")
