"""Opens an exported HATS collection with LSDB, and compares what it gives with the files.

`test_lsdb.py` runs it in an environment of its own, since LSDB requires particular versions of
other packages.
"""

import argparse
import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

RADIUS_ARCSEC = 3 * 3600.0


def check_collection(path: Path) -> dict[str, object]:
    """Counts of what LSDB finds in a collection; an AssertionError where something differs."""
    import numpy as np
    import pyarrow.dataset as ds

    lsdb: Any = importlib.import_module("lsdb")
    validation: Any = importlib.import_module("hats.io.validation")
    assert validation.is_valid_collection(path, strict=True), "is_valid_collection"
    galaxies = lsdb.open_catalog(path)
    found: dict[str, object] = {"n_galaxies": len(galaxies.compute())}
    stored = ds.dataset(path / "galaxies" / "dataset", format="parquet", ignore_prefixes=["_"])
    table = stored.to_table()
    assert found["n_galaxies"] == len(table)
    ra, dec = table["ra_deg"].to_numpy(), table["dec_deg"].to_numpy()
    cone = galaxies.cone_search(ra=ra[0], dec=dec[0], radius_arcsec=RADIUS_ARCSEC).compute()
    inside = _separation_deg(np, ra, dec) * 3600 <= RADIUS_ARCSEC
    assert sorted(cone["target_id"]) == sorted(table["target_id"].to_numpy()[inside])
    found["n_in_cone"] = len(cone)
    for file in sorted(path.glob("*_embeddings")):
        assert validation.is_valid_catalog(file, strict=True), file
        alone = lsdb.open_catalog(file)
        vectors = alone.compute()
        by_id = dict(zip(vectors["target_id"], vectors["embedding"], strict=True))
        lengths = [float(np.linalg.norm(np.asarray(v, float))) for v in by_id.values()]
        assert max(abs(length - 1) for length in lengths) < 1e-5
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            matched = galaxies.crossmatch(
                alone, radius_arcsec=0.1, suffix_method="overlapping_columns"
            ).compute()
            joined = galaxies.load_extension(file.name).compute()
        name = next(column for column in joined.columns if column.startswith("embedding"))
        ids = next(column for column in joined.columns if column.startswith("target_id"))
        some = joined.dropna(subset=[name])
        assert len(some) == len(by_id)
        for target_id, vector in zip(some[ids], some[name], strict=True):
            assert list(vector) == list(by_id[target_id])
        found[file.name] = {
            "n_vectors": len(vectors),
            "type": str(vectors["embedding"].dtype),
            "n_matched": len(matched),
            "n_joined": len(some),
        }
    return found


def _separation_deg(np: Any, ra: Any, dec: Any) -> Any:
    """Distance of each position from the first, in degrees."""
    lon, lat = np.radians(ra), np.radians(dec)
    x = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    chord = np.linalg.norm(x - x[:, :1], axis=0)
    return np.degrees(2 * np.arcsin(chord / 2))


def main() -> None:
    """Check the collection that the command line names, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    sys.stdout.write(json.dumps(check_collection(parser.parse_args().collection), indent=2))


if __name__ == "__main__":
    main()
