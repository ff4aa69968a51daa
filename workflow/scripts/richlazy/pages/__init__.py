"""Pages that people read: the results of a run in one file, and the documentation around the published ones."""
