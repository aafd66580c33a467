"""How often a galaxy's image finds its spectrum, and its spectrum its image."""
