"""The chain from survey files over dataset, encoder and shards to an index."""
