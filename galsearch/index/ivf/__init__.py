"""Inverted lists: the part of the index that calls FAISS, on CPUs and GPUs."""
