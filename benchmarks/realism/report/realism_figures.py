"""Figures of the realism report, made from `realism.json`, and mosaics of thumbnails."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.realism.report.thumbnails import Pictures
from benchmarks.realism.samples.spectrum_features import GRID_ANGSTROM
from galsearch.files.atomic import new_file

_REAL, _SIMULATED = "#444444", "#d1495b"
_LABELS = {
    "gr": "g - r", "rz": "r - z", "log_reff": "log10 half-light radius / arcsec",
    "e": "ellipticity |e|", "z": "redshift", "r": "r", "mag": "magnitude",
}  # fmt: skip
_IVAR_STEP_ANGSTROM = 32.0


def draw_figures(results: dict[str, Any], pictures: list[Pictures], out: Path) -> dict[str, str]:
    """Write the figures of the realism report as PNG files; returns their captions by file name."""
    mpl.use("Agg")
    plt.rcParams.update({"figure.dpi": 110, "font.size": 9, "axes.spines.top": False,
                         "axes.spines.right": False, "legend.frameon": False})  # fmt: skip
    captions = {
        "colours.png": "Colours, sizes and ellipticities at the same magnitudes",
        "sdss.png": "Redshift and colours of SDSS galaxies, 15 < r < 17.6",
        "noise.png": "Noise of pixels, and of spectra against wavelength",
        "signal_to_noise.png": "Signal to noise",
        "lines.png": "Equivalent widths at rest",
        "spectra.png": "Real EDR spectra and simulated ones of like redshift and signal to noise",
    }
    for name, draw in (("colours.png", _colours), ("sdss.png", _sdss), ("noise.png", _noise),
                       ("signal_to_noise.png", _quality), ("lines.png", _lines),
                       ("spectra.png", _spectra)):  # fmt: skip
        figure = draw(results)
        _write_png(figure, out / name)
        plt.close(figure)
    for one in pictures:
        _mosaic(one, out / one.name)
        captions[one.name] = one.title
    return captions


def _write_png(figure: Any, path: Path, **settings: Any) -> None:
    """Write a matplotlib figure as PNG and close it."""
    with new_file(path) as temporary:
        figure.savefig(temporary, format="png", bbox_inches="tight", **settings)


def _pair(axes: Axes, simulated: Any, real: Any, label: str, bins: int = 40) -> None:
    """Plot two normalised histograms over the range that holds 99 per cent of both."""
    both = np.concatenate([np.asarray(simulated, float), np.asarray(real, float)])
    both = both[np.isfinite(both)]
    if not both.size:
        return
    low, high = np.percentile(both, [0.5, 99.5])
    edges = np.linspace(low, high, bins + 1)
    for values, colour, name in ((real, _REAL, "real"), (simulated, _SIMULATED, "simulated")):
        use = np.asarray(values, float)
        use = np.clip(use[np.isfinite(use)], edges[0], edges[-1])
        axes.hist(use, edges.tolist(), density=True, histtype="step", color=colour, lw=1.4,
                  label=f"{name} ({use.size})")  # fmt: skip
    axes.set(xlabel=label, yticks=[])


def _colours(results: dict[str, Any]) -> Any:
    figure, axes = plt.subplots(2, 5, figsize=(15, 5.6), layout="constrained")
    for row, (kind, title) in zip(axes, (("bgs", "BGS, r < 20"), ("lrg", "LRG")), strict=True):
        sample = results["photometry"][kind]
        simulated, real = sample["simulated"], sample["real"]
        for axis, (table, colour, name) in zip(
            row[:2], ((real, _REAL, "real (DR9 mixtures)"), (simulated, _SIMULATED, "simulated")),
            strict=True,
        ):  # fmt: skip
            axis.plot(table["rz"], table["gr"], ".", ms=1.5, alpha=0.5, color=colour)
            axis.set(xlim=(-0.1, 2.1), ylim=(-0.1, 2.4), xlabel="r - z", ylabel="g - r",
                     title=f"{title}: {name}")  # fmt: skip
        _pair(row[2], simulated["gr"], real["gr"], "g - r")
        _pair(row[3], simulated["log_reff"], real["log_reff"], _LABELS["log_reff"])
        _pair(row[4], simulated["e"], real["e"], _LABELS["e"])
        row[2].legend(fontsize=7)
    return figure


def _sdss(results: dict[str, Any]) -> Any:
    sample = results["photometry"]["sdss"]
    simulated, real = sample["simulated"], sample["real"]
    figure, axes = plt.subplots(1, 5, figsize=(15, 2.9), layout="constrained")
    for axis, table, colour, name in ((axes[0], real, _REAL, "real (SDSS, kcorrect)"),
                                      (axes[1], simulated, _SIMULATED, "simulated")):  # fmt: skip
        axis.plot(table["z"], table["gr"], ".", ms=1.5, alpha=0.5, color=colour)
        axis.set(xlim=(0, 0.3), ylim=(0, 1.8), xlabel="redshift", ylabel="g - r", title=name)
    for axis, key in zip(axes[2:], ("z", "gr", "rz"), strict=True):
        _pair(axis, simulated[key], real[key], _LABELS[key])
    axes[2].legend(fontsize=7)
    return figure


def _noise(results: dict[str, Any]) -> Any:
    noise = results["noise"]
    figure, axes = plt.subplots(1, 5, figsize=(17, 3.2), layout="constrained",
                                gridspec_kw={"width_ratios": [1, 1, 1, 1.6, 1.6]})  # fmt: skip
    for i, band in enumerate("grz"):
        planes = [image[i] for image in noise["images simulated"]]
        for key, style in (("along_x", "-"), ("along_y", "--")):
            curve = np.percentile([plane[key] for plane in planes], [16, 50, 84], axis=0)
            axes[i].plot(range(1, 5), curve[1], style, color=_SIMULATED, label=f"simulated {key}")
            axes[i].fill_between(range(1, 5), curve[0], curve[2], color=_SIMULATED, alpha=0.12)
            real = noise["images real"]["457431_example_b"][i]
            axes[i].plot(range(1, 5), real[key], style, color=_REAL, label=f"real {key}")
        sigma = np.median([plane["sigma"] for plane in planes])
        real_sigma = noise["images real"]["457431_example_b"][i]["sigma"]
        axes[i].set(title=f"{band}: sigma {sigma:.4f} / {real_sigma:.4f} real", ylim=(-0.1, 0.7),
                    xlabel="pixels apart", ylabel="correlation", xticks=range(1, 5))  # fmt: skip
    axes[0].legend(fontsize=7)
    for axis, level in zip(axes[3:], ("ivar", "shape"), strict=True):
        _ivar(axis, noise, relative=level == "shape")
    return figure


def _ivar(axis: Axes, noise: dict[str, Any], *, relative: bool) -> None:
    """Plot the inverse variance of real and simulated spectra against wavelength, relative to its
    median if requested.
    """
    wavelength = 3616.0 + _IVAR_STEP_ANGSTROM * np.arange(len(noise["ivar real"][0]["ivar"]))

    def shown(values: Any) -> Any:
        array = np.asarray(values, float)
        return array / np.nanmedian(array) if relative else array

    for row in noise["ivar real"]:
        axis.plot(wavelength, shown(row["ivar"]), color=_REAL, lw=0.5, alpha=0.6)
    for kind, style in (("LRG", "-"), ("BGS", "--")):
        if kind in noise["ivar simulated"]:
            middle = shown(noise["ivar simulated"][kind][1])
            axis.plot(wavelength, middle, style, color=_SIMULATED, label=f"simulated {kind}")
    axis.set(yscale="log", xlabel="wavelength / Angstrom",
             ylabel="ivar over its median" if relative else "ivar",
             title=f"real rows in grey ({len(noise['ivar real'])})")  # fmt: skip
    axis.legend(fontsize=7)


def _quality(results: dict[str, Any]) -> Any:
    figure, axes = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
    for name, values in results["signal_to_noise"].items():
        axes[0].hist(np.log10(np.clip(values, 0.05, 100)), 40, density=True, histtype="step",
                     label=name, lw=1.3)  # fmt: skip
    axes[0].set(xlabel="log10 S/N per pixel of the R arm (simulated)", yticks=[])
    axes[0].legend(fontsize=7)
    for name, values in results["spectra"]["contrast"].items():
        colour = _REAL if name == "real" else _SIMULATED
        axes[1].hist(values, np.linspace(-3.5, 2.5, 33), density=True, histtype="step", lw=1.4,
                     label=f"{name} ({len(values)})", color=colour,
                     ls=":" if "before" in name else "-")  # fmt: skip
    axes[1].set(xlabel="ln (scatter of the continuum over eight pieces / noise)", yticks=[])
    axes[1].legend(fontsize=7)
    return figure


def _lines(results: dict[str, Any]) -> Any:
    simulated, real = results["lines"]["simulated"], results["lines"]["real"]
    names = [name for name in real[0] if name != "z"]
    figure, axes = plt.subplots(1, len(names), figsize=(2.9 * len(names), 2.8),
                                layout="constrained")  # fmt: skip
    for axis, name in zip(axes, names, strict=True):
        values = [[row[name] for row in rows] for rows in (simulated, real)]
        if name != "D4000":
            values = [np.arcsinh(np.asarray(v, float) / 2).tolist() for v in values]
        _pair(axis, values[0], values[1], name if name == "D4000" else f"arcsinh EW({name}) / 2 A",
              bins=16)  # fmt: skip
    axes[0].legend(fontsize=7)
    return figure


def _spectra(results: dict[str, Any]) -> Any:
    examples = results["spectra"]["examples"][:8]
    n_rows = max(len(examples), 1)
    figure, axes = plt.subplots(n_rows, 2, figsize=(15, 1.5 * n_rows), sharex=True, squeeze=False,
                                layout="constrained")  # fmt: skip
    for row, example in zip(axes, examples, strict=False):
        sides = (("real", _REAL, example["z"][0]), ("simulated", _SIMULATED, example["z"][1]))
        for axis, (who, colour, z) in zip(row, sides, strict=True):
            axis.plot(GRID_ANGSTROM[::4], example[who], lw=0.5, color=colour)
            axis.set(ylim=np.percentile(example["real"], [0.5, 99.5]) * 1.6)
            axis.set_title(f"{who}, z = {z:.3f}", fontsize=8, pad=2)
    return figure


def _mosaic(one: Pictures, path: Path) -> None:
    """Write blocks of galaxy pictures side by side into a PNG, five pictures in a row where a block
    holds twenty.
    """
    longest = max(len(block) for block in one.rows.values())
    blocks = [
        (name, [block[i : i + 5] for i in range(0, len(block), 5)] if longest > 8 else [block])
        for name, block in one.rows.items()
    ]
    if longest > 8:
        grid = [
            [picture for _, part in blocks for picture in part[i]] for i in range(len(blocks[0][1]))
        ]
        labels = [""] * len(grid)
    else:
        grid, labels = [part[0] for _, part in blocks], [name for name, _ in blocks]
    n_columns = max(len(row) for row in grid)
    figure, axes = plt.subplots(len(grid), n_columns, squeeze=False, layout="constrained",
                                figsize=(1.5 * n_columns, 1.55 * len(grid) + 0.3))  # fmt: skip
    for axis in axes.ravel():
        axis.axis("off")
    for row, label, cells in zip(axes, labels, grid, strict=True):
        for axis, picture in zip(row, cells, strict=False):
            axis.imshow(picture)
        row[0].set_title(label, fontsize=8, loc="left")
    figure.suptitle(one.title, fontsize=8)
    _write_png(figure, path, dpi=80)
    plt.close(figure)
