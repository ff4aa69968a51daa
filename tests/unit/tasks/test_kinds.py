"""What each kind of task says of itself: its networks, its loss, its shape, and the models of its entries."""

import math
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from richlazy.models import rate_network
from richlazy.tasks import image_trials, neurogym_environments, neurogym_trials, registry, time_series
from richlazy.tasks.entries import NetworkDefaults
from richlazy.tasks.image_sets import digits
from shipped import CONFIG

ROOT = Path(__file__).parents[3]
# Tasks of rate networks; sentences, which an LSTM reads, have settings of their own.
TASKS = {
    name: registry.named(CONFIG["tasks"], name) for name, entry in CONFIG["tasks"].items() if "sentences" not in entry
}
DIGITS = digits()
TRAINING = CONFIG["training"]
NEUROGYM = ["2AF", "DMS", "CXT", "MSI"]
STAGED = ["2AF_DMS", "2AF_CXT", "2AF_reversed", "2AF_2AF"]
WITH_CLASSES = [*NEUROGYM, *STAGED]
TEACHERS = ["linear_2", "linear_20", "linear_100"]
FRESH = ["flip_flop", "flip_flop_memory", "mante", "romo"]
ONE_TRIAL = [
    "pattern_generation", "step_response_half", "step_response_one", "step_response_two", "step_response_two_long",
    "step_response_four_long", "cosine",
]  # fmt: skip
NUMBERS = [*FRESH, *ONE_TRIAL]


def test_the_kinds_of_the_shipped_tasks():
    kinds = {name: task.key for name, task in TASKS.items()}
    images = {"sMNIST": "images", "MNIST": "images", "sMNIST_taught": "teacher_network"}
    numbers = dict.fromkeys(TEACHERS, "teacher") | dict.fromkeys(NUMBERS, "continuous")
    named = dict.fromkeys(NEUROGYM, "environment") | dict.fromkeys(STAGED, "curriculum")
    assert kinds == named | images | numbers
    assert registry.keys() == ["environment", "images", "teacher", "continuous", "curriculum", "sentences"]
    assert registry.kind_of(CONFIG["tasks"]["SST"]).key == "sentences"
    assert {name for name, task in TASKS.items() if task.has_teacher} == {*TEACHERS, "sMNIST_taught"}


def test_trials_of_one_step_are_learned_by_feedforward_networks():
    feedforward = {name for name, task in TASKS.items() if task.is_feedforward}
    assert feedforward == {"MNIST", *TEACHERS}
    for name, task in TASKS.items():
        assert task.architecture == ("feedforward" if name in feedforward else "recurrent")
        assert (task.steps(100.0) == 1) == (name in feedforward)


def test_teachers_ask_for_numbers_and_others_for_numbers_over_time():
    losses = dict.fromkeys(TEACHERS, "squared_error") | dict.fromkeys(NUMBERS, "masked_squared_error")
    for name, task in TASKS.items():
        assert task.is_regression == (name in losses)
        assert task.loss == losses.get(name, "cross_entropy")
        assert task.one_trial == (name in ONE_TRIAL)


@pytest.mark.parametrize("loss_steps", ["all", "last"])
def test_images_and_teachers_have_an_answer_at_the_last_step_alone(loss_steps):
    for name, task in TASKS.items():
        found = task.loss_steps(TRAINING | {"loss_steps": loss_steps})
        assert found == (loss_steps if name in WITH_CLASSES else "all" if name in NUMBERS else "last")


def test_accuracy_has_a_target_where_it_is_followed():
    setting = {"target_accuracy": 0.9, "stop_at_target": True}
    nothing = {"target_accuracy": None, "stop_at_target": False}
    for loss_steps in ("all", "last"):
        training = TRAINING | setting | {"loss_steps": loss_steps}
        for name, task in TASKS.items():
            followed = "MNIST" in name or (name in NEUROGYM and loss_steps == "last")
            assert task.target(training) == (setting if followed else nothing)


