"""Benchmarks of galsearch: speed, recall, retrieval and realism. Run them from the root of the
repository.

`benchmarks/README.md` lists every module with its command and its committed results.
"""
