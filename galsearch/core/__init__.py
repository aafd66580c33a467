"""The nouns: what cannot be wrong once it exists. NumPy alone."""
