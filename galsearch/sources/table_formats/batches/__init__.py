"""Tables of any size in Parquet, Arrow, FITS and HDF5, read a batch of rows at a time."""
