"""What a running service holds: settings, open indexes, threads and measurements."""
