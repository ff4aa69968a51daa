"""A first look at the trials of a task, before any job: whether they can be drawn, and answered."""

import warnings
from collections.abc import Mapping
from typing import Any

from richlazy.tasks import answerable
from richlazy.tasks.base import Task

# Enough that trials which differ by chance do.
_TRIALS = 40


def problem(name: str, task: Task, run: Mapping[str, Any]) -> str:
    """What is wrong with the trials of a task that needs no files, as a sentence; empty where nothing is.

    It draws some of them, for which NeuroGym is imported: that takes seconds.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Gymnasium's, of metadata that nobody uses
            drawn = task.probe_trials(run, {}, _TRIALS)
        answerable.refuse_guessing(name, drawn.inputs, drawn.targets)
    except ImportError:  # an environment for planning alone
        return ""
    except ValueError as error:
        return str(error)
    return ""
