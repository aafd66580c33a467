"""Changes to an index (add, remove, compact), merging and verification."""
