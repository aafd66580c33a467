"""Rates of embedding, search and training on a GPU, beside those of PyTorch and FAISS alone."""
