"""The HDUs of a complete file are listed; a truncated or damaged file is refused."""

from pathlib import Path

import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import open_fits
from tests.sources.fits.conftest import write_sky


def refusal(path: Path | str) -> str:
    with pytest.raises(SourceError) as caught, open_fits(str(path)):
        pass
    return str(caught.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.fits"
    path.write_bytes(b"")
    assert refusal(path) == f"{path}: is empty (0 bytes)."


def test_the_text_of_a_server_in_place_of_a_file_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "cutout.fits"
    path.write_bytes(b"no such layer\n")
    assert refusal(path) == (f"{path}: not a FITS file: it is text that begins 'no such layer'.")


def test_data_of_another_format_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.fits"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    assert refusal(path) == f"{path}: is a JPEG picture."
    path.write_bytes(b"\x80\x01\x02\x03")
    assert refusal(path) == f"{path}: not a FITS file: it is binary data of an unknown kind."


def test_a_file_truncated_in_its_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    write_sky(path)
    path.write_bytes(path.read_bytes()[: 2880 * 2 + 100])
    assert refusal(path) == (f"{path}: cut short: HDU 1 (SKY) ends at byte 5880, the file at 5860.")


def test_a_file_truncated_in_a_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    write_sky(path)
    path.write_bytes(path.read_bytes()[: 2880 + 200])
    assert refusal(path) == (f"{path}: cut short: the header of HDU 1 ends without END.")


def test_a_truncated_file_is_refused_or_has_fewer_complete_hdus(tmp_path: Path) -> None:
    path, cut = tmp_path / "sky.fits", tmp_path / "cut.fits"
    needed = write_sky(path)
    whole = path.read_bytes()
    ends = {2880: ["PRIMARY"], 2880 * 2 + 120: ["PRIMARY", "SKY"]}
    for length in range(0, needed, 40):
        cut.write_bytes(whole[:length])
        try:
            with open_fits(str(cut)) as file:
                names = file.names
        except SourceError as error:
            assert str(error).startswith(f"{cut}: ")  # noqa: PT017 (either is right)
        else:
            assert names == max((e, n) for e, n in ends.items() if e <= length)[1]
    cut.write_bytes(whole[:needed])
    with open_fits(str(cut)) as file:
        assert file.names == ["PRIMARY", "SKY", "ROWS"]
        assert file.table(file.hdus[2])["NAME"].tolist() == ["a"] * 4


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "endless.fits"
    card = "SIMPLE  =                    T".ljust(80) + "COMMENT ".ljust(80) * 35
    path.write_bytes(card.encode() * 1000)
    assert refusal(path) == f"{path}: the header of HDU 0 is damaged: no END in 1000 blocks."


def test_a_header_with_an_impossible_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    content = path.read_bytes().replace(
        b"NAXIS1  =                    6", b"NAXIS1  =                   -6"
    )
    path.write_bytes(content)
    assert refusal(path) == f"{path}: HDU 1: card NAXIS1 is -6; expected 0 or more."
