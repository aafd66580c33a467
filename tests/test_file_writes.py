"""Only `galsearch.files` writes files, digests and locks; libraries write where it lets them.

Writing in one place makes every file of the project atomic. The rule is checked in the syntax trees
of all modules of galsearch (outside `galsearch.files`), training and benchmarks.
"""

import ast
from pathlib import Path

import pytest

from tests.import_graph import ROOT, module_name

FORBIDDEN_IMPORTS = {"hashlib", "fcntl"}
FORBIDDEN_FUNCTIONS = {
    "np.save",
    "np.savez",
    "np.savez_compressed",
    "np.savetxt",
    "os.open",
    "os.rename",
    "os.renames",
    "os.replace",
    "shutil.move",
    "torch.save",
}
FORBIDDEN_METHODS = {
    "ParquetWriter",
    "open_memmap",
    "rename",
    "save_file",
    "save_index",
    "savefig",
    "serialize",
    "tofile",
    "write_bytes",
    "write_index",
    "write_metadata",
    "write_parquet",
    "write_table",
    "write_text",
    "writeto",
}
"""Methods and functions of libraries, whatever they are called on."""
FULL_NAMES = {"numpy": "np"}

ALLOWED: dict[str, set[str]] = {
    # Libraries that write into a temporary path of `new_file`.
    "benchmarks.faults.subjects.plain_layout": {"write_table"},
    "benchmarks.faults.subjects.small_survey": {"torch.save", "write_table"},
    "benchmarks.gpu.search_rates": {"write_table"},
    "benchmarks.index.add_remove_cycles": {"write_table"},
    "benchmarks.index.scaling": {"savefig"},
    "benchmarks.index.synthetic_vectors": {"write_table"},
    "benchmarks.index.tradeoff_figure": {"savefig"},
    "benchmarks.promised_recall.rare_kinds": {"write_table"},
    "benchmarks.realism.report.realism_figures": {"savefig"},
    "galsearch.embeddings.embed": {"write_table"},
    "galsearch.embeddings.shard": {"write_table"},
    "galsearch.embeddings.imported.import_embeddings": {"write_table"},
    "galsearch.index.build.index_catalogue": {"write_table"},
    "training.engine.training_curves": {"savefig"},
    # Libraries that write into a directory that `new_directory` or the staging of an index made.
    "galsearch.dataset.writer": {"ParquetWriter", "write_metadata", "write_table"},
    # Libraries that write into an open file of `new_binary_file`.
    "galsearch.index.ivf.lists_file": {"write_index"},
    "training.engine.run_directory": {"torch.save"},
    "galsearch.formats.parquet_rows": {"ParquetWriter", "write_table"},
    "galsearch.query.bulk.all_neighbours": {"ParquetWriter", "write_table"},
    # Fuzzing: seeds that are written into memory or into a scratch directory of one process, in
    # which each execution makes a new file.
    "benchmarks.faults.fuzz.targets.fits_targets": {"writeto"},
    "benchmarks.faults.fuzz.targets.fuzz_target": {"write_bytes"},
    "benchmarks.faults.fuzz.targets.table_targets": {"write_table"},
    "benchmarks.faults.fuzz.targets.word_targets": {"np.save", "save_file", "torch.save"},
    # Temporary directories in which the size of an index is measured.
    "benchmarks.index.engines.graph_engines": {"save_index"},
    "benchmarks.index.engines.partition_engines": {"serialize"},
    # FITS is written into memory, and from there by `write_bytes` of `galsearch.files.atomic`.
    "galsearch.sources.fits.fits_writer": {"writeto"},
    # Standard output is replaced: by the null device, or by the log of another process.
    "benchmarks.faults.processes.observed_process": {"open"},
    "galsearch.cli.command_line": {"os.open"},
    "galsearch.simulate.survey.worker": {"os.open"},
}
"""The calls that a module may make although they write, grouped by the reason."""

