"""Pages of the reference that are generated from the code: commands, names, errors, imports."""

import inspect
import re
from pathlib import Path

from typer.testing import CliRunner

import galsearch
from galsearch.cli import app
from galsearch.cli.remedies import REMEDIES
from galsearch.core import errors
from galsearch.core.errors import GalsearchError
from tests.import_graph import ROOT, children_graph, imports_of, packages_under


def write_generated_pages(folder: Path) -> None:
    """Write the generated pages into a folder; a file that agrees already is not touched."""
    folder.mkdir(exist_ok=True)
    for name, text in (
        ("cli.md", command_page()),
        ("api.md", python_page()),
        ("errors.md", error_page()),
        ("imports.md", import_page()),
    ):
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")


def command_page() -> str:
    """The help text of every command, in Markdown."""
    runner = CliRunner()
    parts = [
        "# Commands\n",
        "This page is generated from the help texts. Results go to standard output, progress to "
        "standard error. The exit status is 0 for success, 1 for an error whose message says what "
        "was found and what to do, 2 for wrong usage, 130 after Ctrl-C. "
        "`galsearch --install-completion` installs completion for your shell.\n",
    ]
    for command in app.registered_commands:
        name = str(command.name)
        text = runner.invoke(app, [name, "--help"], prog_name="galsearch").stdout.strip()
        parts.append(f"## galsearch {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def python_page() -> str:
    """A list of the public names with their first lines, linked to a page for each."""
    names = [name for name in galsearch.__all__ if name != "encoders"]
    entries = "\n".join(f"   galsearch.{name}" for name in names if name != "DIRECTIONS")
    more = "\n".join(
        f"   {name}"
        for name in (
            "galsearch.query.SearchEngine",
            "galsearch.query.QueriedTable",
            "galsearch.encoders.load",
            "galsearch.encoders.EncoderPair",
            "galsearch.encoders.convert_checkpoint",
            "galsearch.core.cutout.Cutout",
            "galsearch.core.spectrum.Spectrum",
            "galsearch.core.fingerprint.Fingerprint",
        )
    )
    return f"""# Python

This page is generated from the docstrings. `import galsearch` loads neither torch nor FAISS; they
are imported when a function needs them.

## Public names

```{{eval-rst}}
.. autosummary::
   :toctree: generated
   :nosignatures:

{entries}
```

`galsearch.DIRECTIONS` holds the four pairs (using, among) of modalities.

## Classes and functions behind them

```{{eval-rst}}
.. autosummary::
   :toctree: generated
   :nosignatures:

{more}
```
"""


def error_page() -> str:
    """A section for each error: its code, and its remedies in Python and on the command line."""
    parts = [
        "# Errors\n",
        "This page is generated from the classes of errors. Every error that galsearch raises on "
        "purpose is a `galsearch.GalsearchError`. Its message states what was requested and what "
        "was found, its `code` is stable, and its `facts` hold the values of the message. The "
        "remedy is a note below the message in Python, and a second line on the command line.\n",
    ]
    for name, kind in sorted(inspect.getmembers(errors, inspect.isclass)):
        if issubclass(kind, GalsearchError) and kind is not GalsearchError:
            parts.append(
                f"## {name}\n\n"
                f"{inspect.getdoc(kind) or ''}\n\n"
                f"- Code: `{kind.code}`\n"
                f"- Remedy in Python: {_escaped(kind.remedy)}\n"
                f"- Remedy on the command line: {_escaped(REMEDIES[kind.code])}\n"
            )
    return "\n".join(parts)


def _escaped(text: str) -> str:
    """Plain text as Markdown, in which `*`, `_` and `<` have no meaning."""
    return re.sub(r"([*_<`])", r"\\\1", text)


def import_page() -> str:
    """A table for each package: its modules and sub-packages, and which of them each imports."""
    imports = imports_of(ROOT / "galsearch")
    parts = [
        "# Imports\n",
        "This page is generated from the source files. A row names a module or sub-package and its "
        "siblings that it imports.\n",
    ]
    for package, children in packages_under(ROOT / "galsearch").items():
        graph = children_graph(imports, package)
        rows = [
            f"| `{name}` | {', '.join(f'`{other}`' for other in sorted(graph.get(name, ())))} |"
            for name in children
        ]
        if rows:
            table = "| module | imports |\n|---|---|\n" + "\n".join(rows)
            parts.append(f"## {package}\n\n{table}\n")
    return "\n".join(parts)
