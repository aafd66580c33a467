"""The catalogue of imported embeddings has one row for each galaxy."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.modality import Modality
from galsearch.dataset.healpix import healpix_29
from galsearch.embeddings.imported.joined_catalogue import joined_catalogue
from galsearch.embeddings.imported.read_rows import TableRows


def rows(ids: list[int], ra_deg: list[float], **columns: list[object]) -> TableRows:
    return TableRows(
        target_ids=np.array(ids),
        ra_deg=np.array(ra_deg),
        dec_deg=np.zeros(len(ids)),
        columns=pa.table(columns),
        dim=2,
        n_read={},
        vector_file=Path("vectors"),
        vector_rows=np.arange(len(ids)),
    )


def test_values_of_spectra_count_before_those_of_images() -> None:
    found = joined_catalogue(
        {
            Modality.IMAGE: rows([3, 1], [10.001, 20.0], MAG=[1.0, 2.0], Z=[0.1, 0.2]),
            Modality.SPECTRUM: rows([9, 3], [30.0, 10.0], mag=[None, 7.0], z=[0.9, 0.3]),
        }
    )
    assert found.to_pydict() == {
        "_healpix_29": healpix_29([20.0, 10.0, 30.0], [0.0] * 3).tolist(),
        "target_id": [1, 3, 9],
        "ra_deg": [20.0, 10.0, 30.0],
        "dec_deg": [0.0, 0.0, 0.0],
        "has_image": [True, True, False],
        "has_spectrum": [False, True, True],
        "z": [0.2, 0.3, 0.9],
        "mag": [2.0, 7.0, None],
    }


def test_a_column_of_another_type_and_a_reserved_name_are_kept() -> None:
    found = joined_catalogue(
        {
            Modality.IMAGE: rows([1], [20.0], mag=["faint"], has_image=[5]),
            Modality.SPECTRUM: rows([1], [20.0], mag=[7.0]),
        }
    )
    assert found["other_mag"].to_pylist() == ["faint"]
    assert found["label_has_image"].to_pylist() == [5]
    assert found["z"].to_pylist() == [None]


def test_without_positions_there_are_no_pixels() -> None:
    found = joined_catalogue({Modality.IMAGE: rows([1, 2], [np.nan, np.nan])})
    assert "_healpix_29" not in found.column_names
    assert np.isnan(found["ra_deg"].to_numpy()).all()
