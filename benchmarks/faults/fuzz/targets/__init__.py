"""One target for each reader of foreign files: seeds, and a function that reads damaged copies."""
