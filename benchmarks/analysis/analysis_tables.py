"""Markdown tables of the measured estimates, exchanges and flags."""

from typing import Any

import numpy as np


def table(results: dict[str, Any]) -> str:
    """All tables of the stored results."""
    parts = _estimates(results["estimates"])
    if "exchanges" in results:
        parts.append(_exchanges(results["exchanges"]))
    if "real" in results:
        parts += [_areas(results["real"]), _samples(results["real"])]
    return "\n\n".join("\n".join(part) for part in parts)


def estimates_table(estimates: dict[str, Any]) -> str:
    """The tables of estimates, by property and direction."""
    return "\n\n".join("\n".join(part) for part in _estimates(estimates))


def _estimates(estimates: dict[str, Any]) -> list[list[str]]:
    return [_numbers(estimates), _pit(estimates), _classes(estimates)]


def _rows(estimates: dict[str, Any], key: str) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (name, direction, one)
        for name, directions in estimates.items()
        for direction, one in directions.items()
        if key in one
    ]


def _numbers(estimates: dict[str, Any]) -> list[str]:
    lines = [
        "| property | neighbours | k | tested | R2 | 68.27 % covers | 95.45 % covers | "
        "median width of 68 % | PIT: largest deviation | outside the bank |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, direction, one in _rows(estimates, "r2"):
        lines.append(
            f"| `{name}` | {direction} | {one['k']} | {one['n_tested']:,} | {one['r2']:.3f} | "
            f"{one['coverage_68']:.1%} | {one['coverage_95']:.1%} | "
            f"{one['median_width_68']:.3g} | {one['pit_largest_deviation']:.3f} | "
            f"{one['outside_bank']:.1%} |"
        )
    return lines


def _pit(estimates: dict[str, Any]) -> list[str]:
    first = next(one for _, _, one in _rows(estimates, "pit"))
    n_bins = len(first["pit"])
    heads = [f"{i / n_bins:.1f}" for i in range(n_bins)]
    lines = [f"| property | neighbours | {' | '.join(heads)} |", "|---|---|" + "---|" * n_bins]
    for name, direction, one in _rows(estimates, "pit"):
        shares = " | ".join(f"{share:.3f}" for share in one["pit"])
        lines.append(f"| `{name}` | {direction} | {shares} |")
    return lines


def _classes(estimates: dict[str, Any]) -> list[str]:
    lines = [
        "| property | neighbours | k | tested | accuracy | mean probability | calibration error | "
        "95 % set covers | mean size of the set |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, direction, one in _rows(estimates, "accuracy"):
        figures = [
            f"{one['k']}",
            f"{one['n_tested']:,}",
            *(f"{one[key]:.3f}" for key in ("accuracy", "mean_probability", "calibration_error")),
            f"{one['set_coverage']:.1%}",
            f"{one['mean_set_size']:.2f}",
        ]
        lines.append(f"| `{name}` | {direction} | {' | '.join(figures)} |")
    return lines


def _exchanges(exchanges: dict[str, Any]) -> list[str]:
    lines = [
        "| exchanged spectra | similarity | exchanged, of galaxies | AUC | among the first 1 % |",
        "|---|---|---|---|---|",
    ]
    words = {"different": "different redshift", "same": "the same redshift"}
    for kind, measured in exchanges.items():
        for similarity in ("cosine", "csls"):
            one = measured[similarity]
            lines.append(
                f"| {words[kind]} | {similarity} | {measured['n_exchanged']:,} of "
                f"{measured['n_galaxies']:,} | {one['auc']:.3f} | "
                f"{one['share_of_exchanged_in_first_percent']:.0%} |"
            )
    return lines


def _areas(real: dict[str, Any]) -> list[str]:
    lines = [
        "| spectra | redshift from | right within | wrong | score | AUC |",
        "|---|---|---|---|---|---|",
    ]
    for one in real["auc"]:
        for score, area in one["auc"].items():
            text = "-" if area is None else f"{area:.2f}"
            lines.append(
                f"| {one['group']} | {one['redshift']} | {one['tolerance']} (1 + z) | "
                f"{one['n_wrong']} of {one['n']} | {score} | {text} |"
            )
    return lines


def _samples(real: dict[str, Any]) -> list[str]:
    lines = [
        "| spectra | z | n | neighbours: beyond 0.05, 0.01 | templates: beyond 0.05, 0.01 | "
        "68 %, 95 % intervals of neighbours hold |",
        "|---|---|---|---|---|---|",
    ]
    for name, sample in real["samples"].items():
        arrays = {key: np.array(values) for key, values in sample.items()}
        true = arrays["true"]
        errors = {
            key: np.abs(arrays[key] - true) / (1 + true) for key in ("neighbours", "templates")
        }
        beyond = {
            key: ", ".join(f"{np.mean(error > limit):.0%}" for limit in (0.05, 0.01))
            for key, error in errors.items()
        }
        held = ", ".join(
            f"{np.mean((arrays[f'low_{p}'] <= true) & (true <= arrays[f'high_{p}'])):.0%}"
            for p in (68, 95)
        )
        lines.append(
            f"| {name} | {true.min():.3f} to {true.max():.3f} | {len(true)} | "
            f"{beyond['neighbours']} | {beyond['templates']} | {held} |"
        )
    return lines
