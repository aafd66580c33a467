"""Inverted lists on CPUs and GPUs. This is the only package that calls FAISS directly."""
