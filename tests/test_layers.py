"""The layers of the package: imports point one way, at the top and inside packages.

A layer may import from the layers below it and from itself. `ORDERS` states the order of the
children of each package that has one; every other package must at least have no import circle.
"""

from pathlib import Path

import pytest

from tests.import_graph import (
    ROOT,
    Import,
    children_graph,
    find_circle,
    imported_names,
    imports_of,
    module_name,
    packages_under,
)

ORDERS: dict[str, list[set[str]]] = {
    "galsearch": [
        {"__main__"},
        {"cli"},
        {"mcp"},
        {"http", "notebook"},
        {"demo"},
        {"analysis"},
        {"query"},
        {"render"},
        {"formats", "databases"},
        {"index"},
        {"embeddings"},
        {"workflow"},
        {"dataset", "encoders"},
        {"simulate"},
        {"sources"},
        {"files"},
        {"core"},
    ],
    "galsearch.sources": [
        {"published"},
        {"tables", "spectrum_kind", "spectrum_table"},
        {"desi", "sdss"},
        {"legacy_surveys"},
        {"table_formats"},
        {"fits"},
        {"urls"},
        {"gzip_data", "store_failures"},
    ],
    "galsearch.simulate": [
        {"survey"},
        {"imaging", "spectroscopy"},
        {"sed"},
        {"population"},
        {"cosmology", "optional_imports"},
    ],
    "galsearch.dataset": [
        {"ingest"},
        {"writer", "source_summary"},
        {"reader"},
        {"partition"},
        {"batch", "hats_files", "source_record", "splits"},
        {"schema", "healpix", "pages"},
    ],
    "galsearch.encoders": [
        {"load", "astroclip"},
        {"encoder", "checkpoint"},
        {"inference", "preprocess"},
        {"network"},
        {"encoder_config"},
    ],
    "galsearch.analysis": [
        {"estimate", "outliers", "embedding_map", "explanation"},
        {"projection"},
        {"template_odds", "result_table"},
        {"estimation", "pair_similarity"},
        {"calibration"},
        {"bank"},
        {"hub_correction"},
    ],
    "galsearch.http": [
        {"server_process"},
        {"service"},
        {"routes"},
        {"answers"},
        {"guard", "words"},
        {"state"},
        {"uploads"},
        {"refusals"},
        {"page"},
    ],
    "galsearch.index": [
        {"citation"},
        {"lifecycle"},
        {"provenance"},
        {"build"},
        {"search"},
        {"ivf"},
        {"storage"},
        {"plan"},
        {"vectors"},
    ],
}
"""The top layer first."""

HOMES: dict[str, set[str]] = {
    "torch": {"encoders"},
    "safetensors": {"encoders"},
    "faiss": {"index"},
    "astropy": {"sources", "dataset", "simulate", "query", "formats"},
    "fsspec": {"sources"},
    "astropy_healpix": {"dataset", "simulate"},
    "galsim": {"simulate"},
    "bagpipes": {"simulate"},
    "speclite": {"simulate"},
    "lancedb": {"databases"},
    "qdrant_client": {"databases"},
    "milvus_lite": {"databases"},
    "pymilvus": {"databases"},
    "pyarrow": {
        "databases",
        "http",
        "files",
        "sources",
        "dataset",
        "embeddings",
        "index",
        "query",
        "analysis",
        "encoders",
        "formats",
    },
    "polars": {"query"},
    "pandas": {"query"},
    "pyvo": {"formats"},
    "typer": {"cli"},
    "rich": {"cli"},
    "PIL": {"render", "sources"},
    "tomllib": {"files"},
    "filelock": {"files"},
    "fcntl": {"files"},
    "hashlib": {"files"},
    "fastapi": {"http"},
    "starlette": {"http"},
    "pydantic": {"http", "mcp"},
    "mcp": {"mcp"},
    "anyio": {"mcp"},
    "uvicorn": {"http"},
    "prometheus_client": {"http"},
    "matplotlib": {"render"},
    "scipy": {"simulate", "analysis"},
    "umap": {"analysis"},
}
"""Third-party packages, and a few of the standard library, that live in some layers only."""

MAX_CHILDREN = 12
"""Modules and sub-packages of one package, not counting `__init__` and `__main__`. The children of
`galsearch` itself are its layers, which `ORDERS` lists."""
LAYERS = {name for layer in ORDERS["galsearch"] for name in layer}
FACES = {"__main__", "cli", "mcp", "http", "notebook"}
"""Layers that may import the public names of `galsearch` itself."""

