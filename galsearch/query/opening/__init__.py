"""Opening of an index, or of a vector database in its place."""
