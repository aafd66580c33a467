"""The galaxy of an index that lies nearest to a position on the sky."""

from functools import cached_property

import numpy as np

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import NoMatchError
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.inputs.argument_checks import Cone
from galsearch.query.inputs.sky.sky_position import separation_arcsec

_NEARBY_ARCSEC = 60.0
"""Distance within which the nearest galaxy is sought for many positions that match none."""


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
        found, separations = self.matches(positions_deg, radius_arcsec)
        missing = np.flatnonzero(found == 0)
        if len(missing):
            ra, dec = positions_deg[missing[0]]
            raise self._no_match(ra, dec, radius_arcsec, self._nearest_in(self._all, ra, dec))
        return found, separations

    def matches(
        self, positions_deg: Float64Array, radius_arcsec: float
    ) -> tuple[TargetIds, Float64Array]:
        """The nearest galaxy to each position, 0 where none is near enough, and its distance.

        Parameters and results are those of `nearest`.
        """
        ids = self._sorted[0]
        found, separations = np.zeros(len(positions_deg), np.int64), np.zeros(len(positions_deg))
        for i, (ra, dec) in enumerate(positions_deg):
            row, separation = self._nearest_in(self._strip(dec, radius_arcsec), ra, dec)
            if row >= 0 and separation <= radius_arcsec:
                found[i] = ids[row]
            separations[i] = separation
        return found, separations

    def no_match(self, ra: float, dec: float, radius_arcsec: float) -> NoMatchError:
        """The error about a position without a galaxy; it names the nearest within an arcminute.

        The nearest of all, which `nearest` names, is sought among all galaxies. That takes too long
        for thousands of positions.
        """
        strip = self._strip(dec, _NEARBY_ARCSEC)
        row, separation = self._nearest_in(strip, ra, dec)
        near = (row, separation) if separation <= _NEARBY_ARCSEC else (-1, np.inf)
        return self._no_match(ra, dec, radius_arcsec, near)

    @property
    def _all(self) -> slice:
        """The rows of all galaxies that have a position."""
        return slice(0, len(self._sorted[0]))

    def _strip(self, dec: float, radius_arcsec: float) -> slice:
        """Rows of the galaxies whose declination is within a radius of another one."""
        height = radius_arcsec / 3600 + 1e-9
        return slice(*np.searchsorted(self._sorted[2], [dec - height, dec + height]))

    def within(self, cone: Cone) -> tuple[TargetIds, Float64Array]:
        """The galaxies in a valid cone, the nearest to its axis first, and their distances.

        Returns
        -------
        target_ids : (n,)
        separation_arcsec : (n,)
        """
        ids, ra_deg, dec_deg = self._sorted
        ra, dec, radius_arcmin = cone
        strip = self._strip(dec, radius_arcmin * 60)
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

    def _no_match(
        self, ra: float, dec: float, radius_arcsec: float, nearest: tuple[int, float]
    ) -> NoMatchError:
        """The error about a position; `nearest` is a row, -1 for none, and a distance."""
        ids, ra_deg, dec_deg = self._sorted
        name = f"index '{self._index.manifest.recipe.name}'"
        asked = f"within {radius_arcsec:g} arcsec of RA {ra:.5f}, Dec {dec:+.5f}"
        text = f"no galaxy of {name} lies {asked}"
        row, separation = nearest
        if not len(ids):
            return NoMatchError(f"{text}: none has a position.")
        if row < 0:
            further = radius_arcsec < _NEARBY_ARCSEC
            return NoMatchError(f"{text}{', nor within an arcminute' if further else ''}.")
        return NoMatchError(
            f"{text}; the nearest, TARGETID {ids[row]} at RA {ra_deg[row]:.5f}, Dec "
            f"{dec_deg[row]:+.5f}, is {distance_text(separation)} away.",
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
