"""Latency and throughput of queries through the Python API."""
