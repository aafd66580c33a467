"""Make the bank of simulated galaxies that is shipped for `galsearch estimate`.

    python -m training.data.make_simulated_bank --work runs/bank --workers 2

A survey is simulated with a seed that trained no encoder, ingested, embedded by the shipped
encoder, and indexed with vectors of eight bits a dimension. The index and a record of how it was
made replace `galsearch/analysis/bank/simulated`. The command can be interrupted and repeated:
finished stages, which lie in the directory of `--work`, are kept.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

from galsearch.analysis.bank.simulated_bank import (
    INDEX_NAME,
    PROVENANCE_NAME,
    SIMULATED,
    simulated_directory,
)
from galsearch.cli.progress_bars import progress_bars
from galsearch.core.errors import GalsearchError
from galsearch.core.progress import Progress
from galsearch.dataset.ingest.run import ingest
from galsearch.embeddings import embed_dataset
from galsearch.files.atomic import write_json
from galsearch.index import IndexRecipe, build_index
from galsearch.index.storage.manifest import MANIFEST_NAME
from galsearch.index.storage.manifest_json import write_manifest
from galsearch.query.inputs.own_data.own_embedding import DEFAULT_ENCODER
from galsearch.simulate import simulate_survey
from galsearch.simulate.survey.simulate_survey import SIMULATOR_VERSION

N, SEED = 8600, 1717
"""Number and seed of the galaxies of the shipped bank; the shipped encoder was trained on seed
2025."""
RECIPE = IndexRecipe(name=SIMULATED, family="flat", store="int8", keep_originals=False)


def make_bank(
    work: Path,
    out: Path,
    *,
    n: int = N,
    seed: int = SEED,
    workers: int = 2,
    progress: Progress | None = None,
) -> None:
    """Make a bank of simulated galaxies in `out`, with the stages before it in `work`.

    Raises
    ------
    GalsearchError
        Where a stage fails; what is finished is kept.
    """
    survey, dataset, embeddings = (work / name for name in ("survey", "dataset", "embeddings"))
    simulate_survey(survey, n=n, seed=seed, workers=workers, progress=progress)
    if not dataset.exists():
        ingest(survey / "ingest.toml", dataset, progress=progress)
    embed_dataset(dataset, embeddings, progress=progress)
    out.mkdir(parents=True, exist_ok=True)
    manifest = build_index(
        RECIPE, embeddings=embeddings, out=out / INDEX_NAME, overwrite=True, progress=progress
    )
    # Dataset and embeddings are not shipped, so the index names no places where they would lie.
    manifest = dataclasses.replace(manifest, dataset="", origins=())
    write_manifest(manifest, out / INDEX_NAME / MANIFEST_NAME)
    write_json(
        out / PROVENANCE_NAME,
        {
            "n_galaxies": manifest.n_galaxies,
            "simulator_version": SIMULATOR_VERSION,
            "seed": seed,
            "encoder": DEFAULT_ENCODER,
            "fingerprint": manifest.fingerprint,
            "command": (
                "python -m training.data.make_simulated_bank --work runs/bank "
                f"--n {n} --seed {seed}"
            ),
        },
    )


def main() -> int:
    """Make the bank; returns the exit status, 1 after an error of galsearch."""
    parser = argparse.ArgumentParser(prog="python -m training.data.make_simulated_bank")
    parser.add_argument("--work", type=Path, required=True, help="directory of all stages")
    parser.add_argument("--n", type=int, default=N, help="number of galaxies")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=2, help="processes that simulate")
    parser.add_argument("--out", type=Path, default=simulated_directory())
    options = parser.parse_args()
    try:
        with progress_bars() as progress:
            make_bank(
                options.work,
                options.out,
                n=options.n,
                seed=options.seed,
                workers=options.workers,
                progress=progress,
            )
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
