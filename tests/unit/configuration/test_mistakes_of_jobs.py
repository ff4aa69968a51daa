"""Mistakes that a job would stop at, or nothing: the check refuses them before there is a plan."""

import copy
from typing import Any

import pytest

from richlazy.configuration import checks, registers, rules_of_images
from richlazy.tasks import image_sets
from shipped import CONFIG, ROOT

OWN = {"environment": "GoNogo-v0", "semantics": "installed", "sampler": "neurogym"}
GO_NOGO = {"fixation": 0, "stimulus": 200, "delay": 100, "decision": 100}
TIMES = {
    "DelayComparison-v0": dict.fromkeys(("fixation", "stimulus1", "delay", "stimulus2", "decision"), 100),
    "Bandit-v0": {"decision": 100},
    "DawTwoStep-v0": {"decision": 100},
    "Null-v0": {"decision": 100},
    "AnnubesEnv-v0": {"fixation": 100, "stimulus": 100, "iti": 0},
    "ReachingDelayResponse-v0": {"stimulus": 100, "delay": 0, "decision": 100},
}
PULSES = {f"{kind}{index}": 100 for index in range(6) for kind in ("cue", "bin")} | {"fixation": 100, "decision": 100}


DIGITS = image_sets.digits()
SOURCES = registers.load_sources(ROOT / "data/sources.yaml")


def sentences(changes: dict[str, Any]) -> list[str]:
    """What is wrong with config.yaml where values stand at dotted keys."""
    config = copy.deepcopy(CONFIG)
    for key, value in changes.items():
        *groups, last = key.split(".")
        group = config
        for name in groups:
            group = group.setdefault(name, {})
        group[last] = value
    try:
        checks.check(config)
        registers.check_entries(config, SOURCES)
    except checks.ConfigurationError as error:
        return error.sentences
    return []


