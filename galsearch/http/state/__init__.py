"""State of a running service: settings, open indexes, threads and measurements."""
