"""Report of the realism benchmark: `realism.json`, figures and a Markdown page."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realism.report.realism_figures import draw_figures
from benchmarks.realism.report.thumbnails import Pictures
from galsearch.files.atomic import write_json, write_text

_BANDS = "grz"
_REAL_PICTURES = {"thumbnails.png", "native_cutouts.png"}
"""Figures with images of real galaxies, which are drawn but not kept in the repository."""


def write_report(results: dict[str, Any], pictures: list[Pictures], out: Path) -> None:
    """Write the report of the realism benchmark into the directory `out`: realism.json, PNG figures
    and README.md.
    """
    write_json(out / "realism.json", _rounded(results), indent=None)
    names = draw_figures(results, pictures, out)
    write_text(out / "README.md", page(results, names))


def page(results: dict[str, Any], figures: dict[str, str]) -> str:
    """Markdown page of the realism report: tables of classifiers and noise, and the figures."""
    survey = results["survey"]
    parts = [
        "# The simulated survey compared with real galaxies",
        "",
        f"Simulator version {survey['simulator_version']}, seed {survey['seed']}, "
        f"{survey['n']:,} galaxies, measured {results['measured']} by `python -m "
        "benchmarks.realism`. Selections are stated in the docstrings of `benchmarks/realism/`.",
        "",
        "## Classifiers that try to distinguish real from simulated galaxies",
        "",
        "Held-out AUC (.5 is chance) of the better of two models, with its bootstrap error.",
        "",
        "| samples | real | simulated | AUC | features that it uses (fall of the AUC, medians "
        "simulated / real) |",
        "|---|---|---|---|---|",
        *[_classifier(name, entry) for name, entry in results["classifiers"].items()],
        "",
        "## Pixel noise",
        "",
        "| image | band | sigma, nanomaggies | correlation with the next pixel in x, y |",
        "|---|---|---|---|",
        *_noise_rows(results["noise"]),
        "",
    ]
    for name, caption in figures.items():
        figure = f"![{caption}]({name})"
        if name in _REAL_PICTURES:
            figure = f"`{name}`, which the benchmark draws; real images are not in the repository."
        parts += [f"## {caption}", "", figure, ""]
    return "\n".join(parts)


def _classifier(name: str, entry: dict[str, Any]) -> str:
    used = [
        f"{feature} ({fall:+.3f}; {entry['medians'][feature][0]:.2f} / "
        f"{entry['medians'][feature][1]:.2f})"
        for feature, fall in list(entry["auc_falls_without"].items())[:4]
        if fall > 0.002
    ]
    return (
        f"| {name} | {entry['n_real']} | {entry['n_simulated']} | {entry['auc']:.3f} ± "
        f"{entry['auc_error']:.3f} | {', '.join(used) or 'nothing'} |"
    )


def _noise_rows(noise: dict[str, Any]) -> list[str]:
    rows = []
    for name, planes in noise["images real"].items():
        rows += [_noise_row(name, _BANDS[i], plane) for i, plane in enumerate(planes)]
    for i, band in enumerate(_BANDS):
        planes = [image[i] for image in noise["images simulated"]]
        middle = {
            "sigma": float(np.median([plane["sigma"] for plane in planes])),
            "along_x": [float(np.median([plane["along_x"][0] for plane in planes]))],
            "along_y": [float(np.median([plane["along_y"][0] for plane in planes]))],
        }
        rows.append(_noise_row(f"simulated, median of {len(planes)}", band, middle))
    return rows


def _noise_row(name: str, band: str, plane: dict[str, Any]) -> str:
    return (
        f"| {name} | {band} | {plane['sigma']:.5f} | {plane['along_x'][0]:.2f}, "
        f"{plane['along_y'][0]:.2f} |"
    )


def _rounded(value: Any) -> Any:
    """A value of the results in which every number is rounded to four digits, as many as tables and
    figures show.
    """
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
