"""A validated query: the same object is built by the command line, from Python and over HTTP."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Both, Modality, QueryModality, modalities_of
from galsearch.core.target_id import TargetId, parse_target_ids
from galsearch.query.inputs.argument_checks import (
    Cone,
    TargetIdInput,
    check_page,
    checked_cone,
    checked_count,
    checked_ids,
    checked_modality,
    checked_number,
    checked_text,
)
from galsearch.query.inputs.given_vector import check_vector
from galsearch.query.inputs.own_data.own_embedding import EncoderInput
from galsearch.query.inputs.own_data.own_image import ImageInput, OwnImage, read_own_image
from galsearch.query.inputs.own_data.own_spectrum import (
    OwnSpectrum,
    SpectrumInput,
    read_own_spectrum,
)
from galsearch.query.inputs.query_words import check_inputs
from galsearch.query.inputs.sky.name_table import NameTable
from galsearch.query.inputs.sky.object_names import resolve_name
from galsearch.query.inputs.sky.sky_position import PositionInput, parse_positions

__all__ = ["Cone", "Query", "TargetIdInput"]
_MAX_RADIUS_ARCSEC = 3600.0


@dataclass(frozen=True, eq=False, init=False)
class Query:
    """A search that is requested, with the same words in Python and on the command line.

    A query has one kind of input: stored galaxies (by TARGETID, position or name), an image or a
    spectrum of the user, examples, or a vector. Everything that can be checked without an index is
    checked here, once, and files are read. That an index holds these galaxies, or embeddings of
    the same encoder, is checked by `SearchEngine.search`.

    Parameters
    ----------
    target_ids
        TARGETIDs of the query galaxies; beside `spectrum`, the galaxy of a DESI file.
    position
        Where the query galaxy is: "RA Dec" in degrees or sexagesimal (hours and degrees; a decimal
        right ascension is in degrees), a pair of numbers in degrees, a SkyCoord, or several of
        these. The nearest galaxy of the index is the query. Beside `image`, where the galaxy is in
        the image.
    radius
        Largest distance in arcseconds of the galaxy from the position.
    name
        Name of the query galaxy, whose position is in its designation, in the table `names`, or
        known to Sesame.
    names
        CSV, ECSV, FITS or Parquet table with the columns name, ra_deg and dec_deg.
    image
        An image of one's own: a FITS cutout, a file of a brick, a JPEG of the viewer, a .npy file,
        an array of nanomaggies (3, ny, nx) in g, r and z, or a `Cutout`.
    pixel_scale
        Side of a pixel in arcseconds, of a picture or an array; 0.262 where it is not given.
    spectrum
        A spectrum of one's own: a DESI or SDSS file, a CSV or ECSV table, a .npy file, arrays of
        wavelength, flux and ivar, a `Spectrum`, or one of specutils.
    air
        True where the wavelengths of the spectrum are those in air.
    encoder
        Encoder of the image or spectrum, which must be that of the index: a name, a file of weights
        or a pair of encoders; by default the one that comes with galsearch.
    like, unlike
        TARGETIDs of examples and of counter-examples. Galaxies like the former and unlike the
        latter are found.
    vector : (d,) numbers
        An embedding of any length but zero, which need not be stored: an array, a list or a
        tensor.
    fingerprint
        Of the encoder that made the vector.
    using
        Modality of the query: which embedding of each query galaxy is compared, or what the
        vector is an embedding of. By default image, or spectrum for a spectrum of one's own.
        `using != among` is a cross-modal query. `both` compares image and spectrum together, by the
        mean of their cosines.
    among
        Modality that is searched: image, spectrum or both.
    k
        Number of neighbours wanted for each query galaxy; by default 10, or all with
        `min_similarity`.
    offset
        Number of neighbours that are skipped: the second page of 10 has offset 10. Pages of one k
        share no galaxy. With `exact`, and with `min_similarity`, `exclude_within`, `one_per` or
        `diversity`, they are together one long result.
    min_similarity
        Smallest similarity of a neighbour, -1 to 1.
    exclude_within
        Distance in arcseconds on the sky, within which neighbours of the query galaxy, and of a
        more similar neighbour, are left out: they are pieces of one galaxy.
    one_per
        Column of the catalogue, such as the brick or the host. Of the galaxies that have one value
        in it, only the most similar is found.
    diversity
        Between 0 and 1: how much neighbours should differ from each other (maximal marginal
        relevance). Each next one has the largest (1 - diversity) s(g) - diversity max s(g, h), with
        its similarity s(g) to the query and s(g, h) to those selected before. The first 10 are
        chosen from the 100 most similar, the next 10 from 200, and so on to 1,000 (k + offset) from
        12,800. The galaxies of a result are in the order of similarity.
    n_probe
        Number of inverted lists to probe; by default the number that the build tuned for the
        direction.
    exact
        Compare every stored vector: slow for millions of galaxies, always right.
    from_embeddings
        Directory that `embed_dataset` wrote, with the embeddings of the query galaxies, where the
        index does not hold them.
    where
        Condition over the catalogue's columns that every neighbour fulfils, such as
        `"0.1 < z < 0.3 and mag_r < 19 and class == 'BGS'"`.
    within
        Cone on the sky that holds every neighbour.
    ids
        TARGETIDs, in any number and order, among which every neighbour is. Those that the index
        does not hold are ignored.

    Raises
    ------
    InvalidTargetIdError
        Where a TARGETID is not a positive integer of 64 bits.
    InvalidFingerprintError
        Where `fingerprint` is not 64 hexadecimal digits.
    SourceError
        Where a file is missing, damaged or of another kind.
    UnknownNameError
        Where the position of the name cannot be found.
    QueryError
        Where there are several inputs or none, or an argument is none of the above.

    Examples
    --------
    >>> query = Query("39627848784286003", using="image", among="spectrum", k=5)
    >>> query.target_ids, query.among
    (array([39627848784286003]), <Modality.SPECTRUM: 'spectrum'>)
    """

    target_ids: TargetIds | None
    """(n,) read-only."""
    position_deg: Float64Array | None
    """(n, 2) right ascensions and declinations at which query galaxies are looked up."""
    radius: float
    name: str | None
    image: OwnImage | None
    spectrum: OwnSpectrum | None
    encoder: EncoderInput | None
    like: TargetIds | None
    """(m,) ascending, each once; read-only."""
    unlike: TargetIds | None
    vector: Float64Array | None
    """(d,) read-only, finite and not zero."""
    fingerprint: Fingerprint | None
    using: QueryModality
    among: QueryModality
    k: int | None
    """None for all neighbours of `min_similarity`."""
    offset: int
    min_similarity: float | None
    exclude_within: float | None
    one_per: str | None
    diversity: float | None
    n_probe: int | None
    exact: bool
    from_embeddings: Path | None
    where: str | None
    within: Cone | None
    ids: TargetIds | None
    """(m,) ascending, each once; read-only."""

    def __init__(
        self,
        target_ids: TargetIdInput | None = None,
        *,
        position: PositionInput | None = None,
        radius: float = 3.0,
        name: str | None = None,
        names: str | Path | NameTable | None = None,
        image: ImageInput | None = None,
        pixel_scale: float | None = None,
        spectrum: SpectrumInput | None = None,
        air: bool = False,
        encoder: EncoderInput | None = None,
        like: TargetIdInput | None = None,
        unlike: TargetIdInput | None = None,
        vector: npt.ArrayLike | None = None,
        fingerprint: str | None = None,
        using: QueryModality | str | None = None,
        among: QueryModality | str = Modality.IMAGE,
        k: int | None = None,
        offset: int = 0,
        min_similarity: float | None = None,
        exclude_within: float | None = None,
        one_per: str | None = None,
        diversity: float | None = None,
        n_probe: int | None = None,
        exact: bool = False,
        from_embeddings: str | Path | None = None,
        where: str | None = None,
        within: Cone | None = None,
        ids: TargetIdInput | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name != "self"}
        check_inputs(given)
        place = None if position is None else parse_positions(position)
        if name is not None:
            place = resolve_name(checked_text(name, "name", "'NGC 5194'"), names)
        if using is None:
            using = _usual_modality(image, spectrum)
        if k is None and min_similarity is None:
            k = 10
        own_image = own_spectrum = None
        if image is not None:
            own_image = read_own_image(image, position=place, pixel_scale=pixel_scale)
        if spectrum is not None:
            ids_in_file = None if target_ids is None else checked_ids(target_ids)
            own_spectrum = _read_spectrum(spectrum, ids_in_file, air=air)
            target_ids = own_spectrum.target_id
        values = {
            "target_ids": None if target_ids is None else checked_ids(target_ids),
            "position_deg": place if image is None else None,
            "radius": checked_number(radius, "radius", 0.0, _MAX_RADIUS_ARCSEC, "arcsec"),
            "name": name,
            "image": own_image,
            "spectrum": own_spectrum,
            "encoder": encoder,
            "like": None if like is None else _checked_set(like),
            "unlike": None if unlike is None else _checked_set(unlike),
            "vector": None if vector is None else check_vector(vector),
            "fingerprint": None if fingerprint is None else Fingerprint(fingerprint),
            "using": checked_modality(using, "using"),
            "among": checked_modality(among, "among"),
            "k": None if k is None else checked_count(k, "k"),
            "offset": checked_count(offset, "offset", least=0),
            "min_similarity": _optional_number(min_similarity, "min_similarity", -1, 1),
            "exclude_within": _optional_number(exclude_within, "exclude_within", 0, 3600, "arcsec"),
            "one_per": None if one_per is None else checked_text(one_per, "one_per", "'brickname'"),
            "diversity": _optional_number(diversity, "diversity", 0, 1),
            "n_probe": None if n_probe is None else checked_count(n_probe, "n_probe"),
            "exact": bool(exact),
            "from_embeddings": None if from_embeddings is None else Path(from_embeddings),
            "where": None if where is None else checked_text(where, "where", '"z < 0.3"'),
            "within": None if within is None else checked_cone(within),
            "ids": None if ids is None else _checked_set(ids),
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        self._check_examples()
        self._check_modality()
        check_page(self.k, self.offset, self.diversity)

    def _check_examples(self) -> None:
        if self.like is not None and not len(self.like):
            raise QueryError("like names no galaxy; expected one TARGETID or more.")
        if self.like is not None and self.unlike is not None:
            both = np.intersect1d(self.like, self.unlike)
            if len(both):
                raise QueryError(f"TARGETID {both[0]} is an example of both, like and unlike.")

    def _check_modality(self) -> None:
        """Check that `using` is what the user's own data are."""
        own = {Modality.IMAGE: self.image, Modality.SPECTRUM: self.spectrum}
        given = [kind for kind, data in own.items() if data is not None]
        missing = [kind for kind in modalities_of(self.using) if kind not in given]
        if given and missing:
            raise QueryError(
                f"using is {self.using.value!r}; the query has {' and '.join(given)}, and no "
                f"{missing[0]} of one's own."
            )


def _usual_modality(image: object, spectrum: object) -> QueryModality:
    """The modality of a query that names none."""
    if spectrum is None:
        return Modality.IMAGE
    return Modality.SPECTRUM if image is None else Both.BOTH


def _optional_number(
    value: float | None, name: str, low: float, high: float, unit: str = ""
) -> float | None:
    return None if value is None else checked_number(value, name, low, high, unit)


def _read_spectrum(
    spectrum: SpectrumInput, ids_in_file: TargetIds | None, *, air: bool
) -> OwnSpectrum:
    if ids_in_file is not None and len(ids_in_file) != 1:
        raise QueryError(
            f"{len(ids_in_file)} TARGETIDs select a spectrum of a file; expected one of them."
        )
    target_id = None if ids_in_file is None else TargetId(ids_in_file[0])
    return read_own_spectrum(spectrum, target_id=target_id, air=air)


def _checked_set(target_ids: TargetIdInput) -> TargetIds:
    return checked_ids(np.unique(parse_target_ids(target_ids)))
