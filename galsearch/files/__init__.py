"""The only package that writes, hashes and locks files."""
