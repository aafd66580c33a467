"""What the search engine underneath is, for people who ask why it is slow or absent."""

from galsearch.index.ivf.faiss_api import faiss, n_gpus


def engine_report() -> str:
    """Version, instruction sets, threads and GPUs of FAISS, one to a line."""
    return (
        f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})\n"
        f"faiss threads: {faiss.omp_get_max_threads()}\n"
        f"faiss GPUs: {n_gpus()}"
    )
