"""A small sample of real galaxies, fetched from the servers of DESI and the Legacy Surveys."""
