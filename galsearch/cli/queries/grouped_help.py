"""Help texts whose options stand in groups, as plain text."""

from collections import defaultdict
from typing import Any

from typer.core import TyperCommand

QUERY_BY = "Query by"
QUERY_TABLE = "Table of queries"
NEIGHBOURS = "Which neighbours"
SEARCH = "Search"
RESULTS = "Results"
GALAXIES = "Galaxies"
BANK = "Bank of labelled galaxies"
ESTIMATES = "Estimates"
"""Groups of options of commands that have many; the panel of an option is its group."""


class GroupedCommand(TyperCommand):
    """A command whose help lists each group of options below its title.

    Options without a group, such as `--help`, stand last, below "Options". typer draws groups with
    frames if rich draws the help, and mixes them in plain text.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and the groups of options, in the order of their first members."""
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                is_argument = parameter.param_type_name == "argument"
                panel = getattr(parameter, "rich_help_panel", None)
                groups["Arguments" if is_argument else panel or "Options"].append(record)
        for title in sorted(groups, key=lambda name: (name == "Options", name != "Arguments")):
            with formatter.section(title):
                formatter.write_dl(groups[title])