def of_environment(environment: str, timing: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    """Changes that put a task of the installed NeuroGym into the one experiment that is built."""
    entry = OWN | {"environment": environment, "timing_ms": TIMES.get(environment) if timing is None else timing}
    entry |= {"sequence_steps": 9, **({"arguments": arguments} if arguments else {})}
    return {"tasks.mine": entry, "experiments_to_build": ["figure_1"], "experiments.figure_1.grid.task": ["mine"]}


OF_PAPER = {"experiments_to_build": ["figure_1"], "experiments.figure_1.grid.task": ["2AF", "CXT"]}
OF_NEUROGYM = {
    "nothing to draw": ({"tasks.2AF.arguments": {"cohs": []}}, "tasks.2AF.arguments.cohs is [], from which nothing"),
    "null": ({"tasks.2AF.arguments": {"cohs": None}}, "tasks.2AF.arguments.cohs is null; give it a value, or remove"),
    "null in a list": ({"tasks.2AF.arguments": {"cohs": [5, None]}}, "tasks.2AF.arguments.cohs[1] is null"),
    "empty in a list": (
        of_environment("DelayComparison-v0", vpairs=[[1, 2], []]), "tasks.mine.arguments.vpairs[1] is []",
    ),
    "empty mapping": ({"tasks.2AF.arguments": {"rewards": {}}}, "tasks.2AF.arguments.rewards is {}"),
    "loud": ({"tasks.2AF.arguments": {"sigma": 1e300}}, "tasks.2AF.arguments.sigma is 1e+300; it must be at most 1000"),
    "number for a list": (
        OF_PAPER | {"tasks.2AF.arguments": {"cohs": 51}},
        "tasks.2AF.arguments.cohs is 51, but PerceptualDecisionMaking-v0 takes a list there; write [51]",
    ),
    "text for a number": (
        OF_PAPER | {"tasks.CXT.arguments": {"dim_ring": "two"}},
        "tasks.CXT.arguments.dim_ring is 'two', but ContextDecisionMaking-v0 takes a number there; give a number",
    ),
    "number for a switch": (OF_PAPER | {"tasks.2AF.arguments": {"abort": 1}}, "takes true or false there"),
    "unknown argument": (
        OF_PAPER | {"tasks.2AF.arguments": {"coh": [1]}},
        "tasks.2AF.arguments names argument of PerceptualDecisionMaking-v0 'coh', which does not exist; did you mean "
        "'cohs'? known: dim_ring, rewards, cohs, sigma, abort",
    ),
    "argument of the paper's semantics": (
        OF_PAPER | {"tasks.CXT.arguments": {"use_expl_context": False}},
        "tasks.CXT.arguments.use_expl_context is settled by semantics: paper; remove it or use semantics: installed",
    ),
    "unknown period": (
        of_environment("GoNogo-v0", GO_NOGO | {"stimuli": 100}),
        "tasks.mine.timing_ms names period of GoNogo-v0 'stimuli', which does not exist; did you mean 'stimulus'? "
        "known: fixation, stimulus, delay, decision",
    ),
    "period left out": (
        of_environment("GoNogo-v0", {"stimulus": 100, "decision": 100}),
        "tasks.mine.timing_ms lacks fixation, delay; write down how long they last, since NeuroGym would take "
        "durations of its own (fixation: 0, delay: 500)",
    ),
    "period of a count left out": (
        of_environment("PulseDecisionMaking-v0", PULSES, n_bin=7), "tasks.mine.timing_ms lacks cue6, bin6; write",
    ),
    "periods that would vanish": (
        {"tasks.mine": OWN | {"environment": "PulseDecisionMaking-v0", "timing_ms": {"fixation": 0, "decision": 100}},
         "experiments_to_build": ["figure_1"], "experiments.figure_1.grid.task": ["mine"]},
        ", of which cue0, cue1, cue2, cue3, cue4, cue5 vanish at a time step of 100 ms",
    ),
    "periods shorter than a step": (
        of_environment("PulseDecisionMaking-v0", PULSES | {f"cue{number}": 10 for number in range(6)}),
        "mine.timing_ms.cue0 is 10 ms, shorter than the time step of 100.0 ms in experiments.figure_1, and so are "
        "cue1, cue2, cue3, cue4, cue5, so that it would vanish; lengthen it or set it to 0",
    ),
    "pulses without time": (
        of_environment("PulseDecisionMaking-v0", PULSES | {f"cue{number}": 0 for number in range(6)}),
        "tasks.mine.timing_ms has no time for cue0, cue1, cue2, cue3, cue4, cue5, which last 0 ms, but there alone "
        "PulseDecisionMaking-v0 shows what its targets depend on",
    ),
    "stimulus without time": (
        OF_PAPER | {"tasks.2AF.timing_ms.stimulus": 0}, "2AF.timing_ms has no time for stimulus, which lasts 0 ms",
    ),
    "varying trials": (
        {"tasks.mine": OWN | {"environment": "GoNogo-v0", "timing_ms": GO_NOGO | {"delay": ["uniform", [100, 450]]}},
         "experiments_to_build": ["figure_1"], "experiments.figure_1.grid.task": ["mine"]},
        "tasks.mine lacks sequence_steps, which trials of varying length need (delay varies, a trial lasts",
    ),
    "a period of its own that varies": (
        {"tasks.mine": OWN | {"environment": "MotorTiming-v0", "timing_ms": {"fixation": 300, "cue": 300, "set": 300}},
         "experiments_to_build": ["figure_1"], "experiments.figure_1.grid.task": ["mine"]},
        "(production varies, a trial lasts 2500 to 3900 ms): they follow each other, cut into windows of so many "
        "steps; set it to 39, the longest trial at a step of 100 ms",
    ),
    "unknown period beside counted ones": (
        of_environment("PulseDecisionMaking-v0", PULSES | {"fixations": 1}),
        "names period of PulseDecisionMaking-v0 'fixations', which does not exist; did you mean 'fixation'?",
    ),
    "bandit": (of_environment("Bandit-v0"), "tasks.mine.environment is Bandit-v0, which reacts to actions or asks"),
    "two steps": (of_environment("DawTwoStep-v0"), "tasks.mine.environment is DawTwoStep-v0, which reacts to actions"),
    "null environment": (of_environment("Null-v0"), "tasks.mine.environment is Null-v0, which reacts to actions"),
    "reaching": (of_environment("ReachingDelayResponse-v0"), "gives no class for every step; choose an environment"),
    "no durations": (of_environment("AnnubesEnv-v0"), "AnnubesEnv-v0, which takes no durations of periods; choose"),
    "choice of nothing": ({"tasks.MSI.timing_ms.stimulus": ["choice", []]}, 'stimulus is ["choice", []], but it takes'),
    "choice of a number": ({"tasks.MSI.timing_ms.stimulus": ["choice", 5]}, 'stimulus is ["choice", 5], but it takes'),
    "half a range": ({"tasks.MSI.timing_ms.stimulus": ["uniform", [1]]}, 'stimulus is ["uniform", [1]], but it takes'),
    "long choice": ({"tasks.MSI.timing_ms.stimulus": [100, 1e300]}, "stimulus is [100, 1e+300], but it takes"),
    "long distribution": ({"tasks.MSI.timing_ms.stimulus": ["constant", 1e300]}, 'stimulus is ["constant", 1e+300]'),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_NEUROGYM)
def test_a_neurogym_task_that_a_job_would_refuse_or_fill_in_is_refused_in_one_sentence(name):
    changes, expected = OF_NEUROGYM[name]
    (sentence,) = sentences(changes)
    assert expected in sentence


@pytest.mark.parametrize(
    "changes",
    [
        of_environment("GoNogo-v0", GO_NOGO),
        of_environment("GoNogo-v0", GO_NOGO | {"delay": ["uniform", [100, 500]]}),
        of_environment("GoNogo-v0", GO_NOGO | {"delay": ["truncated_exponential", [300, 100, 900]]}),
        of_environment("GoNogo-v0", GO_NOGO | {"delay": ["choice", [100, 300]]}),
        of_environment("GoNogo-v0", GO_NOGO | {"delay": ["constant", 300]}),
        of_environment("DelayComparison-v0", vpairs=[[18, 10], [22, 14]], sigma=2),
        of_environment("PulseDecisionMaking-v0", PULSES),
        OF_PAPER | {"tasks.2AF.arguments": {"cohs": [10, 90], "sigma": 0.5, "abort": True}},
        # What no experiment that is built uses is not looked into.
        {"tasks.mine": OWN | {"timing_ms": {"stimulus": 100}}},
    ],
    ids=lambda changes: str(changes.get("tasks.mine", "2AF"))[:90],
)
def test_a_neurogym_task_that_a_job_can_make_passes(changes):
    assert sentences(changes) == []


BOUNDS = {
    "training.learning_rate": (1e-300, "at least 1.0e-12", 1e300, "at most 1000"),
    "lstm.learning_rate": (1e-13, "at least 1.0e-12", 1001.0, "at most 1000"),
    "tasks.romo.defaults.learning_rate": (1e-300, "at least 1.0e-12", 1e300, "at most 1000"),
    "presets.reproduction.gain": (1e-300, "at least 1.0e-09", 1e300, "at most 1000"),
    "structures.cell_types.strong_gain": (1e-300, "at least 1.0e-09", 1e300, "at most 1000"),
    "structures.cell_types.weak_gain": (1e-300, "at least 1.0e-09", 1e300, "at most 1000"),
    "dynamics.time_step_ms": (1e-300, "at least 1.0e-06", 1e300, "at most 10000000"),
    "dynamics.time_constant_ms": (1e-300, "at least 1.0e-06", 1e300, "at most 10000000"),
    "training.divergence_loss": (1e-300, "at least 1.0e-09", 1e300, "at most 1000000000"),
    "tasks.mante.noise": (-1.0, "at least 0", 1e300, "at most 1000000000"),
    "tasks.pattern_generation.rate_hz": (1e-300, "at least 1.0e-09", 1e300, "at most 1000000000"),
    "tasks.cosine.input_amplitude": (1e-300, "at least 1.0e-09", 1e300, "at most 1000000000"),
    "tasks.step_response_two.target_value": (-1e300, "at least -1000000000", 1e300, "at most 1000000000"),
}  # fmt: skip
OF_GRIDS = {
    "learning_rate": (1e-300, "it must be at least 1.0e-12"),
    "gain": (1e-300, "give 0 or at least 1.0e-09"),
    "time_step_ms": (1e300, "it must be at most 10000000"),
    "time_constant_ms": (1e300, "it must be at most 10000000"),
    "decay_exponent": (1e300, "it must be at most 1000"),
    "condition_number": (1e300, "it must be at most 1000000000"),
}


@pytest.mark.parametrize("key", BOUNDS)
def test_quantities_have_bounds_far_beyond_any_use(key):
    low, least, high, most = BOUNDS[key]
    for value, bound in ((low, least), (high, most)):
        assert f"{key} is {value!r}; it must be {bound}" in sentences({key: value})


@pytest.mark.parametrize("key", OF_GRIDS)
def test_swept_quantities_have_the_same_bounds(key):
    value, mend = OF_GRIDS[key]
    place = f"experiments.figure_1.grid.{key}"
    assert f"{place}[0] is {value!r}; {mend}" in sentences({place: [value]})


FILE = {"description": "mine", "selection": {"cells": 9, "by": "all"},
        "format": {"connections": "matrix", "rows": "presynaptic", "sign": "weights"}}  # fmt: skip
IN_PATHS = {
    "{": "holds '{', which Snakemake takes for a wildcard; rename the file or folder",
    "}": "holds '}', which Snakemake takes for a wildcard; rename the file or folder",
    "\n": r"holds '\n', which no path here can have; rename the file or folder",
    "\t": r"holds '\t', which no path here can have; rename the file or folder",
}


@pytest.mark.parametrize("sign", IN_PATHS, ids=repr)
@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("image_sets.mine.folder", {"source": "folder", "entry": "mnist"}),
        ("sentence_sets.mine.folder", {"source": "folder", "entry": "sst", "lower_case": True}),
        ("word_vectors.mine.file", {"source": "file"}),
        ("connectomes.mine.file.connections", {"source": "file", "file": FILE}),
        ("connectomes.mine.file.cells", {"source": "file", "file": FILE | {"connections": "a.csv"}}),
        ("recheck.reference", None),
    ],
    ids=str,
)
def test_signs_that_no_path_can_have_are_refused_where_they_stand(key, entry, sign):
    group, name = key.split(".")[:2]
    own = {} if entry is None else {f"{group}.{name}": copy.deepcopy(entry)}
    assert sentences(own | {key: f"a/b{sign}c"}) == [f"{key} {IN_PATHS[sign]}"]
    assert sentences(own | {key: "/data/my *files* [2]/É.csv"}) == []


