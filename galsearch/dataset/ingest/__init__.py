"""Ingest of survey files, which are listed, paired and written as a dataset."""
