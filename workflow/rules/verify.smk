"""Checks of committed results (below)."""
