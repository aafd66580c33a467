"""The terminal's face: a command parses, calls one library function, prints."""

from galsearch.cli.app import app, main

__all__ = ["app", "main"]
