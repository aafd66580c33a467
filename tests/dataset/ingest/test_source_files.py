"""Patterns of a recipe are resolved to sorted lists of files."""

import pytest

from galsearch.core.errors import SourceError
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.ingest_recipe import ImageFiles, IngestRecipe, SpectrumFiles
from galsearch.dataset.ingest.source_files import find_source_files


def test_files_of_overlapping_patterns_are_listed_once_in_order(tmp_path):
    for name in ("b.fits", "a.fits", "redrock-1.fits"):
        (tmp_path / name).write_bytes(b"")
    recipe = IngestRecipe(
        "mine",
        spectra=SpectrumFiles((), (str(tmp_path / "redrock-*"),)),
        images=ImageFiles((str(tmp_path / "?.fits"), str(tmp_path / "a.fits"))),
    )
    files = find_source_files(recipe, BadFiles(skip=False))
    assert files.cutouts == (str(tmp_path / "a.fits"), str(tmp_path / "b.fits"))
    assert files.redshifts == (str(tmp_path / "redrock-1.fits"),)
    assert (files.spectra, files.bricks, files.label_tables) == ((), (), ())


def test_a_pattern_that_matches_no_file_is_an_error(tmp_path):
    recipe = IngestRecipe("mine", images=ImageFiles((str(tmp_path / "*.fits"),)))
    with pytest.raises(SourceError, match=r"no file matches\."):
        find_source_files(recipe, BadFiles(skip=False))


def test_a_file_under_two_names_is_listed_once(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"1")
    (tmp_path / "A.fits").hardlink_to(tmp_path / "a.fits")
    (tmp_path / "b.fits").symlink_to(tmp_path / "a.fits")
    recipe = IngestRecipe("mine", images=ImageFiles((str(tmp_path / "*.fits"),)))
    files = find_source_files(recipe, BadFiles(skip=False))
    assert files.cutouts == (str(tmp_path / "A.fits"),)
