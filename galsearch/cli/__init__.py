"""The command line: each command parses its options, calls one library function and prints."""

from galsearch.cli.app import app, main

__all__ = ["app", "main"]
