"""Uploaded files: read and embedded in a process of its own, which may fail without harm."""
