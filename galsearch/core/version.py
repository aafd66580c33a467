"""The version of galsearch, for what is written into files; pyproject.toml says the same."""

VERSION = "0.1.0"
