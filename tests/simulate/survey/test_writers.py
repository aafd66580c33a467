"""Files of a simulated survey, read by the readers of real files."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.core.target_id import TargetId, decode_target_id
from galsearch.simulate import simulate_survey
from galsearch.sources import read_cutout, read_cutout_header, read_redrock, read_spectra_file
from tests.simulate.random_galaxies import truth_of


def test_the_readers_of_real_files_read_the_survey(simulated: Path) -> None:
    truth = truth_of(simulated)
    coadds = sorted(simulated.glob("healpix/main/bright/*/*/coadd-main-bright-*.fits"))
    files = [read_spectra_file(str(path)) for path in coadds]
    assert [file.skipped for file in files] == [{"sky": 1, "negative TARGETID": 1}] * 2
    ids = np.concatenate([file.target_ids for file in files])
    assert set(ids.tolist()) == set(truth["target_id"].tolist())
    assert len(set(ids.tolist())) == 6
    for file in files:
        folder = Path(file.url).parent
        redshifts = read_redrock(str(next(folder.glob("redrock-*.fits"))))
        for target, spectrum in zip(file.target_ids, file.spectra, strict=True):
            true_z = truth["true_z"][truth["target_id"] == target][0]
            row = int(np.flatnonzero(redshifts.target_ids == target)[0])
            assert redshifts.zwarn[row] != 0 or abs(redshifts.z[row] - true_z) < 0.005
            assert 0.99 < spectrum.good.mean() <= 1


def test_cutouts_are_centred_on_their_galaxy_and_hold_its_light(simulated: Path) -> None:
    truth = truth_of(simulated)
    for path in simulated.glob("cutouts/*/*.fits"):
        header, cutout = read_cutout_header(str(path)), read_cutout(str(path))
        assert cutout.flux.shape == (3, 152, 152)
        assert cutout.bands == ("g", "r", "z")
        assert header.target_id is not None
        row = int(np.flatnonzero(truth["target_id"] == int(header.target_id))[0])
        middle = cutout.flux[1, 61:91, 61:91].sum()
        total = 10 ** (-0.4 * (truth["mag_r"][row] - 22.5))
        assert 0.3 * total < middle < 1.3 * total


def test_target_ids_are_mock_ids_of_their_brick(simulated: Path) -> None:
    parts = [decode_target_id(TargetId(int(i))) for i in truth_of(simulated)["target_id"]]
    assert all(part.mock and not part.sky and part.release == 9010 for part in parts)
    assert len({part.objid for part in parts}) == 6


def test_the_north_has_its_release_and_its_sky(tmp_path: Path, small_chunks: None) -> None:
    pytest.importorskip("galsim", reason="needs the extra sim")
    simulate_survey(tmp_path / "out", n=1, seed=7, hemisphere="north", workers=1)
    target_id = TargetId(int(truth_of(tmp_path / "out")["target_id"][0]))
    assert decode_target_id(target_id).release == 9011
    file = read_spectra_file(str(next((tmp_path / "out").glob("healpix/**/coadd-*.fits"))))
    assert file.columns["photsys"].tolist() == ["N"]
    assert file.dec_deg[0] > 32
