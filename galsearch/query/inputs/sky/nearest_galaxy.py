"""The galaxy of an index that lies nearest to a position on the sky."""

from functools import cached_property
from typing import NoReturn

import numpy as np

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import NoMatchError
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.inputs.argument_checks import Cone
from galsearch.query.inputs.sky.sky_position import separation_arcsec


class SkyLookup:
    """Looks up galaxies of one index by position; safe to share between threads.

    The catalogue is sorted by declination at the first look-up, and later ones search a strip.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self._index = index

    @cached_property
    def _sorted(self) -> tuple[TargetIds, Float64Array, Float64Array]:
        """TARGETIDs, right ascensions and declinations by ascending declination."""
        ids = np.asarray(self._index.ids)
        records = self._index.catalogue_records(ids)
        known = np.isfinite(records["ra_deg"]) & np.isfinite(records["dec_deg"])
        ids, records = ids[known], records[known]
        order = np.argsort(records["dec_deg"], kind="stable")
        ra_deg, dec_deg = (
            records[name][order].astype(np.float64) for name in ("ra_deg", "dec_deg")
        )
        return ids[order], ra_deg, dec_deg

    def nearest(
        self, positions_deg: Float64Array, radius_arcsec: float
    ) -> tuple[TargetIds, Float64Array]:
        """The nearest galaxy to each position, and its distance in arcseconds.

        Parameters
        ----------
        positions_deg : (n, 2) right ascensions and declinations in degrees
        radius_arcsec
            Largest distance.

        Returns
        -------
        target_ids : (n,)
        separation_arcsec : (n,)

        Raises
        ------
        NoMatchError
            Where no galaxy is near enough to one of the positions; the message names the nearest.
        """
        ids, _, dec_deg = self._sorted
        found, separations = np.zeros(len(positions_deg), np.int64), np.zeros(len(positions_deg))
        for i, (ra, dec) in enumerate(positions_deg):
            height = radius_arcsec / 3600 + 1e-9
            strip = slice(*np.searchsorted(dec_deg, [dec - height, dec + height]))
            row, separation = self._nearest_in(strip, ra, dec)
            if row < 0 or separation > radius_arcsec:
                self._refuse(ra, dec, radius_arcsec)
            found[i], separations[i] = ids[row], separation
        return found, separations

    def within(self, cone: Cone) -> tuple[TargetIds, Float64Array]:
        """The galaxies in a valid cone, the nearest to its axis first, and their distances.

        Returns
        -------
        target_ids : (n,)
        separation_arcsec : (n,)
        """
        ids, ra_deg, dec_deg = self._sorted
        ra, dec, radius_arcmin = cone
        height = radius_arcmin / 60 + 1e-9
        strip = slice(*np.searchsorted(dec_deg, [dec - height, dec + height]))
        separations = separation_arcsec(ra_deg[strip], dec_deg[strip], ra, dec)
        inside = np.flatnonzero(separations <= radius_arcmin * 60)
        order = inside[np.argsort(separations[inside], kind="stable")]
        return ids[strip][order], separations[order]

    def _nearest_in(self, strip: slice, ra: float, dec: float) -> tuple[int, float]:
        """Row in the sorted catalogue of the nearest galaxy of a strip; -1 if it is empty."""
        _, ra_deg, dec_deg = self._sorted
        if strip.start >= strip.stop:
            return -1, np.inf
        separations = separation_arcsec(ra_deg[strip], dec_deg[strip], ra, dec)
        nearest = int(np.argmin(separations))
        return strip.start + nearest, float(separations[nearest])

    def _refuse(self, ra: float, dec: float, radius_arcsec: float) -> NoReturn:
        ids, ra_deg, dec_deg = self._sorted
        name = f"index '{self._index.manifest.recipe.name}'"
        asked = f"within {radius_arcsec:g} arcsec of RA {ra:.5f}, Dec {dec:+.5f}"
        row, separation = self._nearest_in(slice(0, len(ids)), ra, dec)
        if row < 0:
            raise NoMatchError(f"no galaxy of {name} lies {asked}: none has a position.")
        raise NoMatchError(
            f"no galaxy of {name} lies {asked}; the nearest, TARGETID {ids[row]} at RA "
            f"{ra_deg[row]:.5f}, Dec {dec_deg[row]:+.5f}, is {distance_text(separation)} away.",
            target_id=int(ids[row]),
            separation_arcsec=separation,
        )


def distance_text(arcsec: float) -> str:
    """A distance on the sky in the unit that suits its size.

    Examples
    --------
    >>> distance_text(0.327), distance_text(754.0), distance_text(36000.0)
    ('0.33 arcsec', '12.6 arcmin', '10.0 degrees')
    """
    if arcsec < 100:
        return f"{arcsec:.2f} arcsec"
    return f"{arcsec / 60:.1f} arcmin" if arcsec < 3600 else f"{arcsec / 3600:.1f} degrees"
