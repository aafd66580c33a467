"""Embedding of partitions on one or several devices."""
