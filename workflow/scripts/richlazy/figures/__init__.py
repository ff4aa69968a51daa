"""Figures, drawn from tables and statistics alone."""