def test_the_probe_is_the_general_one_but_for_what_the_task_has_of_its_own():
    assert TASKS["2AF"].probe(CONFIG["probe"]) == CONFIG["probe"]
    own = {"environment": "A-v0", "probe": {"kernel_trials": 5}}
    assert registry.task(own).probe(CONFIG["probe"]) == CONFIG["probe"] | {"kernel_trials": 5}
    assert TASKS["sMNIST"].probe(CONFIG["probe"]) == {
        "trials": 200, "kernel_trials": 200, "kernel_times": "last",
    }  # fmt: skip
    assert TASKS["linear_20"].probe(CONFIG["probe"]) == {
        "trials": 20, "kernel_trials": 20, "kernel_times": "last",
    }  # fmt: skip
    for name in FRESH:
        assert TASKS[name].probe(CONFIG["probe"])["trials"] == 512
    for name in ONE_TRIAL:
        assert TASKS[name].probe(CONFIG["probe"]) == {
            "trials": 1, "kernel_trials": 1, "kernel_times": "all",
        }  # fmt: skip


def test_outputs_are_estimated_before_there_are_trials():
    images = ("sMNIST", "sMNIST_taught", "MNIST")
    counts = {name: task.outputs for name, task in TASKS.items()}
    numbers = dict.fromkeys([*TEACHERS, *NUMBERS], 1) | dict.fromkeys(["flip_flop", "flip_flop_memory", "romo"], 2)
    assert counts == dict.fromkeys(WITH_CLASSES, 3) | dict.fromkeys(images, 10) | numbers
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
    assert registry.task(task).steps(time_step_ms) == steps
    assert registry.task(task | {"sequence_steps": 5}).steps(time_step_ms) == 5


def test_columns_are_the_inputs_of_a_first_layer_or_the_units_of_a_network():
    found = {name: task.columns(300) for name, task in TASKS.items()}
    others = {"sMNIST": 300, "sMNIST_taught": 300, "MNIST": 28**2, "linear_2": 2, "linear_20": 20, "linear_100": 100}
    assert found == dict.fromkeys([*WITH_CLASSES, *NUMBERS], 300) | others


def test_rows_of_the_largest_images_are_the_steps():
    assert TASKS["sMNIST"].steps(100.0) == 28
    assert math.isfinite(TASKS["sMNIST"].steps(None))


def choices(model, key):
    """Values that a key of a model may have."""
    return set(get_args(model.model_fields[key].annotation))


def test_choices_of_the_models_are_those_of_the_library():
    models = {key: kind.settings for key, kind in registry.members().items()}
    assert choices(models["environment"], "semantics") == set(neurogym_environments.SEMANTICS)
    assert choices(models["environment"], "sampler") == set(neurogym_trials.SAMPLERS)
    assert choices(models["images"], "presentation") == set(image_trials.PRESENTATIONS)
    assert choices(models["continuous"], "continuous") == set(time_series.KINDS)
    assert choices(models["continuous"], "target") == set(time_series.FLIP_FLOP_TARGETS)
    assert set(time_series.OPTIONS) <= set(models["continuous"].model_fields)
    assert choices(NetworkDefaults, "readout") == set(rate_network.READOUTS)
    assert choices(NetworkDefaults, "rectification") == set(rate_network.RECTIFICATIONS)


@pytest.mark.parametrize(
    "duration", [[], ["uniform"], ["unifrom", [1, 2]], [1, -1], [1, "2"], [True, 1], "100", None, -1, True]
)
def test_what_is_no_duration_is_refused(duration):
    entry = CONFIG["tasks"]["MSI"]
    registry.task(entry).settings.model_validate(entry)
    with pytest.raises(ValueError, match="stimulus"):
        registry.task(entry).settings.model_validate(entry | {"timing_ms": {"stimulus": duration}})


def test_planning_imports_no_kind_that_takes_seconds():
    """Modules of kinds are imported whenever the workflow is planned."""
    program = f"""
import sys
sys.path.insert(0, {str(ROOT / "workflow" / "scripts")!r})
from richlazy.tasks import registry
assert registry.members()
slow = {{"torch", "neurogym", "pandas", "scipy", "matplotlib"}}
print(*sorted({{name.split(".")[0] for name in sys.modules}} & slow))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
