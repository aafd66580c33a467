"""Core types without input or output: TARGETIDs, images, spectra, vectors and errors."""
