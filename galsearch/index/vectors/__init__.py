"""Stored vectors and catalogue records, memory-mapped beside the inverted lists."""
