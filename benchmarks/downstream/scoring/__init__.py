"""Scores of predictions, and their uncertainties."""
