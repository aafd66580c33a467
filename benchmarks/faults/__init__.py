"""Faults that are injected into every command that writes, and what galsearch makes of them."""
