"""The command line: each command parses its options, calls one library function and prints."""

from typing import TYPE_CHECKING, Any

from galsearch.cli.command_signals import end_at_once_when_signalled

if TYPE_CHECKING:
    from galsearch.cli.command_line import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line and exit; see `galsearch.cli.command_line.run`."""
    # Signals are handled before the commands are imported, which takes most of a second.
    end_at_once_when_signalled()
    from galsearch.cli.command_line import run

    run()


def __getattr__(name: str) -> Any:
    if name == "app":
        from galsearch.cli.command_line import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
