"""The commands and files that faults are injected into."""
