"""Every measure of a run, by name."""

from richlazy.measures import after_training, on_probe

MEASURES = {**on_probe.MEASURES, **after_training.MEASURES}
# Those that the configuration may ask for are tested and drawn. Others are columns of the tables alone.
TESTED = {name: one for name, one in MEASURES.items() if one.label is not None}
