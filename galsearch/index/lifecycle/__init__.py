"""Changes to an existing index: add, remove, compact, merge and verify."""
