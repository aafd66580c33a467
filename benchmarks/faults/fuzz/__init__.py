"""Coverage-guided fuzzing of all readers of foreign files, within bounds of memory and time."""
