"""Formats of tables: text, Parquet, VOTable, and tables of any size that are read in batches."""
