"""What an index should be: recipes, plans derived from them, and the cost model."""
