"""Comparison of the simulated survey with real galaxies by tables, figures and classifiers.

    python -m benchmarks.realism --survey DIR --real ../shared/real --out benchmarks/results/realism

Each comparison documents the selection that matches the two samples. Results go to `realism.json`,
from which figures and `README.md` are made.
"""
