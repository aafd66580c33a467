"""Scores of the downstream benchmark's predictions, and their uncertainties."""
