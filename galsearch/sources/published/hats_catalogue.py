"""HATS catalogues of other projects: the Parquet files of their partitions, on disk or at a URL.

A catalogue is a directory with a file of properties, a list of its HEALPix pixels and one Parquet
file, or a directory of them, for each pixel. A collection names its main catalogue. See
https://www.ivoa.net/documents/Notes/HATS/.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from galsearch.core.errors import SourceError
from galsearch.sources.urls import expand_urls, open_url

_COLLECTION_FILE = "collection.properties"
_PROPERTY_FILES = ("hats.properties", "properties")
_PARTITION_FILE = "partition_info.csv"
_PIXELS_IN_FOLDER = 10_000


@dataclass(frozen=True)
class HatsCatalogue:
    """The files of a catalogue, in order of their pixels."""

    place: str
    """Directory or URL of the catalogue."""
    files: tuple[str, ...]
    n_rows: int | None
    """Number of rows that the properties state; None where they state none."""


def find_hats_catalogue(place: str) -> HatsCatalogue | None:
    """The HATS catalogue in a directory or below a URL, or the main one of a collection there.

    Parameters
    ----------
    place
        A directory, or a URL that names one: its last part has no suffix.

    Returns
    -------
    HatsCatalogue or None
        None where there are no properties of a catalogue.

    Raises
    ------
    SourceError
        Where the properties or the list of pixels cannot be used.
    """
    place = place.rstrip("/") or place
    if not _may_be_directory(place):
        return None
    collection = _read_text(f"{place}/{_COLLECTION_FILE}")
    if collection is not None:
        main = _properties(collection).get("hats_primary_table_url")
        if not main:
            raise SourceError(f"{place}/{_COLLECTION_FILE}: names no main catalogue.")
        main = main if "://" in main or main.startswith("/") else f"{place}/{main}"
        found = find_hats_catalogue(main)
        if found is None:
            raise SourceError(f"{place}/{_COLLECTION_FILE}: names {main}, which is no catalogue.")
        return found
    texts = (_read_text(f"{place}/{name}") for name in _PROPERTY_FILES)
    text = next((each for each in texts if each is not None), None)
    return None if text is None else _catalogue(place, _properties(text))


def _catalogue(place: str, properties: dict[str, str]) -> HatsCatalogue:
    stated = properties.get("hats_nrows", "")
    suffix = properties.get("hats_npix_suffix", ".parquet")
    files = [
        file
        for order, pixel in _pixels(place)
        for file in _files_of_pixel(place, order, pixel, suffix)
    ]
    if not files:
        raise SourceError(f"{place}: is a HATS catalogue without partitions.")
    return HatsCatalogue(place, tuple(files), int(stated) if stated.isdecimal() else None)


def _pixels(place: str) -> list[tuple[int, int]]:
    """Orders and numbers of the pixels of a catalogue."""
    text = _read_text(f"{place}/{_PARTITION_FILE}")
    if text is None:
        raise SourceError(f"{place}: is a HATS catalogue without the list {_PARTITION_FILE}.")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        pixels = [(int(row["Norder"]), int(row["Npix"])) for row in rows]
    except (csv.Error, KeyError, TypeError, ValueError):
        raise SourceError(f"{place}/{_PARTITION_FILE}: lists no columns Norder and Npix.") from None
    if not all(0 <= order <= 29 and 0 <= pixel < 12 * 4**order for order, pixel in pixels):
        raise SourceError(f"{place}/{_PARTITION_FILE}: lists a pixel that HEALPix does not have.")
    return sorted(pixels, key=lambda each: each[1] << (2 * (29 - each[0])))


def _files_of_pixel(place: str, order: int, pixel: int, suffix: str) -> Iterator[str]:
    folder = pixel // _PIXELS_IN_FOLDER * _PIXELS_IN_FOLDER
    path = f"{place}/dataset/Norder={order}/Dir={folder}/Npix={pixel}"
    if suffix != "/":
        yield f"{path}{suffix}"
    elif place.startswith(("http://", "https://")):
        raise SourceError(
            f"{place}: its partitions are directories, whose files cannot be listed by HTTP."
        )
    else:
        yield from expand_urls(f"{_escaped(path)}/*.parquet")


def _may_be_directory(place: str) -> bool:
    """True for a directory, and for a URL whose last part has neither a suffix nor wildcards."""
    if "://" not in place:
        return Path(place).is_dir()
    name = PurePosixPath(re.split("[?#]", place, maxsplit=1)[0]).name
    return "." not in name and not re.search(r"[*?[\]#]", place)


def _read_text(url: str) -> str | None:
    """The text of a file; None where it is not there."""
    if "://" not in url and not Path(url).is_file():
        return None
    try:
        with open_url(url) as file:
            return file.read().decode("utf-8")
    except UnicodeDecodeError:
        raise SourceError(f"{url}: is no text in UTF-8.") from None
    except SourceError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise


def _properties(text: str) -> dict[str, str]:
    """Values by key of a file of Java properties, such as `hats_nrows=5`."""
    pairs = [
        line.split("=", 1)
        for line in text.splitlines()
        if "=" in line and not line.lstrip().startswith(("#", "!"))
    ]
    return {key.strip(): re.sub(r"\\(.)", r"\1", value.strip()) for key, value in pairs}


def _escaped(path: str) -> str:
    """A path whose characters are no wildcards."""
    return re.sub(r"([*?[])", r"[\1]", path)
