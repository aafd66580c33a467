"""HATS catalogues as LSDB and the Multimodal Universe write them are found, pixel by pixel."""

from pathlib import Path

import fsspec
import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.published.hats_catalogue import find_hats_catalogue

PIXELS = [(0, 7), (1, 0), (5, 12_287)]


def write_catalogue(
    root: Path, pixels: list[tuple[int, int]] = PIXELS, *, name: str = "hats.properties"
) -> Path:
    """The small files of a catalogue, written by hand."""
    root.mkdir(parents=True)
    (root / name).write_text(
        "#HATS catalog\nobs_collection=other\ndataproduct_type=object\nhats_nrows=17\n"
        "moc_url=https\\://a.b/c\n"
    )
    lines = "".join(f"{order},{pixel}\n" for order, pixel in pixels)
    (root / "partition_info.csv").write_text(f"Norder,Npix\n{lines}")
    return root


@pytest.mark.parametrize("name", ["hats.properties", "properties"])
def test_partitions_are_in_order_of_their_pixels(name: str, tmp_path: Path) -> None:
    root = write_catalogue(tmp_path / "other", name=name)
    found = find_hats_catalogue(f"{root}/")
    assert found is not None
    assert found.place == str(root)
    assert found.n_rows == 17
    assert found.files == (
        f"{root}/dataset/Norder=1/Dir=0/Npix=0.parquet",
        f"{root}/dataset/Norder=0/Dir=0/Npix=7.parquet",
        f"{root}/dataset/Norder=5/Dir=10000/Npix=12287.parquet",
    )


def test_the_main_catalogue_of_a_collection(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "coll" / "main")
    properties = tmp_path / "coll" / "collection.properties"
    properties.write_text("obs_collection=coll\nhats_primary_table_url=main\n")
    found = find_hats_catalogue(str(tmp_path / "coll"))
    assert found is not None
    assert found.place == str(tmp_path / "coll" / "main")
    properties.write_text("hats_primary_table_url=away\n")
    with pytest.raises(SourceError) as caught:
        find_hats_catalogue(str(tmp_path / "coll"))
    assert str(caught.value) == (
        f"{properties}: names {tmp_path / 'coll' / 'away'}, which is no catalogue."
    )
    properties.write_text("obs_collection=coll\n")
    with pytest.raises(SourceError) as caught:
        find_hats_catalogue(str(tmp_path / "coll"))
    assert str(caught.value) == f"{properties}: names no main catalogue."


def test_partitions_may_be_directories(tmp_path: Path) -> None:
    root = write_catalogue(tmp_path / "[odd]", [(0, 7)])
    with (root / "hats.properties").open("a") as file:
        file.write("hats_npix_suffix=/\n")
    folder = root / "dataset" / "Norder=0" / "Dir=0" / "Npix=7"
    folder.mkdir(parents=True)
    for name in ("b.parquet", "a.parquet"):
        (folder / name).touch()
    found = find_hats_catalogue(str(root))
    assert found is not None
    assert found.files == (f"{folder}/a.parquet", f"{folder}/b.parquet")


def test_a_catalogue_in_a_store() -> None:
    home = "memory://hats-store/other"
    for name, text in {
        "properties": "hats_nrows=3\n",
        "partition_info.csv": "Norder,Npix\n0,4\n",
    }.items():
        with fsspec.open(f"{home}/{name}", "w") as file:
            file.write(text)
    found = find_hats_catalogue(home)
    assert found is not None
    assert found.files == (f"{home}/dataset/Norder=0/Dir=0/Npix=4.parquet",)
    assert find_hats_catalogue("memory://hats-store/none") is None


def test_other_places_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").touch()
    for place in (tmp_path, tmp_path / "a.parquet", tmp_path / "none", tmp_path / "*.parquet"):
        assert find_hats_catalogue(str(place)) is None
    assert find_hats_catalogue("https://a.b/vectors.parquet") is None
    assert find_hats_catalogue("s3://bucket/part-*") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "{root}: is a HATS catalogue without the list partition_info.csv."),
        ("Norder,Npix\n", "{root}: is a HATS catalogue without partitions."),
        ("order,pixel\n1,1\n", "{root}/partition_info.csv: lists no columns Norder and Npix."),
        (
            "Norder,Npix\n0,12\n",
            "{root}/partition_info.csv: lists a pixel that HEALPix does not have.",
        ),
    ],
)
def test_a_damaged_list_is_an_error(text: str | None, message: str, tmp_path: Path) -> None:
    root = write_catalogue(tmp_path / "other")
    (root / "partition_info.csv").unlink()
    if text is not None:
        (root / "partition_info.csv").write_text(text)
    with pytest.raises(SourceError) as caught:
        find_hats_catalogue(str(root))
    assert str(caught.value) == message.format(root=root)
