"""The version of galsearch; pyproject.toml reads it from here."""

VERSION = "0.1.0"
