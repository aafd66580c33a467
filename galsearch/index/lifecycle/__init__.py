"""Changes to an existing index (add, remove, compact), merging of indexes, and verification."""
