"""Ingestion: survey files are listed, matched on the sky, paired and written as a dataset."""
