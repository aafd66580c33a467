"""galsearch in environments that differ from a plain machine: each answer must be the same."""
