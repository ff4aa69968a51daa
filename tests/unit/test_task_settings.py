"""What the configuration says of a task: its kind, its networks, its loss, and its shape."""

import math
from pathlib import Path

import pytest
import yaml

from richlazy.configuration import checks
from richlazy.tasks import image_trials, task_settings
from richlazy.tasks.image_sets import digits

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
# Tasks of rate networks; sentences, which an LSTM reads, have settings of their own.
TASKS = {name: task for name, task in CONFIG["tasks"].items() if "sentences" not in task}
DIGITS = digits()
TRAINING = CONFIG["training"]
NEUROGYM = ["2AF", "DMS", "CXT", "MSI"]
TEACHERS = ["linear_2", "linear_20", "linear_100"]
FRESH = ["flip_flop", "flip_flop_memory", "mante", "romo"]
ONE_TRIAL = [
    "pattern_generation", "step_response_half", "step_response_one", "step_response_two", "step_response_two_long",
    "step_response_four_long", "cosine",
]  # fmt: skip
NUMBERS = [*FRESH, *ONE_TRIAL]


def test_the_kinds_of_the_shipped_tasks():
    kinds = {name: task_settings.kind(task) for name, task in TASKS.items()}
    images = {"sMNIST": "images", "MNIST": "images", "sMNIST_taught": "taught"}
    numbers = dict.fromkeys(TEACHERS, "teacher") | dict.fromkeys(NUMBERS, "continuous")
    assert kinds == dict.fromkeys(NEUROGYM, "neurogym") | images | numbers
    assert set(checks._TASK_KEYS) == {"environment", "images", "teacher", "continuous", "sentences"}
    assert task_settings.kind(CONFIG["tasks"]["SST"]) == "sentences"
    assert {name for name, task in TASKS.items() if task_settings.has_teacher(task)} == {*TEACHERS, "sMNIST_taught"}


def test_trials_of_one_step_are_learned_by_feedforward_networks():
    feedforward = {name for name, task in TASKS.items() if task_settings.is_feedforward(task)}
    assert feedforward == {"MNIST", *TEACHERS}
    for name, task in TASKS.items():
        assert task_settings.architecture(task) == ("feedforward" if name in feedforward else "recurrent")
        assert (task_settings.steps(task, 100.0) == 1) == (name in feedforward)


def test_teachers_ask_for_numbers_and_others_for_numbers_over_time():
    losses = dict.fromkeys(TEACHERS, "squared_error") | dict.fromkeys(NUMBERS, "masked_squared_error")
    for name, task in TASKS.items():
        assert task_settings.is_regression(task) == (name in losses)
        assert task_settings.loss(task) == losses.get(name, "cross_entropy")
        assert task_settings.has_one_trial(task) == (name in ONE_TRIAL)


@pytest.mark.parametrize("loss_steps", ["all", "last"])
def test_images_and_teachers_have_an_answer_at_the_last_step_alone(loss_steps):
    for name, task in TASKS.items():
        found = task_settings.loss_steps(task, TRAINING | {"loss_steps": loss_steps})
        assert found == (loss_steps if name in NEUROGYM else "all" if name in NUMBERS else "last")


def test_accuracy_has_a_target_where_it_is_followed():
    setting = {"target_accuracy": 0.9, "stop_at_target": True}
    nothing = {"target_accuracy": None, "stop_at_target": False}
    for loss_steps in ("all", "last"):
        training = TRAINING | setting | {"loss_steps": loss_steps}
        for name, task in TASKS.items():
            followed = "MNIST" in name or (name in NEUROGYM and loss_steps == "last")
            assert task_settings.target(task, training) == (setting if followed else nothing)


def test_the_probe_is_the_general_one_but_for_what_the_task_has_of_its_own():
    assert task_settings.probe(TASKS["2AF"], CONFIG["probe"]) == CONFIG["probe"]
    own = {"environment": "A-v0", "probe": {"kernel_trials": 5}}
    assert task_settings.probe(own, CONFIG["probe"]) == CONFIG["probe"] | {"kernel_trials": 5}
    assert task_settings.probe(TASKS["sMNIST"], CONFIG["probe"]) == {
        "trials": 200, "kernel_trials": 200, "kernel_times": "last",
    }  # fmt: skip
    assert task_settings.probe(TASKS["linear_20"], CONFIG["probe"]) == {
        "trials": 20, "kernel_trials": 20, "kernel_times": "last",
    }  # fmt: skip
    for name in FRESH:
        assert task_settings.probe(TASKS[name], CONFIG["probe"])["trials"] == 512
    for name in ONE_TRIAL:
        assert task_settings.probe(TASKS[name], CONFIG["probe"]) == {
            "trials": 1, "kernel_trials": 1, "kernel_times": "all",
        }  # fmt: skip


def test_outputs_are_estimated_before_there_are_trials():
    images = ("sMNIST", "sMNIST_taught", "MNIST")
    counts = {name: task_settings.outputs(task) for name, task in TASKS.items()}
    numbers = dict.fromkeys([*TEACHERS, *NUMBERS], 1) | dict.fromkeys(["flip_flop", "flip_flop_memory", "romo"], 2)
    assert counts == dict.fromkeys(NEUROGYM, 3) | dict.fromkeys(images, 10) | numbers
    assert image_trials.describe(DIGITS, "rows")["outputs"] == 10


@pytest.mark.parametrize(
    ("timing", "time_step_ms", "steps"),
    [
        ({"stimulus": 700, "decision": 100}, 100, 8),
        ({"stimulus": 700, "decision": 100}, 20.0, 40),
        ({"stimulus": 250}, 100, 3),
        ({"delay": [100, 500], "decision": 150}, 100, 7),
        ({"delay": ["uniform", [200, 900]]}, 100, 9),
        ({"delay": [300, 500, 900], "decision": 100}, 100, 10),
        ({"delay": ["uniform", [100, 600]], "decision": 100}, 100, 7),
        ({"delay": ["truncated_exponential", [600, 300, 1500]], "decision": 0}, 50, 30),
    ],
)
def test_the_longest_trial_decides_the_steps(timing, time_step_ms, steps):
    task = {"environment": "A-v0", "timing_ms": timing}
    assert task_settings.steps(task, time_step_ms) == steps
    assert task_settings.steps(task | {"sequence_steps": 5}, time_step_ms) == 5


def test_columns_are_the_inputs_of_a_first_layer_or_the_units_of_a_network():
    found = {name: task_settings.columns(task, 300) for name, task in TASKS.items()}
    others = {"sMNIST": 300, "sMNIST_taught": 300, "MNIST": 28**2, "linear_2": 2, "linear_20": 20, "linear_100": 100}
    assert found == dict.fromkeys([*NEUROGYM, *NUMBERS], 300) | others


def test_rows_of_the_largest_images_are_the_steps():
    assert task_settings.steps(TASKS["sMNIST"], 100.0) == 28
    assert math.isfinite(task_settings.steps(TASKS["sMNIST"], None))
