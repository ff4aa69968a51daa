"""A kind of task that a user adds: one module, and one entry of the configuration."""

ECHO = '''"""Tasks that ask for a number again, some steps after it was shown."""

import numpy as np
from pydantic import Field

from richlazy.storage.seeds import generator
from richlazy.tasks.base import Task
from richlazy.tasks.entries import WithProbe
from richlazy.tasks.samples import ProbeTrials, TrainingTrials


class EchoEntry(WithProbe):
    """Entry of a task that asks for a number again."""

    echo: int = Field(ge=1, description="Steps between the number and its echo.")


class Echo(Task):
    """A number is shown at the first step and asked for at the last."""

    key = "echo"
    settings = EchoEntry
    trials = "tasks.kinds.echo"
    training_parameters = ("batch_size", "iterations", "seed")
    probe_parameters = ("seed",)
    loss = "masked_squared_error"
    outputs = 1

    def steps(self, time_step_ms):
        """Steps of a trial."""
        return self.entry["echo"] + 1

    def loss_steps(self, training):
        """Those that are asked for."""
        return "all"


def _sample(entry, shape, rng):
    inputs = np.zeros((entry["echo"] + 1, *shape, 1), np.float32)
    inputs[0] = rng.standard_normal((*shape, 1))
    targets = np.full_like(inputs, np.nan)
    targets[-1] = inputs[0]
    return inputs, targets


def training_trials(entry, run, files):
    """Training trials of a run."""
    shape = (run["iterations"], run["batch_size"])
    arrays = _sample(entry, shape, generator(run["seed"], "trials"))
    return TrainingTrials(*(np.ascontiguousarray(array.swapaxes(0, 1)) for array in arrays))


def probe_trials(entry, run, files, count):
    """Probe trials of a run."""
    inputs, targets = _sample(entry, (count,), generator(run["seed"], "probe"))
    about = {"environment": "echo", "input_units": 1, "outputs": 1, "bayes_loss": None, "bayes_accuracy": None}
    return ProbeTrials(inputs, targets, ~np.isnan(targets).any(-1), about)
'''

ENTRY = {"echo": 3}
