"""Writes a HATS catalogue of embeddings with LSDB, with nested columns beside the vectors.

`test_lsdb.py` runs it in an environment of its own, as `read_with_lsdb.py`.
"""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any


def write_catalogue(vectors: Path, out: Path) -> None:
    """Write the Parquet table `vectors` as a catalogue, whose column `flux` becomes nested."""
    lsdb: Any = importlib.import_module("lsdb")
    nested_pandas: Any = importlib.import_module("nested_pandas")
    frame = nested_pandas.read_parquet(vectors)
    frame = nested_pandas.NestedFrame.from_lists(
        frame, base_columns=[name for name in frame.columns if name != "flux"], name="spectrum"
    )
    catalogue = lsdb.from_dataframe(
        frame, ra_column="ra", dec_column="dec", catalog_name="foreign", partition_rows=60
    )
    catalogue.write_catalog(out, catalog_name="foreign")
    sys.stdout.write(f"{len(catalogue.get_healpix_pixels())} partitions\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    write_catalogue(arguments.vectors, arguments.out)
