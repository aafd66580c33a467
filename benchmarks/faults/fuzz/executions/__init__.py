"""Executions of targets: damage of seeds, bounds of memory and time, and findings."""