MODULES = sorted((ROOT / "galsearch").rglob("*.py"))
IMPORTS = {top: imports_of(ROOT / top) for top in ("galsearch", "training", "benchmarks")}
PACKAGES = {
    package: children for top in IMPORTS for package, children in packages_under(ROOT / top).items()
}


def upward(package: str, imports: list[Import]) -> list[str]:
    """Imports between children of a package that do not point to a lower layer."""
    layer_of = {name: i for i, layer in enumerate(ORDERS[package]) for name in layer}
    found = []
    for child, others in sorted(children_graph(imports, package).items()):
        if child not in layer_of:
            found.append(f"{package}.{child} is in no layer: place it in tests/test_layers.py")
            continue
        found += [
            f"{package}.{child} imports {package}.{other}, which is not below it"
            for other in sorted(others & layer_of.keys())
            if layer_of[other] <= layer_of[child]
        ]
    return found


def forbidden_imports(layer: str, source: str) -> list[str]:
    """Imports of a module of `galsearch` that its layer may not make."""
    found = []
    for name in imported_names(source, f"galsearch.{layer}"):
        package, _, rest = name.partition(".")
        if package in HOMES and layer not in HOMES[package]:
            found.append(f"{layer} imports {name}, which belongs to {sorted(HOMES[package])}")
        if package in {"training", "benchmarks", "tests"}:
            found.append(f"{layer} imports {name}, which stands above the package")
        public = package == "galsearch" and "." not in rest and rest not in LAYERS
        if public and layer not in FACES:
            found.append(f"{layer} imports {name} from the public package, which is above it")
        if name.startswith("astropy.io.fits") and layer != "sources":
            found.append(f"{layer} imports {name}; only sources reads and writes FITS")
    return found


@pytest.mark.parametrize("package", ORDERS)
def test_imports_between_the_layers_of_a_package_point_down(package: str) -> None:
    assert upward(package, IMPORTS["galsearch"]) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_has_an_import_circle(package: str) -> None:
    graph = children_graph(IMPORTS[package.split(".")[0]], package)
    assert find_circle(graph) is None


@pytest.mark.parametrize("package", sorted(PACKAGES.keys() - {"galsearch"}))
def test_no_package_is_wide(package: str) -> None:
    children = [name for name in PACKAGES[package] if name != "__main__"]
    assert len(children) <= MAX_CHILDREN, f"{package} has {len(children)}: {children}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_third_party_packages_stay_in_their_layers(path: Path) -> None:
    parts = path.relative_to(ROOT / "galsearch").with_suffix("").parts
    if parts != ("__init__",):
        assert forbidden_imports(parts[0], path.read_text()) == []


def test_the_rules_can_fail() -> None:
    assert forbidden_imports("core", "import torch") == [
        "core imports torch, which belongs to ['encoders']"
    ]
    assert forbidden_imports("index", "import astropy.io.fits") != []
    assert forbidden_imports("query", "from galsearch import open_index") == [
        "query imports galsearch.open_index from the public package, which is above it"
    ]
    assert forbidden_imports("cli", "from galsearch import open_index") == []
    bad = [Import("galsearch.index.ivf.coarse", "galsearch.index.search.rerank")]
    bad.append(Import("galsearch.index.search.rerank", "galsearch.index.vectors"))
    assert upward("galsearch.index", bad) == [
        "galsearch.index.ivf imports galsearch.index.search, which is not below it"
    ]
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_an_import_by_string_counts() -> None:
    source = 'import importlib\nimportlib.import_module("galsearch.query.engine")'
    assert "galsearch.query.engine" in imported_names(source)
    assert imported_names("from .search import find", "galsearch.index") == [
        "galsearch.index.search.find"
    ]


def test_a_base_name_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for top in IMPORTS:
        for path in (ROOT / top).rglob("*.py"):
            if path.stem not in {"__init__", "__main__"}:
                homes.setdefault(path.stem, []).append(module_name(path))
    assert {stem: found for stem, found in homes.items() if len(found) > 1} == {}


def test_no_file_is_called_utils() -> None:
    banned = {"utils", "helpers", "common", "manager", "misc"}
    assert [p for p in MODULES if {part.removesuffix(".py") for part in p.parts} & banned] == []
