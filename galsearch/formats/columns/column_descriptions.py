"""Units, UCDs and descriptions of the columns of tables, kept as metadata of their Arrow fields.

A UCD (unified content descriptor) is the word by which programs of the Virtual Observatory
recognise a column, such as `pos.eq.ra;meta.main` for the right ascension.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa


class ColumnDescription(NamedTuple):
    """The meaning of a column; each part is empty where it is not known."""

    unit: str = ""
    """Unit in the notation of the Virtual Observatory, such as `deg`."""
    ucd: str = ""
    description: str = ""


_MAGNITUDE = "magnitude from the fibre map of the spectrum, not corrected for extinction"
DESCRIPTIONS: Mapping[str, ColumnDescription] = MappingProxyType(
    {
        "query_row": ColumnDescription(
            "", "meta.record", "row of the query in the table of queries, from 1"
        ),
        "query_separation_arcsec": ColumnDescription(
            "arcsec", "pos.angDistance", "distance of the query galaxy from the position given"
        ),
        "query_using": ColumnDescription(
            "", "meta.code", "modality of the query: image, spectrum or both"
        ),
        "query_target_id": ColumnDescription(
            "", "meta.id.parent", "TARGETID of the query galaxy; missing if the query is a vector"
        ),
        "rank": ColumnDescription("", "stat.rank", "1 for the most similar galaxy of a query"),
        "target_id": ColumnDescription("", "meta.id;meta.main", "DESI TARGETID of the galaxy"),
        "similarity": ColumnDescription(
            "", "stat.correlation", "cosine between the embeddings of the galaxy and of the query"
        ),
        "ra_deg": ColumnDescription("deg", "pos.eq.ra;meta.main", "right ascension (ICRS)"),
        "dec_deg": ColumnDescription("deg", "pos.eq.dec;meta.main", "declination (ICRS)"),
        "z": ColumnDescription("", "src.redshift", "redshift"),
        "z_err": ColumnDescription("", "stat.error;src.redshift", "standard error of the redshift"),
        "zwarn": ColumnDescription(
            "", "meta.code.qual;src.redshift", "warnings about the redshift, as bits; 0 for none"
        ),
        "spectype": ColumnDescription("", "src.class", "spectral class: GALAXY, QSO or STAR"),
        "mag_g": ColumnDescription("mag", "phot.mag;em.opt.B", f"g {_MAGNITUDE}"),
        "mag_r": ColumnDescription("mag", "phot.mag;em.opt.R", f"r {_MAGNITUDE}"),
        "mag_z": ColumnDescription("mag", "phot.mag;em.opt.I", f"z {_MAGNITUDE}"),
        "ebv": ColumnDescription("mag", "phot.color.excess", "colour excess E(B-V) of the Galaxy"),
        "survey": ColumnDescription("", "meta.dataset", "DESI survey of the spectrum, as main"),
        "program": ColumnDescription("", "meta.code", "DESI program of the spectrum, as bright"),
        "has_image": ColumnDescription("", "meta.code", "true where the dataset has an image"),
        "has_spectrum": ColumnDescription("", "meta.code", "true where the dataset has a spectrum"),
        "_healpix_29": ColumnDescription(
            "", "pos.healpix", "number of the HEALPix pixel of order 29, nested scheme"
        ),
        "legacy_viewer_url": ColumnDescription(
            "", "meta.ref.url;obs.image", "image in the Legacy Surveys viewer"
        ),
        "desi_spectrum_url": ColumnDescription(
            "", "meta.ref.url;spect", "spectrum of DESI DR1 in the Legacy Surveys viewer"
        ),
    }
)
"""The columns that galsearch itself makes, and those of every dataset."""

_UNITS_OF_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "_deg": "deg",
        "_arcmin": "arcmin",
        "_arcsec": "arcsec",
        "_angstrom": "Angstrom",
        "_gyr": "Gyr",
        "_km_s": "km.s**-1",
    }
)
"""Units of further columns, whose names end with them."""


def describe_column(name: str) -> ColumnDescription:
    """The meaning of a column with this name, as far as the name tells it.

    Examples
    --------
    >>> describe_column("z").ucd, describe_column("r_eff_arcsec").unit
    ('src.redshift', 'arcsec')
    """
    known = DESCRIPTIONS.get(name)
    if known is not None:
        return known
    units = (unit for ending, unit in _UNITS_OF_NAMES.items() if name.endswith(ending))
    return ColumnDescription(unit=next(units, ""))


def described(field: pa.Field) -> pa.Field:
    """An Arrow field with its meaning as metadata; what its metadata state already is kept.

    Examples
    --------
    >>> described(pa.field("ra_deg", pa.float64())).metadata[b"unit"]
    b'deg'
    """
    known = {key: text for key, text in describe_column(field.name)._asdict().items() if text}
    metadata = {key.encode(): text.encode() for key, text in known.items()}
    merged = {**metadata, **(field.metadata or {})}
    return field.with_metadata(merged) if merged else field


def description_of(field: pa.Field) -> ColumnDescription:
    """The meaning that the metadata of an Arrow field state.

    Examples
    --------
    >>> description_of(described(pa.field("z", pa.float64()))).description
    'redshift'
    """
    metadata = field.metadata or {}
    parts = (metadata.get(key.encode(), b"") for key in ColumnDescription._fields)
    return ColumnDescription(*(part.decode("utf-8", "replace") for part in parts))
