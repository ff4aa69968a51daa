"""Tables of an experiment."""
