"""Options of a command stand below the titles of their groups, each once."""

from typing import Annotated

import typer
from typer.testing import CliRunner

from galsearch.cli.queries.grouped_help import GroupedCommand

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(cls=GroupedCommand)
def command(
    place: Annotated[str, typer.Argument(help="A place.")],
    plain: Annotated[int, typer.Option(help="No group.")] = 1,
    size: Annotated[int, typer.Option(help="A size.", rich_help_panel="Sizes")] = 2,
    name: Annotated[str, typer.Option(help="A name.", rich_help_panel="Names")] = "",
    width: Annotated[int, typer.Option(help="A width.", rich_help_panel="Sizes")] = 3,
) -> None:
    """Do nothing."""


def test_groups_are_in_the_order_of_their_first_members() -> None:
    lines = CliRunner().invoke(app, ["--help"], catch_exceptions=False).stdout.splitlines()
    titles = [line for line in lines if line.endswith(":")]
    assert titles == ["Arguments:", "Sizes:", "Names:", "Options:"]
    sizes = lines[lines.index("Sizes:") + 1 : lines.index("Names:") - 1]
    assert [line.split()[0] for line in sizes] == ["--size", "--width"]
    options = lines[lines.index("Options:") + 1 :]
    assert [line.split()[0] for line in options if line.strip()] == ["--plain", "--help"]
