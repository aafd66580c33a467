"""The command line: each command parses its options, calls one library function and prints."""

from galsearch.cli.command_signals import tell_interruption

try:
    from galsearch.cli.app import app, main
except KeyboardInterrupt:
    tell_interruption(130)
    raise SystemExit(130) from None

__all__ = ["app", "main"]