SMNIST = "experiments.figure_1_smnist.grid"
TAUGHT = {"experiments_to_build": ["figure_3_c"]}
OF_IMAGES = {
    "all held out": (
        {"tasks.sMNIST.held_out": 60_000}, "tasks.sMNIST.held_out is 60000, but the training set of 'mnist' has 60000",
    ),
    "all digits held out": (
        {"tasks.sMNIST.images": "digits", "tasks.sMNIST.held_out": 1437},
        "tasks.sMNIST.held_out is 1437, but the training set of 'digits' has 1437 images; leave some to train on",
    ),
    "own copy": (
        {"image_sets.mine": {"source": "folder", "entry": "mnist", "folder": "a"}, "tasks.sMNIST.images": "mine",
         "tasks.sMNIST.held_out": 10**6}, "the training set of 'mine' has 60000 images; leave some to train on",
    ),
    "large batch": (
        {"tasks.sMNIST.defaults.batch_size": 55_001},
        "tasks.sMNIST.defaults.batch_size is 55001, more than the 55000 images that task 'sMNIST' trains on (60000 of "
        "'mnist' without 5000 held out); lower it",
    ),
    "usual batch": (
        {"tasks.sMNIST.images": "digits", "tasks.sMNIST.held_out": 1430, "tasks.sMNIST.defaults": {"gain": 1.0}},
        "training.batch_size is 32, more than the 7 images that task 'sMNIST' trains on",
    ),
    "swept batch": (
        {f"{SMNIST}.batch_size": [32, 60_000]},
        "experiments.figure_1_smnist.grid.batch_size has 60000, more than the 55000 images",
    ),
    "batch of a teacher": (
        TAUGHT | {"tasks.sMNIST_taught.defaults.batch_size": 56_000, "experiments.figure_3_c.grid.batch_size": [32]},
        "tasks.sMNIST_taught.defaults.batch_size is 56000, more than the 55000 images",
    ),
    "probe": (
        {"tasks.sMNIST.held_out": 199},
        "tasks.sMNIST.held_out is 199, fewer than the 200 trials of its probe; hold out more or lower the trials of",
    ),
    "probe of a teacher": (TAUGHT | {"tasks.sMNIST_taught.held_out": 9}, "tasks.sMNIST_taught.held_out is 9, fewer"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_IMAGES)
def test_more_images_than_a_known_set_has_are_refused(name):
    changes, expected = OF_IMAGES[name]
    (sentence,) = sentences({"experiments_to_build": ["figure_1_smnist"]} | changes)
    assert expected in sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"tasks.sMNIST.held_out": 59_800, "tasks.sMNIST.defaults.batch_size": 200},
        {"tasks.sMNIST.images": "digits", "tasks.sMNIST.held_out": 1237},
        # What is in other files only a job can tell, and what no experiment uses is not looked into.
        {"image_sets.mnist": {"source": "registry", "entry": "other"}, "tasks.sMNIST.held_out": 60_000},
        {"tasks.MNIST.held_out": 60_000},
    ],
    ids=str,
)
def test_as_many_images_as_there_are_pass(changes, monkeypatch):
    files = {name: {"sha256": "0" * 64} for name in image_sets.IDX_FILES}
    monkeypatch.setitem(SOURCES, "other", {"files": files})
    assert sentences({"experiments_to_build": ["figure_1_smnist"]} | changes) == []


def test_counts_of_known_sets_are_those_of_their_images():
    counts = rules_of_images.training_images(CONFIG, SOURCES)
    assert counts == {"mnist": 60_000, "digits": DIGITS.training}