MODULES = [
    path
    for top in ("galsearch", "training", "benchmarks")
    for path in sorted((ROOT / top).rglob("*.py"))
    if (ROOT / "galsearch" / "files") not in path.parents
]


def file_writes(source: str) -> set[str]:
    """Names of the imports and calls in a source text by which it could write or lock a file."""
    tree = ast.parse(source)
    imported_from = {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & FORBIDDEN_IMPORTS
        elif isinstance(node, ast.ImportFrom):
            package = FULL_NAMES.get(node.module or "", node.module)
            found |= {str(node.module)} & FORBIDDEN_IMPORTS
            found |= {f"{package}.{alias.name}" for alias in node.names} & FORBIDDEN_FUNCTIONS
        elif isinstance(node, ast.Call):
            found |= _writing_call(node, imported_from)
    return found


def _writing_call(call: ast.Call, imported_from: dict[str, str]) -> set[str]:
    name = ast.unparse(call.func)
    first, last = name.partition(".")[0], name.rpartition(".")[2]
    full_name = f"{FULL_NAMES.get(first, first)}{name.removeprefix(first)}"
    if full_name in FORBIDDEN_FUNCTIONS:
        return {full_name}
    if last == "open" and _opens_for_writing(call):
        return {"open"}
    if imported_from.get(first, "").startswith("galsearch.files"):
        return set()
    return {last} & FORBIDDEN_METHODS


def _opens_for_writing(call: ast.Call) -> bool:
    """True where a mode argument of `open(path, mode)` or `path.open(mode)` may write."""
    position = 1 if isinstance(call.func, ast.Name) else 0
    modes = [argument.value for argument in call.keywords if argument.arg == "mode"]
    modes += call.args[position : position + 2]
    return any(
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and len(mode.value) <= 3
        and set(mode.value) <= set("rwaxbt+")
        and bool(set(mode.value) & set("wax+"))
        for mode in modes
    )


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_writes_only_through_galsearch_files(path: Path) -> None:
    assert file_writes(path.read_text()) - ALLOWED.get(module_name(path), set()) == set()


def test_every_exception_is_still_needed() -> None:
    found = {module_name(path): file_writes(path.read_text()) for path in MODULES}
    assert {name: calls - found.get(name, set()) for name, calls in ALLOWED.items()} == {
        name: set() for name in ALLOWED
    }


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("path.write_text('x')", {"write_text"}),
        ("(folder / name).write_bytes(b'x')", {"write_bytes"}),
        ("import numpy as np\nnp.save(path, rows)", {"np.save"}),
        ("import numpy\nnumpy.savez(path, a=rows)", {"np.savez"}),
        ("from numpy import savez", {"np.savez"}),
        ("import os\nos.replace(a, b)", {"os.replace"}),
        ("from os import rename", {"os.rename"}),
        ("Path(a).rename(b)", {"rename"}),
        ("import hashlib", {"hashlib"}),
        ("from hashlib import sha256", {"hashlib"}),
        ("import fcntl", {"fcntl"}),
        ("open(path, 'w')", {"open"}),
        ("open(path, mode='ab')", {"open"}),
        ("path.open('x')", {"open"}),
        ("gzip.open(path, 'wt')", {"open"}),
        ("open(path, 'r+')", {"open"}),
    ],
)
def test_a_call_that_writes_is_found(source: str, found: set[str]) -> None:
    assert file_writes(source) == found


@pytest.mark.parametrize(
    "source",
    [
        "open(path)",
        "path.open('rb')",
        "fits.open(path)",
        "from galsearch.files.atomic import write_text\nwrite_text(path, 'x')",
        "from galsearch.files import atomic\natomic.write_bytes(path, b'x')",
        "path.read_text().replace('a', 'b')",
        "dataclasses.replace(settings, k=3)",
    ],
)
def test_reading_and_writing_through_galsearch_files_are_allowed(source: str) -> None:
    assert file_writes(source) == set()
