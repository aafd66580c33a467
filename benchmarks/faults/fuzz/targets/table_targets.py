"""Tables of every format: of labels, of queries, of TARGETIDs, and of embeddings."""

import io
from pathlib import Path

import numpy as np

from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget, Read, fresh_file

_IDS = 39627848784286003 + np.arange(3)
_WORDS = (
    *(b"TARGETID", b"target_id", b"ra_deg", b"dec_deg", b"image", b"spectrum", b"name", b"z"),
    *(b"# %ECSV 1.0", b"# ---", b"# datatype: [{name: a, datatype: int64}]", b"datatype", b"unit"),
    *(b"9" * 20, b"1e400", b"nan", b"-1", b'"', b"\xef\xbb\xbf", b"\x00", b";", b"\t", b"\r\n"),
    *(b"!!python/object:os.system", b"&a", b"*a", b"float128", b"subtype: json", b"[[1], null]"),
    *(b"<VOTABLE", b"<!ENTITY a 'b'>", b"<TABLEDATA>", b"<BINARY2>", b"arraysize='*'", b"<TD>"),
    *(b"PAR1", b"ARROW1", b"SIMPLE  =", b"\x1f\x8b", b"\x89HDF\r\n\x1a\n"),
)


def _text_tables(scratch: Path) -> list[bytes]:
    from astropy.table import MaskedColumn, Table

    masked = MaskedColumn([0.5, 0.25, 0.0], mask=[False, True, False], unit="Jy")
    table = Table({"TARGETID": _IDS, "Z": masked, "KIND": ["a", "b", ""]})
    table.write(scratch / "a.ecsv", format="ascii.ecsv", overwrite=True)
    csv = b'TARGETID,z,name\n39633345008634465,0.5,disk\n7,,"a, b"\n'
    return [csv, (scratch / "a.ecsv").read_bytes()]


def _query_tables(scratch: Path) -> list[bytes]:
    positions = b"ra_deg,dec_deg\n150.1,2.2\n10.5,-3\n"
    files = b"name,image,spectrum\nM 31,,\n,a.fits,b.fits\n"
    return [*_text_tables(scratch), positions, files, *_parquet_tables(scratch)[:1]]


def _votables(_: Path) -> list[bytes]:
    from astropy.table import Table

    table = Table({"TARGETID": _IDS, "Z": [0.5, 0.25, 0.1], "KIND": ["a", "b", ""]})
    written = []
    for kind in ("tabledata", "binary", "binary2"):
        stream = io.BytesIO()
        table.write(stream, format="votable", tabledata_format=kind)
        written.append(stream.getvalue())
    return written


def _parquet_tables(scratch: Path) -> list[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "TARGETID": pa.array(_IDS),
        "Z": pa.array([0.5, None, 0.25]),
        "KIND": pa.array(["disk", None, "\u00e9"]).dictionary_encode(),
        "WHEN": pa.array([1, 2, 3], pa.timestamp("s")),
        "V": pa.FixedSizeListArray.from_arrays(pa.array(np.arange(6.0)), 2),
    }
    written = []
    for compression in ("none", "zstd"):
        path = scratch / "a.parquet"
        pq.write_table(pa.table(columns), path, compression=compression, row_group_size=2)
        written.append(path.read_bytes())
    return written


def _arrow_files(_: Path) -> list[bytes]:
    import pyarrow as pa

    table = pa.table({"TARGETID": _IDS, "name": ["a", "b", "c"], "vector": [[1.0], [2.0], [3.0]]})
    written = []
    for new in (pa.ipc.new_file, pa.ipc.new_stream):
        stream = pa.BufferOutputStream()
        with new(stream, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
        written.append(stream.getvalue().to_pybytes())
    return written


def _hdf5_files(scratch: Path) -> list[bytes]:
    import h5py

    path = scratch / "a.hdf5"
    with h5py.File(path, "w") as file:
        file["TARGETID"], file["name"] = _IDS, np.array([b"a", b"bb", b"c"])
        vectors = np.ones((3, 2), np.float32)
        file.create_dataset("vector", data=vectors, chunks=(2, 2), compression="gzip")
    return [path.read_bytes()]


def _read_tables(scratch: Path) -> Read:
    from galsearch.sources import read_tables

    return lambda content: read_tables(fresh_file(scratch / "table", content))


def _read_batches(scratch: Path) -> Read:
    from galsearch.sources.table_formats.batches.open_batches import open_batches

    def read(content: bytes) -> None:
        with open_batches(fresh_file(scratch / "table", content)) as table:
            for _ in table.batches(table.schema.names, 2):
                pass

    return read


def _read_queries(scratch: Path) -> Read:
    from galsearch.query.inputs.query_table import read_queries

    def read(content: bytes) -> None:
        for _ in read_queries(fresh_file(scratch / "queries", content)).parts():
            pass

    return read


def _read_ids(scratch: Path) -> Read:
    from galsearch.query.inputs.id_list import read_ids

    return lambda content: read_ids(fresh_file(scratch / "ids", content))


def _id_lists(scratch: Path) -> list[bytes]:
    plain = [b"39627848784286003\n7\n", b"target_id,z\n39627848784286003,0.5\n7,\n"]
    return [*plain, *_parquet_tables(scratch)[:1]]


TABLE_TARGETS = [
    FuzzTarget("text-table", _text_tables, _read_tables, _WORDS),
    FuzzTarget("votable", _votables, _read_tables, _WORDS),
    FuzzTarget("parquet", _parquet_tables, _read_tables, _WORDS),
    FuzzTarget("parquet-batches", _parquet_tables, _read_batches, _WORDS),
    FuzzTarget("arrow-batches", _arrow_files, _read_batches, _WORDS),
    FuzzTarget("hdf5-batches", _hdf5_files, _read_batches, _WORDS),
    FuzzTarget("query-table", _query_tables, _read_queries, _WORDS),
    FuzzTarget("id-list", _id_lists, _read_ids, _WORDS),
]
