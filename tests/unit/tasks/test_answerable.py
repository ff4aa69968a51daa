"""Tasks whose trials cannot be told apart are refused before networks are trained on them."""

import numpy as np
import pytest

from richlazy.tasks import answerable, first_trials, neurogym_environments, neurogym_trials, registry


def draw(cue_ms, step_ms=100):
    times = {"fixation": 0, "decision": 100}
    times |= {f"cue{number}": cue_ms for number in range(6)} | {f"bin{number}": 200 for number in range(6)}
    env = neurogym_environments.make_environment("PulseDecisionMaking-v0", "installed", step_ms, times)
    return neurogym_trials.from_neurogym(env, 40, seed=0)


def test_pulses_that_vanish_leave_nothing_to_answer():
    trials = draw(cue_ms=10)
    with pytest.raises(
        ValueError, match="task Pulse shows the same in all 40 trials of its probe, but asks for differ"
    ):
        answerable.refuse_guessing("Pulse", trials.inputs, trials.targets)
    trials = draw(cue_ms=100)
    answerable.refuse_guessing("Pulse", trials.inputs, trials.targets)


@pytest.mark.parametrize("targets", [np.zeros((3, 4), np.uint8), np.full((3, 4, 2), np.nan, np.float32)])
def test_one_answer_to_one_question_is_a_task(targets):
    answerable.refuse_guessing("constant", np.ones((3, 4, 2), np.float32), targets)
    if targets.dtype == np.float32:
        targets[-1] = 0.5
        answerable.refuse_guessing("constant", np.ones((3, 4, 2), np.float32), targets)
        targets[-1, 0] = 0.25
        with pytest.raises(ValueError, match="which no network can learn"):
            answerable.refuse_guessing("constant", np.ones((3, 4, 2), np.float32), targets)


ENTRY = {"environment": "ToneDetection-v0", "semantics": "installed", "sampler": "neurogym",
         "timing_ms": {"stimulus": 2000, "toneTiming": [500, 1000, 1500], "toneDur": 100}}  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "step", "said"),
    [
        (ENTRY, 50.0, ""),
        (ENTRY, 100.0, "NeuroGym cannot make task 'ToneDetection-v0'"),
        ({"environment": "HierarchicalReasoning-v0", "timing_ms": {"delay": 300}}, 100.0, "NeuroGym cannot make task"),
        ({"environment": "MotorTiming-v0", "timing_ms": {"fixation": 300, "cue": 300, "set": 100}}, 100.0,
         "last 23 to 37 steps: set sequence_steps"),
        ({"environment": "PerceptualDecisionMaking-v0",
          "timing_ms": {"fixation": 100, "stimulus": 0, "delay": 0, "decision": 100}}, 100.0, "the same in all 40"),
    ],
)  # fmt: skip
def test_a_first_look_says_what_a_job_would(entry, step, said):
    task = registry.task(ENTRY | entry)
    found = first_trials.problem("mine", task, {"time_step_ms": step, "seed": 0})
    assert said in found and bool(said) == bool(found)
