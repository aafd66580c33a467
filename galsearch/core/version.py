"""The version of galsearch; pyproject.toml reads it from this module."""

VERSION = "0.1.0"
