"""Initial weights that have a structure."""
