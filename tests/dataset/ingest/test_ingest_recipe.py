"""All problems of a recipe are reported at once."""

import pytest

from galsearch.core.errors import ConfigError
from galsearch.dataset import read_recipe


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
