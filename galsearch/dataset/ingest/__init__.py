"""Ingest: survey files are listed, paired and written as a dataset."""
