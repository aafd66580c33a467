"""A written catalogue follows the rules of HATS 1.x."""

import csv
import itertools
import re
import subprocess

import numpy as np
import pyarrow.parquet as pq
import pytest

from galsearch.dataset.healpix import healpix_29

REQUIRED = {"obs_collection", "dataproduct_type", "hats_nrows", "hats_col_ra", "hats_col_dec"}
KINDS = {"object", "source", "association", "index", "margin", "map", "extension"}


def violations(root):
    """Descriptions of the rules of HATS that a catalogue violates."""
    found = []
    lines = (root / "hats.properties").read_text().splitlines()
    properties = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    found += [f"lacks {key}" for key in sorted(REQUIRED - set(properties))]
    if properties.get("dataproduct_type") not in KINDS:
        found.append("unknown dataproduct_type")
    with (root / "partition_info.csv").open() as file:
        rows = list(csv.reader(file))
    if rows[0] != ["Norder", "Npix"]:
        found.append("wrong header of partition_info.csv")
    pixels = [(int(order), int(pixel)) for order, pixel in rows[1:]]
    spans = sorted((p << 2 * (29 - k), (p + 1) << 2 * (29 - k)) for k, p in pixels)
    if any(low < end for (_, end), (low, _) in itertools.pairwise(spans)):
        found.append("partitions overlap")
    paths = [f"Norder={k}/Dir={p // 10000 * 10000}/Npix={p}.parquet" for k, p in pixels]
    there = {str(p.relative_to(root / "dataset")) for p in root.glob("dataset/N*/**/*.parquet")}
    if there != set(paths):
        found.append("files differ from partition_info.csv")
    common = pq.read_schema(root / "dataset/_common_metadata")
    footers = pq.read_metadata(root / "dataset/_metadata")
    groups = [footers.row_group(g) for g in range(footers.num_row_groups)]
    if {group.column(0).file_path for group in groups} != set(paths):
        found.append("paths in _metadata are not relative to dataset/")
    if not footers.num_rows == int(properties["hats_nrows"]) == sum(g.num_rows for g in groups):
        found.append("row counts disagree")
    for (order, pixel), path in zip(pixels, paths, strict=True):
        file = pq.ParquetFile(root / "dataset" / path)
        if not file.schema_arrow.equals(common):
            found.append(f"{path}: schema differs from _common_metadata")
        names = ["_healpix_29", properties["hats_col_ra"], properties["hats_col_dec"]]
        healpix, ra, dec = (file.read([name])[name].to_numpy() for name in names)
        if healpix.dtype != np.int64 or (np.diff(healpix) < 0).any():
            found.append(f"{path}: _healpix_29 is not ascending int64")
        if set(healpix >> 2 * (29 - order)) != {pixel}:
            found.append(f"{path}: rows outside the pixel")
        if (healpix_29(ra, dec) != healpix).any():
            found.append(f"{path}: _healpix_29 is not that of the position")
    return found


def test_a_dataset_violates_no_rule_of_hats(dataset_dir):
    assert violations(dataset_dir) == []


def test_the_check_finds_violations(dataset_dir, tmp_path):
    subprocess.run(["cp", "-r", dataset_dir, tmp_path / "bad"], check=True)
    properties = tmp_path / "bad/hats.properties"
    properties.write_text(properties.read_text().replace("hats_nrows=12", "hats_nrows=13"))
    info = tmp_path / "bad/partition_info.csv"
    info.write_text("\n".join(info.read_text().splitlines()[:-1]) + "\n")
    found = violations(tmp_path / "bad")
    assert "row counts disagree" in found
    assert "files differ from partition_info.csv" in found


def test_partitions_hold_at_most_max_rows(dataset_dir):
    sizes = [pq.read_metadata(p).num_rows for p in dataset_dir.glob("dataset/N*/**/*.parquet")]
    assert sum(sizes) == 12
    assert max(sizes) <= 5


def test_properties_have_the_keys_that_hats_readers_use(dataset_dir):
    text = (dataset_dir / "hats.properties").read_text()
    assert text.startswith("#HATS catalog\nobs_collection=tiny\ndataproduct_type=object\n")
    assert re.search(r"^hats_col_ra=ra_deg$", text, re.M)
    assert re.search(r"^hats_col_healpix=_healpix_29$", text, re.M)
    assert re.search(
        r"^hats_cols_default=_healpix_29 target_id ra_deg dec_deg .*true_z.*$", text, re.M
    )
    assert "image_flux" not in text


def test_pixels_are_fixed_size_lists_and_null_where_missing(dataset_dir):
    schema = pq.read_schema(dataset_dir / "dataset/_common_metadata")
    kinds = {n: str(schema.field(n).type) for n in schema.names if n.startswith(("image", "spec"))}
    assert kinds == {
        "spectype": "string",
        "image_flux": "fixed_size_list<element: float not null>[69312]",
        "image_mask": "fixed_size_list<element: bool not null>[69312]",
        "spectrum_flux": "fixed_size_list<element: float not null>[7781]",
        "spectrum_ivar": "fixed_size_list<element: float not null>[7781]",
        "spectrum_mask": "fixed_size_list<element: bool not null>[7781]",
    }
    for path in dataset_dir.glob("dataset/N*/**/*.parquet"):
        table = pq.read_table(path, partitioning=None)
        assert table["image_flux"].is_null().to_pylist() == [
            not has for has in table["has_image"].to_pylist()
        ]
        assert table["spectrum_mask"].is_null().to_pylist() == [
            not has for has in table["has_spectrum"].to_pylist()
        ]


def test_the_command_sha256sum_confirms_the_digests(dataset_dir):
    ran = subprocess.run(
        ["sha256sum", "--check", "--quiet", "sha256sums.txt"],
        cwd=dataset_dir,
        check=False,
        capture_output=True,
    )
    assert (ran.returncode, ran.stdout) == (0, b"")


def test_the_package_hats_finds_the_catalogue_valid(dataset_dir):
    validation = pytest.importorskip("hats.io.validation", reason="hats is an optional reader")
    assert validation.is_valid_catalog(dataset_dir, strict=True)
