"""A description of the installed FAISS, which helps to find out why a search is slow."""

from galsearch.index.ivf.faiss_api import faiss, n_gpus


def engine_report() -> str:
    """Text of one line each on the version, instruction sets, threads and GPUs of FAISS."""
    return (
        f"faiss {faiss.__version__} ({faiss.get_compile_options().strip()})\n"
        f"faiss threads: {faiss.omp_get_max_threads()}\n"
        f"faiss GPUs: {n_gpus()}"
    )
