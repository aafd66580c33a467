"""Where builds lie: each is a directory with a manifest, side by side under `index_builds`."""

from pathlib import Path

from galsearch.core.errors import ManifestError
from galsearch.index.storage.manifest import MANIFEST_NAME

BUILDS_DIRECTORY = "index_builds"


def find_build(builds: str | Path = BUILDS_DIRECTORY) -> Path:
    """The only build under `builds`.

    Raises
    ------
    ManifestError
        Where there is none (says how to make one) or several (lists them).
    """
    builds = Path(builds)
    found = sorted(
        path.parent
        for path in builds.glob(f"*/{MANIFEST_NAME}")
        if not path.parent.name.startswith(".")
    )
    if not found:
        raise ManifestError(
            f"no index under {builds}/. Build one with galsearch build-index "
            f"{builds}/recipes/default.toml --embeddings DIR --out {builds}/NAME, make one of "
            "simulated galaxies with galsearch demo, or name another directory with --index."
        )
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise ManifestError(
            f"{len(found)} indexes under {builds}/: {names}. Name one of them with --index."
        )
    return found[0]
