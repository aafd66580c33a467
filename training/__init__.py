"""Training stands above the package: it imports galsearch, never the other way round."""
