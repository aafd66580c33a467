"""The table of commands that write: their arguments, their inputs, and what a rerun may do."""

import runpy
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.subjects.small_survey import embedded_ids, surveyed_ids

OUT = "out"
"""Name of the output, a directory or a file, in the directory where a command runs."""


@dataclass(frozen=True)
class WritingCommand:
    """A command that writes, and the state in which it starts."""

    name: str
    arguments: tuple[str, ...]
    """Words of the command line after `galsearch`, or after `python -m training.alignment`."""
    start: Path | None = None
    """Index that is copied to the output first; None where there is no output before."""
    stage: str | None = None
    """Name of the module of a training stage; None for a command of galsearch."""
    continues: bool = False
    """True where an interrupted run leaves work behind, which the next run continues."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes_an_index(self) -> bool:
        """True where an index is at the output before the command begins."""
        return self.start is not None

    def prepare(self, directory: Path) -> None:
        """Empty the directory where the command runs, and copy its start into it."""
        for path in directory.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        if self.start is not None:
            shutil.copytree(self.start, directory / OUT)

    def run(self) -> int:
        """Run the command in this process; most commands end it by raising SystemExit."""
        if self.stage is None:
            sys.argv = ["galsearch", *self.arguments]
            from galsearch.cli import main

            main()
        else:
            sys.argv = [self.stage, *self.arguments]
            runpy.run_module(f"training.{self.stage}", run_name="__main__")
        return 0


def writing_commands(inputs: Path, directory: Path) -> dict[str, WritingCommand]:
    """Every command that writes, by name, with its output in a directory."""
    i, out, ids = inputs, str(directory / OUT), embedded_ids()
    recipe, encoder = str(i / "recipe.toml"), str(i / "encoder.safetensors")
    build = ("build-index", recipe, "--out", out, "--embeddings")
    removed = [str(ids[100]), str(ids[300])]
    dataset, galaxy = ("--dataset", str(i / "dataset")), str(surveyed_ids()[0])
    gallery = ("query", "--target-id", galaxy, "--index", str(i / "surveyed"), *dataset)
    converted = ("--config", str(i / "sizes.json"))
    vectors, result = str(i / "vectors.parquet"), str(directory / "out.parquet")
    nearest = ("neighbours", "--all", "--using", "image", "--among", "spectrum", "-k", "5")
    elsewhere = ("import-embeddings", out, "--encoder", "elsewhere-1", "--images", vectors)
    commands = [
        WritingCommand("simulate", ("simulate", out, "--n", "4", "--workers", "1")),
        WritingCommand("import-embeddings", elsewhere),
        WritingCommand(
            "neighbours", (*nearest, "--index", str(i / "index"), "--out", result), continues=True
        ),
        WritingCommand("ingest", ("ingest", str(i / "survey/ingest.toml"), out)),
        WritingCommand(
            "embed",
            ("embed", str(i / "dataset"), out, "--encoder", encoder, "--batch-size", "4"),
            continues=True,
        ),
        WritingCommand("export", ("export", "hats", str(i / "first"), out)),
        WritingCommand("build-index", (*build, str(i / "first"))),
        WritingCommand(
            "build-index --overwrite", (*build, str(i / "second"), "--overwrite"), start=i / "index"
        ),
        WritingCommand("add", ("add", str(i / "second"), "--index", out), start=i / "index"),
        WritingCommand("add again", ("add", str(i / "third"), "--index", out), start=i / "changed"),
        WritingCommand("remove", ("remove", *removed, "--index", out), start=i / "changed"),
        WritingCommand("compact", ("compact", out), start=i / "changed"),
        WritingCommand("map", ("map", out, "--n-fit", "60"), start=i / "index"),
        WritingCommand("merge", ("merge", str(i / "index"), str(i / "part"), "--out", out)),
        WritingCommand(
            "merge --overwrite",
            ("merge", str(i / "index"), str(i / "part"), "--out", out, "--overwrite"),
            start=i / "part",
        ),
        WritingCommand(
            "convert-checkpoint",
            ("convert-checkpoint", str(i / "specformer.ckpt"), out, *converted),
        ),
        WritingCommand("gallery", (*gallery, "--gallery", out)),
        WritingCommand(
            "training",
            (str(i / "train.toml"), *dataset, "--out", out),
            stage="alignment",
            continues=True,
        ),
    ]
    return {command.name: command for command in commands}
