"""How real the simulated survey looks: tables, figures and classifiers that try to tell it apart.

    python -m benchmarks.realism --survey DIR --real ../shared/real --out benchmarks/results/realism

Every comparison names the selection by which the two samples were made alike. What was measured
goes to `realism.json`; figures and `README.md` are drawn from it.
"""
