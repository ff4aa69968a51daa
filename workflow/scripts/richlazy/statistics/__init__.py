"""Tests over seeds, and the verdicts on claims that follow from them."""
