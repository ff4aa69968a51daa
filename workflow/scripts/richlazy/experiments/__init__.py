"""Experiments as lists of runs: parameters of a run, its path, the jobs that train it and what they need."""
