"""All problems of a recipe are reported at once."""

import glob

import pytest

from galsearch.core.errors import ConfigError
from galsearch.dataset import read_recipe
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.source_files import find_source_files
from tests.damaged_files import assert_only_galsearch_errors


def test_all_problems_of_a_recipe_are_reported(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = ""\nmax_rows = 0\n[pairing]\nmax_separation_arcsec = 0')
    with pytest.raises(ConfigError) as caught:
        read_recipe(path)
    assert str(caught.value) == (
        f"{path}: 'name' is empty; expected a name for the dataset. no galaxies are named: "
        "expected spectra.files, images.cutouts or both. 'pairing.max_separation_arcsec' is 0.0; "
        "expected more than 0 and at most 60. 'max_rows' is 0; expected 1 or more."
    )


def test_a_name_is_one_line_and_a_path_is_not_empty(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = "a\\nhats_nrows=7"\n[images]\ncutouts = ["", "a\\u0000b"]\n')
    with pytest.raises(ConfigError) as caught:
        read_recipe(path)
    assert str(caught.value) == (
        f"{path}: 'name' is 'a\\nhats_nrows=7', with a line break or another character that cannot "
        "be printed; expected one line of text. 'images.cutouts' holds ''; expected the path or "
        "URL of files. 'images.cutouts' holds 'a\\x00b'; expected the path or URL of files."
    )


@pytest.mark.parametrize("folder", ["plain", "idx[1]", "a::b", "with blank", "~tilde", "st*r?"])
@pytest.mark.parametrize("pattern", ["c[[]1]*.fits", "c[1].fits", "*.fits", "~/NAME/c*.fits"])
def test_paths_may_have_any_characters(tmp_path, monkeypatch, folder, pattern):
    monkeypatch.setenv("HOME", str(tmp_path))
    home = tmp_path / folder
    home.mkdir()
    (tmp_path / "idx1").mkdir()
    for place in (home, tmp_path / "idx1"):
        (place / "c[1].fits").write_bytes(b"")
    recipe = home / "r.toml"
    named = pattern.replace("NAME", glob.escape(folder))
    recipe.write_text(f'name = "x"\n[images]\ncutouts = ["{named}"]\n')
    found = find_source_files(read_recipe(recipe), BadFiles(skip=False))
    assert found.cutouts == (str(home / "c[1].fits"),)


def test_a_url_and_an_absolute_path_stay_as_they_are(tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text('name = "x"\n[images]\ncutouts = ["s3://b/*.fits", "/data/a*.fits"]\n')
    assert read_recipe(recipe).images.cutouts == ("s3://b/*.fits", "/data/a*.fits")


def test_damaged_recipes_raise_only_galsearch_errors(tmp_path):
    path = tmp_path / "r.toml"
    (tmp_path / "a.fits").write_bytes(b"")
    text = (
        'name = "x"\nmax_rows = 12\n[spectra]\nfiles = ["a.fits"]\nredshifts = ["~/[!b]*"]\n'
        '[images]\ncutouts = ["*.fits"]\nbricks = []\n[labels]\ntables = ["a.fits"]\n'
        'columns = ["Z"]\n[pairing]\nby = "target_id"\nmax_separation_arcsec = 1.5\n'
        'unpaired = "drop"\n'
    )

    def read(content):
        path.write_bytes(content)
        recipe = read_recipe(path)
        assert recipe.max_rows >= 1

    assert_only_galsearch_errors(read, [text.encode()], copies=200)
