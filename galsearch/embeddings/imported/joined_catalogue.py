"""The catalogue of imported embeddings: one row for each galaxy, from tables of both modalities."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.arrays import BoolArray, Float64Array, TargetIds
from galsearch.core.errors import EmbeddingTableError
from galsearch.core.ids import find_rows, find_rows_unsorted
from galsearch.core.modality import Modality
from galsearch.dataset import schema
from galsearch.dataset.healpix import healpix_29
from galsearch.embeddings.imported.catalogue_table import read_catalogue
from galsearch.embeddings.imported.read_rows import TableRows
from galsearch.sources.published.embeddings_table.column_choice import POSITION_COLUMNS

_REDSHIFT_COLUMNS = ("z", "redshift", "z_spec", "z_hp")
_LARGEST_SEPARATION_DEG = 60 / 3600
"""Largest distance of an image and a spectrum of one TARGETID, as in `galsearch ingest`."""


def joined_catalogue(
    tables: Mapping[Modality, TableRows], catalogues: Sequence[str] = ()
) -> pa.Table:
    """The catalogue of all galaxies of some tables of embeddings, in order of TARGETID.

    Names are in lower case. Where both tables have a column, the value of the spectrum's counts,
    and that of the image where the spectrum has none.

    Parameters
    ----------
    tables
        Usable rows of the table of each modality.
    catalogues
        Paths or URLs of tables with a column TARGETID, whose positions and columns are joined. A
        position of theirs counts only where the tables of embeddings state none.

    Raises
    ------
    EmbeddingTableError
        Where image and spectrum of a galaxy are more than 60 arcsec apart, or some galaxies have a
        position and others have none.
    """
    ids = np.unique(np.concatenate([rows.target_ids for rows in tables.values()]))
    columns: dict[str, pa.ChunkedArray] = {}
    ra_deg, dec_deg = np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    for kind in (kind for kind in reversed(Modality) if kind in tables):
        rows = tables[kind]
        found = find_rows_unsorted(rows.target_ids, ids)
        own_ra, own_dec = _taken(rows.ra_deg, found), _taken(rows.dec_deg, found)
        _require_near(ids, ra_deg, dec_deg, own_ra, own_dec)
        free = np.isnan(ra_deg)
        ra_deg[free], dec_deg[free] = own_ra[free], own_dec[free]
        places = pa.array(found, mask=found < 0)
        _join(columns, {n: rows.columns[n].take(places) for n in rows.columns.column_names})
    for url in catalogues:
        own = _catalogue_columns(url, ids)
        free = np.isnan(ra_deg)
        for ra_name, dec_name in POSITION_COLUMNS:
            if ra_name in own and dec_name in own:
                ra_deg[free] = _numbers(own.pop(ra_name))[free]
                dec_deg[free] = _numbers(own.pop(dec_name))[free]
                break
        _join(columns, own)
    has = {kind: _is_in(ids, rows.target_ids) for kind, rows in tables.items()}
    return _assembled(ids, ra_deg, dec_deg, has, columns, [*catalogues])


def _assembled(
    ids: TargetIds,
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    has: Mapping[Modality, BoolArray],
    columns: dict[str, pa.ChunkedArray],
    catalogues: Sequence[str],
) -> pa.Table:
    known = np.isfinite(ra_deg) & np.isfinite(dec_deg)
    if known.any() and not known.all():
        where = f" in {', '.join(catalogues)}" if catalogues else ""
        raise EmbeddingTableError(
            f"{int((~known).sum()):,} of {len(ids):,} galaxies have no position{where}, first "
            f"TARGETID {ids[np.argmin(known)]}."
        )
    first: dict[str, npt.NDArray[Any]]
    first = {schema.TARGET_ID: ids, schema.RA: ra_deg, schema.DEC: dec_deg}
    if known.all():
        first = {schema.HEALPIX_COLUMN: healpix_29(ra_deg, dec_deg), **first}
    for kind in Modality:
        first[schema.HAS[kind]] = has.get(kind, np.zeros(len(ids), bool))
    name = next((name for name in _REDSHIFT_COLUMNS if _is_number(columns.get(name))), None)
    redshift = columns.pop(name).cast(pa.float64()) if name else pa.nulls(len(ids), pa.float64())
    others = {f"label_{n}" if n in first or n == "z" else n: c for n, c in columns.items()}
    return pa.table({**first, "z": redshift, **others})


def _join(columns: dict[str, pa.ChunkedArray], own: Mapping[str, pa.ChunkedArray]) -> None:
    """Add columns by their names in lower case; values that are there already stay."""
    for name, values in own.items():
        key = name.lower()
        if key not in columns:
            columns[key] = values
        elif columns[key].type == values.type:
            columns[key] = pc.coalesce(columns[key], values)
        else:
            columns[f"other_{key}"] = values


def _catalogue_columns(url: str, ids: TargetIds) -> dict[str, pa.ChunkedArray]:
    """The columns with one value in each row of a table, for the galaxies `ids`."""
    own, table = read_catalogue(url)
    rows = find_rows_unsorted(own, ids)
    places = pa.array(rows, mask=rows < 0)
    return {name: table[name].take(places) for name in table.column_names}


def _numbers(column: pa.ChunkedArray) -> Float64Array:
    return np.asarray(column.to_numpy().astype(np.float64))


def _is_number(column: pa.ChunkedArray | None) -> bool:
    return column is not None and bool(
        pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
    )


def _taken(values: Float64Array, rows: npt.NDArray[np.int64]) -> Float64Array:
    """(n,) values at some rows; NaN where a row is -1."""
    return np.where(rows >= 0, values[rows], np.nan)


def _is_in(ids: TargetIds, own: TargetIds) -> BoolArray:
    return np.asarray(find_rows(np.sort(own), ids) >= 0)


def _require_near(
    ids: TargetIds,
    ra_deg: Float64Array,
    dec_deg: Float64Array,
    other_ra: Float64Array,
    other_dec: Float64Array,
) -> None:
    """Check that two positions of each galaxy are near each other, where both are known."""
    d_ra = (other_ra - ra_deg + 180) % 360 - 180
    d_ra *= np.cos(np.radians(dec_deg))
    far = np.hypot(d_ra, other_dec - dec_deg) > _LARGEST_SEPARATION_DEG
    if far.any():
        row = int(np.argmax(far))
        raise EmbeddingTableError(
            f"TARGETID {ids[row]} is at ({ra_deg[row]:.6g}, {dec_deg[row]:.6g}) degrees in the "
            f"table of spectra and at ({other_ra[row]:.6g}, {other_dec[row]:.6g}) in that of "
            "images.",
            target_id=int(ids[row]),
        )
