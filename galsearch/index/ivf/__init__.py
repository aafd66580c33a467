"""Inverted lists on CPUs and GPUs; the only package of galsearch that calls FAISS directly."""
