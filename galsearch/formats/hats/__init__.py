"""Export of embeddings to the formats of other tools."""
