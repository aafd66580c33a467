"""Two commands that write a few files: one as galsearch does, and one carelessly."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.processes.observed_process import why_unobservable
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.undisturbed import Place
from galsearch.core.errors import GalsearchError
from galsearch.files.atomic import write_text
from galsearch.files.staged.directories import new_directory

UNOBSERVABLE = why_unobservable()


@dataclass(frozen=True)
class Toy(WritingCommand):
    """Writes a directory with two files."""

    out: Path = Path()

    def run(self) -> int:
        try:
            with new_directory(self.out) as temporary:
                write_text(temporary / "a.txt", "first")
                write_text(temporary / "b.txt", "second")
        except GalsearchError as error:
            sys.stdout.write(f"galsearch: {error}\n")
            return 1
        return 0


@dataclass(frozen=True)
class CarelessToy(Toy):
    """Writes the same files straight to their places, whatever is there, without a check."""

    def run(self) -> int:
        self.out.mkdir(exist_ok=True)
        (self.out / "a.txt").open("a").write("first")
        (self.out / "b.txt").write_text("second")
        return 0


def place_and_command(root: Path, kind: type[Toy]) -> tuple[Place, Toy]:
    """A place under `root` and a command that writes there."""
    place = Place(root.resolve())
    place.work.mkdir()
    return place, kind("toy", (), out=place.out)
