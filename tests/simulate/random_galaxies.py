"""Random targets and galaxies, and the truth table of a survey, for the tests of simulations."""

from pathlib import Path

import numpy as np

from galsearch.simulate.population.luminosity_functions import Target, draw_sample, draw_target
from galsearch.simulate.population.scaling_relations import Galaxy, draw_galaxy
from galsearch.sources import read_table

AGE_EDGES_YR = np.concatenate([[0.0], 10 ** np.arange(6.05, 10.15, 0.1)])


def random_targets(n: int) -> list[Target]:
    generators = [np.random.default_rng([4, i]) for i in range(n)]
    return [draw_target(*draw_sample(rng), rng) for rng in generators]


def random_galaxies(n: int) -> list[Galaxy]:
    return [
        draw_galaxy(target, np.random.default_rng([3, i]))
        for i, target in enumerate(random_targets(n))
    ]


def truth_of(out: Path) -> dict[str, np.ndarray]:
    tables = [read_table(str(path)) for path in sorted((out / "truth").glob("*.fits"))]
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
