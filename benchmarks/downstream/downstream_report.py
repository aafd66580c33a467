"""Markdown tables of the results of the downstream benchmark.

Print the tables of a results file again with:

    python -m benchmarks.downstream.downstream_report RESULTS.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.downstream import published_results as published
from benchmarks.downstream.data.prediction_targets import PROPERTIES
from benchmarks.downstream.scoring.task_scores import MEAN


def tables(results: Mapping[str, Any]) -> str:
    """All tables of the downstream benchmark's results, as Markdown text."""
    parts = [_head(results), _r2(results), _errors(results)]
    if results["shapes"]:
        parts += [_shapes(results, group) for group in results["shape_baseline"]]
    parts.append(_votes(results.get("votes")))
    if results["headlines"]:
        parts.append(_headlines(results))
    if results.get("published"):
        parts.append(published.table())
    return "\n\n".join(part for part in parts if part)


def _head(results: Mapping[str, Any]) -> str:
    sizes = ", ".join(f"{n} {split}" for split, n in results["split_sizes"].items())
    labels = "; ".join(f"{name} = {e}" for name, e in results["labels"].items())
    unfinished = [
        f"{row['name']} ({task})"
        for row in results["contestants"]
        for task, seen in row["training"].items()
        if row["how"] == "supervised" and seen["best_epoch"] == len(seen["curve"]) - 1
    ]
    end = (
        f" Still improving at the last epoch: {', '.join(unfinished)}: more epochs may help."
        if unfinished
        else ""
    )
    return (
        f"{results['name']}: {results['n']} galaxies ({sizes}). Labels: {labels}. k = "
        f"{results['k']}; epochs: MLP {results['mlp_epochs']}, ResNet18 "
        f"{results['resnet_epochs']} on the central {results['image_size']} pixels averaged "
        f"{results['image_binning']} by {results['image_binning']}, Conv+Att "
        f"{results['conv_epochs']}. Errors: bootstrap over test galaxies.{end}"
    )


def _r2(results: Mapping[str, Any]) -> str:
    names = list(results["contestants"][0]["properties"])
    lines = [
        f"| model | input | method | {' | '.join(f'R2 {n}' for n in names)} |",
        "|---" * (3 + len(names)) + "|",
    ]
    for row in results["contestants"]:
        cells = [
            f"{row['properties'][n]['r2']:.3f} ± {row['properties'][n]['r2_sd']:.3f}" for n in names
        ]
        lines.append(f"| {row['name']} | {row['reads']} | {row['how']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _errors(results: Mapping[str, Any]) -> str:
    names = [n for n in results["contestants"][0]["properties"] if n != MEAN]
    kinds = {p.name: p for p in PROPERTIES}
    heads = [f"{n}: NMAD, over {kinds[n].outlier:g} ({kinds[n].unit})" for n in names]
    lines = [f"| model | input | method | {' | '.join(heads)} |", "|---" * (3 + len(names)) + "|"]
    for row in results["contestants"]:
        cells = []
        for n in names:
            found = row["properties"][n]
            cells.append(
                f"{found['nmad']:.4f} ± {found['nmad_sd']:.4f}, "
                f"{found['outliers']:.1%} ± {found['outliers_sd']:.1%}"
            )
        lines.append(f"| {row['name']} | {row['reads']} | {row['how']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _shapes(results: Mapping[str, Any], group: str) -> str:
    rows = [row for row in results["contestants"] if "shapes" in row and group in row["shapes"]]
    if not rows:
        return ""
    first, base = rows[0]["shapes"][group], results["shape_baseline"][group]
    flags = [name for name in first if name not in ("n", "class")]
    heads = (["accuracy of class", "F1"] if "class" in first else []) + [
        f"{flag}: area under curve, accuracy" for flag in flags
    ]
    lines = [
        f"Shapes of {group} test galaxies ({first['n']}).",
        "",
        f"| model | input | method | {' | '.join(heads)} |",
        "|---" * (3 + len(heads)) + "|",
    ]
    most_common = ([f"{base['class']:.3f}", ""] if "class" in first else []) + [
        f"0.500, {base[flag]:.3f}" for flag in flags
    ]
    lines.append(f"| always the most common | | | {' | '.join(most_common)} |")
    for row in rows:
        found = row["shapes"][group]
        cells = []
        if "class" in found:
            one = found["class"]
            cells = [f"{one['accuracy']:.3f} ± {one['accuracy_sd']:.3f}", f"{one['f1']:.3f}"]
        for f in flags:
            one = found[f]
            area = "none" if one["auc"] is None else f"{one['auc']:.3f} ± {one['auc_sd']:.3f}"
            cells.append(f"{area}, {one['accuracy']:.3f}")
        how = _how_shapes(results, row)
        lines.append(f"| {row['name']} | {row['reads']} | {how} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _how_shapes(results: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    if row["name"] == "ResNet18" and not results["resnet_shapes"]:
        return "MLP on features trained for properties"
    return str(row["how"])


def _votes(votes: Mapping[str, Any] | None) -> str:
    if votes is None:
        return ""
    if "skipped" in votes:
        return f"Galaxy Zoo votes: not measured, {votes['skipped']}."
    questions = votes["questions"]
    lines = [
        f"Galaxy Zoo DECaLS: vote fractions of {votes['n']} real images, each predicted from its "
        f"{votes['k']} nearest others: R2.",
        "",
        f"| model | {' | '.join(questions)} |",
        "|---" * (1 + len(questions)) + "|",
    ]
    for model, by_question in votes["scores"].items():
        cells = [f"{by_question[q]['r2']:.3f} ± {by_question[q]['r2_sd']:.3f}" for q in questions]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _headlines(results: Mapping[str, Any]) -> str:
    lines = []
    for how, line in results["headlines"].items():
        texts = []
        if "redshift_r2_less_resnet" in line:
            texts.append(
                f"redshift R2 {line['redshift_r2_less_resnet']:+.3f} ± "
                f"{line['redshift_r2_less_resnet_sd']:.3f} over the supervised ResNet18's"
            )
        if "properties_r2_over_resnet" in line:
            texts.append(
                f"mean property R2 {line['properties_r2_over_resnet']:.2f} ± "
                f"{line['properties_r2_over_resnet_sd']:.2f} times the ResNet18's (AstroCLIP's "
                "README: 1.09 from .47 and .43)"
            )
        lines.append(f"Aligned images, {how}: {'; '.join(texts)}.")
    return "\n".join(lines)


if __name__ == "__main__":
    print(tables(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
