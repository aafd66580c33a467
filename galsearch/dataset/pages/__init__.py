"""Single pages of Parquet files, read where few galaxies of a row group are wanted."""
