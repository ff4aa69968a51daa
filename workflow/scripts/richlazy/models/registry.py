"""Every model that the workflow knows. Planning reads this; jobs load the modules that it names."""

from dataclasses import replace

from richlazy.models.base import Model

_RECURRENT = Model(
    architecture="recurrent",
    folder="runs",
    training="training.rate_network_training",
    measuring="measures.rate_network_measures",
    tabulating="tables.experiment_tables",
    planning="experiments.rate_network_jobs",
    by_rules=True,
    identity="run",
    matrices=("recurrent", "input", "readout"),
    suffix="",
    together=True,
    tables=("runs", "curves", "connectivity"),
    statistics=("trends", "contrasts", "losses", "interactions"),
    figures=("measures", "losses", "effects"),
)

_LSTM = Model(
    architecture="lstm",
    folder="language",
    training="training.lstm_training",
    measuring="measures.lstm_measures",
    tabulating="tables.lstm_tables",
    planning="experiments.lstm_jobs",
    by_rules=False,
    # A row of its tables is a part of a matrix of a network.
    identity="network",
    matrices=("weight_hh_l0", "weight_ih_l1", "weight_hh_l1", "weight_ih_l0", "decoder_weight"),
    suffix="_lstm",
    together=False,
    tables=("runs", "spectra", "truncations", "curves"),
    statistics=("contrasts",),
    figures=("lstm",),
)

# By architecture. Models of one folder share modules and jobs.
MODELS = {model.architecture: model for model in (_RECURRENT, replace(_RECURRENT, architecture="feedforward"), _LSTM)}
