"""Training of the encoders. This package imports galsearch; galsearch never imports it."""

import sys

from galsearch.cli.command_signals import end_at_once_when_signalled

# `python -m training.STAGE` imports this package first, and torch takes seconds to import.
if sys.argv[0] == "-m":
    end_at_once_when_signalled()
