"""Redshifts are read as they were written, row by row."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.sources import read_redrock, write_redrock, write_truth

rows = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(-0.1, 8) | st.just(float("nan")),
        st.integers(0, 2**20),
        st.sampled_from(["GALAXY", "QSO", "STAR", ""]),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
def test_redshifts_are_read_as_they_were_written(
    tmp_path: Path, rows: list[tuple[int, float, int, str]]
) -> None:
    path = tmp_path / "redrock.fits"
    ids, z, zwarn, spectype = (list(c) for c in zip(*rows, strict=True)) if rows else ([],) * 4
    write_redrock(
        path,
        target_ids=np.array(ids, dtype=np.int64),
        z=z,
        z_err=np.full(len(z), 1e-4),
        zwarn=np.array(zwarn, dtype=np.int64),
        spectype=np.array(spectype, dtype="U6"),
        deltachi2=np.arange(len(z)),
    )
    before = path.read_bytes()
    read = read_redrock(str(path))
    assert read.target_ids.tolist() == list(ids)
    np.testing.assert_array_equal(read.z, z)
    assert read.z_err.tolist() == [1e-4] * len(z)
    assert read.zwarn.tolist() == list(zwarn)
    assert read.spectype.tolist() == list(spectype)
    assert read.deltachi2.tolist() == list(range(len(z)))
    assert path.read_bytes() == before


def test_a_file_of_another_kind_is_refused_with_a_list_of_its_hdus(
    tmp_path: Path, make_coadd: Callable[..., str]
) -> None:
    path = make_coadd(arms={})
    with pytest.raises(SourceError) as caught:
        read_redrock(path)
    assert str(caught.value) == (
        f"{path}: HDU REDSHIFTS is missing, so this is not a redrock file. It holds: PRIMARY, "
        "FIBERMAP, EXP_FIBERMAP, SCORES."
    )


def test_a_table_without_redshifts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "redrock.fits"
    write_truth(path, {"TARGETID": np.array([1]), "Z": [0.5]})
    path.write_bytes(path.read_bytes().replace(b"'TRUTH   ' ", b"'REDSHIFTS'", 1))
    with pytest.raises(SourceError) as caught:
        read_redrock(str(path))
    assert str(caught.value) == f"{path}: HDU REDSHIFTS lacks ZERR, ZWARN, SPECTYPE."


def test_columns_of_different_lengths_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        write_redrock(
            tmp_path / "redrock.fits",
            target_ids=[1, 2],
            z=[0.1],
            z_err=[0.1, 0.1],
            zwarn=[0, 0],
            spectype=["GALAXY", "STAR"],
            deltachi2=[1.0, 2.0],
        )
    assert str(caught.value) == (
        f"{tmp_path}/redrock.fits: the columns of table REDSHIFTS must share one length: "
        "TARGETID 2, Z 1, ZERR 2, ZWARN 2, SPECTYPE 2, DELTACHI2 2."
    )
    assert list(tmp_path.iterdir()) == []
