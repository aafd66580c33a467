"""Directories that are written under a temporary name and then take their place in one step."""
