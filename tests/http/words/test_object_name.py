"""Names of galaxies are looked up where the operator says, and nowhere else."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import UnknownNameError
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.http.words.object_name import position_of_name

SETTINGS = ServiceSettings({"toy": Path("nowhere")})


def test_a_designation_and_a_table_of_the_operator(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name,ra_deg,dec_deg\nNGC 5194,202.47,47.195\n")
    found = position_of_name("SDSS J100024.00-001230.0", SETTINGS)
    np.testing.assert_allclose(found, [[150.1, -0.20833]], atol=1e-5)
    settings = dataclasses.replace(SETTINGS, names=tmp_path / "names.csv")
    assert position_of_name("ngc5194", settings).tolist() == [[202.47, 47.195]]
    with pytest.raises(UnknownNameError) as caught:
        position_of_name("M 1", settings)
    assert str(caught.value) == "'M 1' is not among the names that the service knows."


def test_nothing_is_looked_up_on_the_network() -> None:
    with pytest.raises(UnknownNameError) as caught:
        position_of_name("M 1", SETTINGS)
    assert str(caught.value) == (
        "'M 1' holds no position, and this service looks up no other names."
    )
