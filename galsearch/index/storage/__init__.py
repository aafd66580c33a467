"""The files of an index: manifest, generations, staging directories."""
