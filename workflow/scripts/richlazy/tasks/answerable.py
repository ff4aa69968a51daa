"""Whether the trials of a task can be answered at all: whether what is asked can be told from what is shown."""

import numpy as np


def refuse_guessing(task: str, inputs: np.ndarray, targets: np.ndarray) -> None:
    """Raise ValueError where all trials show the same and are asked for different answers.

    Args:
        task: name of the task, for the sentence.
        inputs: (T, m, N_in) of m trials.
        targets: (T, m) classes, or (T, m, N_out) numbers, nan where none is asked for.
    """
    same_inputs = bool((inputs == inputs[:, :1]).all())
    first = targets[:, :1]
    same_targets = bool(((targets == first) | (np.isnan(targets) & np.isnan(first))).all())
    if same_inputs and not same_targets:
        raise ValueError(
            f"task {task} shows the same in all {inputs.shape[1]} trials of its probe, but asks for different answers, "
            "which no network can learn; look at the periods of timing_ms and at the time step"
        )
