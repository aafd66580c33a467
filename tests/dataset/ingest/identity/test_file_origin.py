"""The origin of a file is read from its path, whatever its name."""

import pytest

from galsearch.dataset.ingest.identity.file_origin import (
    differ_in_release,
    differing_folders,
    n_shared_folders,
    observation_of,
    path_of,
    region_of,
)


@pytest.mark.parametrize(
    "name", ["coadd-sv3-dark-1.fits", "redrock-sv3-dark-1.fits.gz", "spectra-sv3-dark-1.fits"]
)
def test_files_of_one_observation_have_one_name(name):
    assert observation_of(f"s3://a/fuji/{name}") == "-sv3-dark-1.fits"


def test_releases_differ_unless_one_holds_the_other():
    assert differ_in_release("a/edr/x", "a/dr1/x")
    assert differ_in_release("dr1/spectro/redux/guadalupe/x", "dr1/spectro/redux/iron/x")
    assert not differ_in_release("fuji/x", "edr/x")
    assert not differ_in_release("fuji/x", "mine/x")


def test_folders_are_compared_part_by_part():
    assert differing_folders(["a/b/x", "a/c/d/x"]) == ["b", "c/d"]
    assert differing_folders(["a/x", "a/b/x"]) == [".", "b"]
    assert n_shared_folders("a/fuji/coadds/x", "a/fuji/redrocks/x") == 2


def test_a_path_with_both_regions_names_none():
    assert region_of("north/south/x") == ""
    assert region_of("NORTH/x") == "north"


@pytest.mark.parametrize("host", ["a.org", "user@[::1]:80", "[no-address]", "[open", ""])
def test_the_path_of_a_url_does_not_depend_on_its_host(host):
    assert str(path_of(f"https://{host}/a%20b/c.fits?x=/1#/2")) == "/a b/c.fits"
