"""Closed forms of the papers, with which simulations are compared."""
