"""The files of an index: its manifest, its generations and its staging directory."""
