"""Files that hold a spectrum: of DESI, of SDSS, and tables of text."""

from pathlib import Path

from galsearch.core.errors import QueryError, SourceError
from galsearch.core.target_id import TargetId
from galsearch.query.inputs.own_data.spectrum_units import SpectrumFile, spectrum_from_columns

_SHOWN = 3
"""Number of galaxies of a file that a message names."""


def read_spectrum_file(place: str, target_id: TargetId | None) -> SpectrumFile:
    """The spectrum of a galaxy in a file of DESI or SDSS, or in a CSV or ECSV table.

    Parameters
    ----------
    place
        Path or URL of the file, whose kind is recognised by its content.
    target_id
        The galaxy of a DESI file that has several; None for its only one.

    Raises
    ------
    SourceError
        Where the file is missing, damaged or holds no spectrum.
    QueryError
        Where the file has several galaxies, or not the one with `target_id`.
    """
    if Path(place).is_dir():
        raise SourceError(f"{place}: a directory; expected a spectrum file.")
    # Imported here: astropy would delay every query.
    from galsearch.sources.sdss.spec_file import read_sdss_spectrum
    from galsearch.sources.spectrum_kind import spectrum_kind
    from galsearch.sources.spectrum_table import read_spectrum_table
    from galsearch.sources.urls import open_url

    with open_url(place) as file:
        is_fits = file.read(9) == b"SIMPLE  ="
    kind = spectrum_kind(place) if is_fits else None
    if kind == "spectra of DESI":
        return _read_desi(place, target_id)
    if target_id is not None:
        raise QueryError(
            f"TARGETID {target_id} selects a galaxy of a DESI file; {place} is "
            f"{kind or ('another FITS file' if is_fits else 'a table of text')}."
        )
    if kind == "a spectrum of SDSS":
        read = read_sdss_spectrum(place)
        notes = ("its wavelengths in air were converted to vacuum.",) if read.in_air else ()
        return SpectrumFile(
            read.spectrum, in_vacuum=True, notes=tuple(f"{place}: {note}" for note in notes)
        )
    if is_fits:
        raise SourceError(
            f"{place}: {_described(place, kind)}; expected a spectrum of DESI or SDSS."
        )
    columns = read_spectrum_table(place)
    return spectrum_from_columns(columns.values, columns.units, place)


def _described(place: str, kind: str | None) -> str:
    """A description of the content of a FITS file that holds no spectrum."""
    from galsearch.sources import read_cutout_header
    from galsearch.sources.fits.fits_file import open_fits

    if kind is not None:
        return kind
    try:
        header = read_cutout_header(place)
    except SourceError:
        with open_fits(place) as file:
            names = ", ".join(name or "(unnamed)" for name in file.names)
        return f"a FITS file with the HDUs {names}"
    bands, ny, nx = header.shape
    return f"an image of {nx} x {ny} pixels in {', '.join(header.bands) or f'{bands} bands'}"


def _read_desi(place: str, target_id: TargetId | None) -> SpectrumFile:
    from galsearch.sources import read_spectra_file, read_spectra_index

    index = read_spectra_index(place)
    ids = [TargetId(one) for one in index.target_ids]
    shown = ", ".join(map(str, ids[:_SHOWN])) + (", ..." if len(ids) > _SHOWN else "")
    if not ids:
        skipped = ", ".join(f"{n} {reason}" for reason, n in index.skipped.items())
        raise SourceError(
            f"{place}: no galaxy with a spectrum among its {index.n_rows} rows ({skipped})."
        )
    if target_id is None and len(ids) > 1:
        raise QueryError(
            f"{place} has spectra of {len(ids)} galaxies ({shown}); a TARGETID says which."
        )
    if target_id is not None and target_id not in ids:
        raise QueryError(f"{place} has no spectrum of TARGETID {target_id}; it has {shown}.")
    row = 0 if target_id is None else ids.index(target_id)
    read = read_spectra_file(place, rows=[int(index.rows[row])])
    return SpectrumFile(read.spectra[0], in_vacuum=True, target_id=ids[row])
