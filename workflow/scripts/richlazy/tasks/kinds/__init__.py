"""One module for each kind of task, named by the key of the configuration that tells it."""
