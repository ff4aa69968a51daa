"""Mistakes in a configuration: each is refused in one sentence that says where it stands and how to mend it."""

import copy
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from richlazy.compiled import library as compiled_library
from richlazy.configuration import checks, loading, rules_across, schema
from richlazy.configuration.checks import ConfigurationError
from richlazy.configuration.experiment_models import Figure
from richlazy.configuration.registries import OF_LSTMS_ALONE
from richlazy.connectivity import cell_types
from richlazy.connectivity.aligned import TASK_VECTORS
from richlazy.connectivity.base import STRUCTURES as KINDS_OF_STRUCTURES
from richlazy.connectivity.base import structure_parameters
from richlazy.connectivity.connectome_based import SHUFFLES
from richlazy.connectivity.draws import ENTRIES
from richlazy.connectivity.matching import MATCHINGS
from richlazy.experiments import grids, parameters, paths
from richlazy.figures import spectrum_panel
from richlazy.measures import after_training, on_probe, solutions, unseen
from richlazy.measures.registry import TESTED
from richlazy.models import backpropagation, rate_network
from richlazy.models.registry import MODELS
from richlazy.statistics import strata
from richlazy.storage import devices
from richlazy.tables import experiment_tables
from richlazy.tasks import image_trials, neurogym_environments, neurogym_trials, registry, time_series
from richlazy.tasks.kinds import environment
from shipped import CONFIG, PAPERS, REMOVED, changed

ROOT = Path(__file__).parents[3]
SCHEMA = schema.schema("config")
FIGURE_1 = "experiments.figure_1"
GRID = f"{FIGURE_1}.grid"


def check(config: Any, files=()) -> None:
    checks.check(config, files)


def refusals(config: Any, files=()) -> list[str]:
    """The sentences with which a configuration is refused, checked for their form."""
    with pytest.raises(ConfigurationError) as caught:
        check(config, files)
    sentences = caught.value.sentences
    for sentence in sentences:
        assert "\n" not in sentence
        assert 20 < len(sentence) < 400
        assert not re.search(r"<class|object at 0x|Traceback|pydantic|None\b|True\b|False\b", sentence), sentence
    assert len(set(sentences)) == len(sentences) > 0
    return sentences


def refusal(config: Any, files=()) -> str:
    """The one sentence with which a configuration is refused."""
    (sentence,) = refusals(config, files)
    return sentence


@dataclass
class Mistake:
    """A change of config.yaml, and what the sentence must hold: first where, then how to mend it."""

    name: str
    changes: Mapping[str, Any]
    where: str
    mend: str


def out_of_range(key: str, value: Any, relation: str) -> Mistake:
    place = key if not isinstance(value, list) else f"{key}[{len(value) - 1}]"
    shown = value[-1] if isinstance(value, list) else value
    return Mistake(f"{key} {shown}", {key: value}, f"{place} is {shown}", f"it must be {relation}")


CHOICE_TIMES = CONFIG["tasks"]["2AF"]["timing_ms"]
FRESH = ("flip_flop", "flip_flop_memory", "mante", "romo")

UNKNOWN_KEYS = [
    Mistake("top level", {"trainin": {}}, "the configuration has an unknown key 'trainin'", "did you mean 'training'?"),
    Mistake("preset", {"presets.equation_1.momentun": 0.9}, "presets.equation_1 has an", "did you mean 'momentum'?"),
    Mistake("structure", {"structures.soft_rank.entry": "uniform"}, "structures.soft_rank", "did you mean 'entries'?"),
    Mistake("connectivity", {"connectivity.sizes": 3}, "connectivity has an", "did you mean 'size'?"),
    Mistake("dynamics", {"dynamics.time_step": 20}, "dynamics has an", "did you mean 'time_step_ms'?"),
    Mistake("task", {"tasks.2AF.enviroment": "A-v0"}, "tasks.2AF has an", "did you mean 'environment'?"),
    Mistake("training", {"training.learning_rates": 0.1}, "training has an", "did you mean 'learning_rate'?"),
    Mistake("probe", {"probe.trails": 10}, "probe has an", "did you mean 'trials'?"),
    Mistake("experiment", {f"{FIGURE_1}.tittle": "A"}, f"{FIGURE_1} has an", "did you mean 'title'?"),
    Mistake("grid", {f"{GRID}.ranks": [1]}, f"{GRID} has an unknown key 'ranks'", "did you mean 'rank'?"),
    Mistake("statistics", {"statistics.comparable_losses": 1}, "statistics has an", "did you mean 'comparable_loss'?"),
    Mistake("figures", {"figures.dot_color": "#000000"}, "figures has an", "did you mean 'dot_colour'?"),
    Mistake("recheck", {"recheck.tolerence": 0.1}, "recheck has an", "did you mean 'tolerance'?"),
    Mistake(
        "nothing close", {"dynamics.noise": 0.1}, "dynamics has an", "remove it; known keys are time_step_ms, time"
    ),
    Mistake("not a text", {"training.x": 1}, "training has an unknown key 'x'", "known keys are learning_rate"),
]

MISSING_KEYS = [
    Mistake("top level", {"training": REMOVED}, "the configuration lacks training", "add it as in config.yaml"),
    Mistake("preset", {"presets.equation_1.gain": REMOVED}, "presets.equation_1 lacks gain", "add it"),
    Mistake("structure", {"structures.gaussian.kind": REMOVED}, "structures.gaussian lacks kind", "add it"),
    Mistake("connectivity", {"connectivity.matching": REMOVED}, "connectivity lacks matching", "add it"),
    Mistake("task", {"tasks.DMS.timing_ms": REMOVED}, "tasks.DMS lacks timing_ms", "add it"),
    Mistake("training", {"training.batch_size": REMOVED}, "training lacks batch_size", "add it"),
    Mistake("experiment", {f"{FIGURE_1}.compare": REMOVED}, f"{FIGURE_1} lacks compare", "add it"),
    Mistake("several", {f"{FIGURE_1}.title": REMOVED, f"{FIGURE_1}.source": REMOVED}, "lacks title, source", "add it"),
    Mistake("grid", {f"{GRID}.task": REMOVED}, f"{GRID} lacks task", "add a list of names from tasks"),
    Mistake("figures", {"figures.width_mm": REMOVED}, "figures lacks width_mm", "add it"),
]

WRONG_TYPES = [
    Mistake("quoted number", {"training.learning_rate": "0.003"}, "training.learning_rate must be a number", "quotes"),
    Mistake("quoted integer", {"training.iterations": "100"}, "training.iterations must be a whole number", "quotes"),
    Mistake("3e-3", {"training.learning_rate": yaml.safe_load("3e-3")}, "not '3e-3'", "point and sign (3.0e-3)"),
    Mistake("1.0e4", {"training.iterations": yaml.safe_load("1.0e4")}, "not '1.0e4'", "point and sign"),
    Mistake("1.0e+4", {"training.iterations": yaml.safe_load("1.0e+4")}, "a whole number, not 10000.0", "write 10000"),
    Mistake("float size", {"connectivity.size": 300.0}, "connectivity.size must be a whole number", "write 300"),
    Mistake("float seeds", {f"{FIGURE_1}.seeds": 10.0}, f"{FIGURE_1}.seeds is 10.0", "how many seeds"),
    Mistake("beyond any count", {"training.iterations": 1e300}, "must be a whole number, not 1e+300", "see the key"),
    Mistake("broken integer", {"probe.trials": 32.5}, "probe.trials must be a whole number, not 32.5", "see the key"),
    Mistake("word for number", {"dynamics.time_step_ms": "short"}, "dynamics.time_step_ms must be a", "see the key"),
    Mistake("boolean for integer", {"training.iterations": True}, "a whole number, not true", "see the key"),
    Mistake("boolean for number", {"presets.equation_1.momentum": False}, "a number, not false", "see the key"),
    Mistake("boolean seeds", {f"{FIGURE_1}.seeds": True}, f"{FIGURE_1}.seeds is true", "how many seeds"),
    Mistake("boolean in grid", {f"{GRID}.rank": [1, True]}, f"{GRID}.rank[1] must be a whole", "not true"),
    Mistake("number for boolean", {f"{FIGURE_1}.truncation": 1}, "truncation must be true or false", "see the key"),
    Mistake("text for boolean", {f"{FIGURE_1}.truncation": "yes"}, "truncation must be true or false", "not 'yes'"),
    Mistake("scalar for list", {f"{GRID}.rank": 30}, f"{GRID}.rank must be a list, not 30", "write [30]"),
    Mistake("name for list", {"statistics.measures": "accuracy"}, "measures must be a list", "write [accuracy]"),
    Mistake("mapping for list", {f"{GRID}.task": {"2AF": 1}}, f"{GRID}.task must be a list", "see the key"),
    Mistake("list for mapping", {"tasks": [{"name": "2AF"}]}, "tasks must be a mapping", "see the key"),
    Mistake("number for text", {f"{FIGURE_1}.title": 1}, f"{FIGURE_1}.title must be a text", "put it in quotes"),
    Mistake("number for name", {"scale": 1}, "scale must be a text, not 1", "put it in quotes"),
    Mistake("null mapping", {"training": None}, "training must be a mapping of keys to values, not null", "remove the"),
    Mistake("null preset", {"presets.reproduction": None}, "presets.reproduction must be a mapping", "give it a value"),
    Mistake("null grid", {GRID: None}, f"{GRID} must be a mapping", "give it a value"),
    Mistake("null number", {"training.batch_size": None}, "training.batch_size must be a whole", "give it a value"),
    Mistake("null in a list", {f"{GRID}.rank": [1, None]}, f"{GRID}.rank[1] must be", "not null"),
    Mistake("null arguments", {"tasks.2AF.arguments": None}, "tasks.2AF.arguments must be a mapping", "not null"),
    Mistake(
        "boolean period", {"tasks.2AF.timing_ms.delay": True}, "tasks.2AF.timing_ms.delay is true", "a duration in"
    ),
    Mistake(
        "word for selection", {"experiments_to_build": "figure_1"}, "experiments_to_build is 'fig", "list of names"
    ),
    Mistake("number of seeds in quotes", {f"{FIGURE_1}.seeds": "10"}, f"{FIGURE_1}.seeds is '10'", "how many seeds"),
    Mistake("long text", {"training": "x" * 999}, "training must be a mapping", "xxx..."),
]

RANGES = [
    out_of_range("presets.reproduction.momentum", -0.1, "at least 0"),
    out_of_range("presets.reproduction.momentum", 1.0, "below 1"),
    out_of_range("presets.published_code.gain", 0.0, "at least 1.0e-09"),
    out_of_range("connectivity.size", 1, "at least 2"),
    out_of_range("dynamics.time_step_ms", 0, "at least 1.0e-06"),
    out_of_range("dynamics.time_constant_ms", -5.0, "at least 1.0e-06"),
    out_of_range("tasks.CXT.timing_ms.stimulus", -100, "at least 0"),
    out_of_range("tasks.MSI.sequence_steps", 0, "at least 1"),
    out_of_range("training.learning_rate", 0.0, "at least 1.0e-12"),
    out_of_range("training.batch_size", 0, "at least 1"),
    out_of_range("training.iterations", -1, "at least 1"),
    out_of_range("training.divergence_loss", 0, "at least 1.0e-09"),
    out_of_range("training.final_loss_fraction", 0.0, "above 0"),
    out_of_range("training.final_loss_fraction", 1.5, "at most 1"),
    out_of_range("probe.trials", 1, "at least 2"),
    out_of_range("probe.kernel_trials", 0, "at least 1"),
    out_of_range(f"{GRID}.rank", [1, 0], "at least 1"),
    out_of_range(f"{GRID}.decay_exponent", [2.0, -0.5], "at least 0"),
    out_of_range(f"{GRID}.size", [300, 1], "at least 2"),
    out_of_range(f"{GRID}.gain", [1.5, -1.5], "at least 0"),
    Mistake(
        "no initial weights to truncate",
        {f"{GRID}.gain": [1.5, 0]},
        "experiments.figure_1 has gain 0, but structure",
        "leave out 0",
    ),
    Mistake(
        "no first layer",
        {"tasks.MNIST.defaults.gain": 0},
        "experiments.figure_4_b has gain 0, but first layers",
        "leave out 0",
    ),
    Mistake(
        "nothing recurrent to train",
        {"tasks.MNIST.defaults.trained": "recurrent"},
        "experiments.figure_4_b trains recurrent weights alone",
        "use trained: all",
    ),
    Mistake(
        "no trained vectors to scale",
        {"experiments.schuessler_supplement_parametrisation.grid.trained": ["recurrent"]},
        "experiments.schuessler_supplement_parametrisation has parametrisation scaled",
        "use parametrisation: plain",
    ),
    Mistake(
        "a rule of recurrent units in two layers",
        {"experiments.figure_4_b.grid.rule": ["eligibility"]},
        "experiments.figure_4_b has rule eligibility, which is about errors between recurrent units",
        "use rule: backpropagation or feedback_alignment",
    ),
    Mistake(
        "two networks to compare",
        {f"{GRID}.gain": [1.0, 1.5], "experiments.figure_1.covaries": ["gain"]},
        "experiments.figure_1.covaries leaves several networks",
        "give each value of it one",
    ),
    Mistake(
        "nothing covaries",
        {"experiments.figure_1.covaries": ["gain"]},
        "experiments.figure_1.covaries names gain",
        "remove it",
    ),
    Mistake(
        "teacher by adam",
        {"tasks.sMNIST_taught.defaults.optimiser": "adam"},
        "tasks.sMNIST_taught.teacher_network is trained by gradient descent",
        "in the grid of an experiment",
    ),
    Mistake(
        "momentum of adam",
        {f"{GRID}.optimiser": ["adam"], f"{GRID}.momentum": [0.9]},
        f"{GRID}.momentum has no effect on adam",
        "remove it",
    ),
    Mistake(
        "signs held by adam",
        {"experiments.figure_17.grid.optimiser": ["adam"]},
        "grid.structure names 'dale_held'",
        "use gradient_descent",
    ),
    out_of_range(f"{GRID}.time_step_ms", [20, 0], "at least 1.0e-06"),
    out_of_range(f"{GRID}.time_constant_ms", [100, 0], "at least 1.0e-06"),
    out_of_range(f"{GRID}.learning_rate", [0.003, -0.003], "at least 1.0e-12"),
    out_of_range(f"{GRID}.momentum", [0.0, 1], "below 1"),
    out_of_range(f"{GRID}.batch_size", [32, 0], "at least 1"),
    out_of_range(f"{GRID}.iterations", [100, 0], "at least 1"),
    out_of_range(f"{FIGURE_1}.seeds", 0, "at least 1"),
    out_of_range(f"{FIGURE_1}.seeds", 1000000000, "at most 10000"),
    out_of_range("tasks.2AF.timing_ms.decision", 1.0e308, "at most 10000000"),
    out_of_range("tasks.romo.timing_ms.decision", 1.0e308, "at most 10000000"),
    out_of_range(f"{FIGURE_1}.seeds", [0, -1], "at least 0"),
    out_of_range("statistics.significance_level", 0, "above 0"),
    out_of_range("statistics.significance_level", 0.5, "below 0.5"),
    out_of_range("statistics.confidence_level", 0.05, "at least 0.5"),
    out_of_range("statistics.confidence_level", 1.0, "below 1"),
    out_of_range("statistics.negligible_tau", 1.0, "below 1"),
    out_of_range("statistics.negligible_share", 0.0, "above 0"),
    out_of_range("statistics.comparable_loss", 0.0, "above 0"),
    out_of_range("statistics.converged_accuracy_deficit", -0.1, "at least 0"),
    out_of_range("statistics.converged_accuracy_deficit", 1.0, "below 1"),
    out_of_range("statistics.failed_share", 0.0, "above 0"),
    out_of_range("training.shared_excess", 0.0, "above 0"),
    out_of_range("training.converged_excess", 1.1, "at most 1"),
    out_of_range("statistics.minimum_seeds", 1, "at least 2"),
    out_of_range("figures.width_mm", 59, "at least 60"),
    out_of_range("figures.width_mm", 401, "at most 400"),
    out_of_range("figures.font_size_pt", 3.5, "at least 4"),
    out_of_range("figures.font_size_pt", 21, "at most 20"),
    out_of_range("figures.resolution_dpi", 49, "at least 50"),
    out_of_range("figures.resolution_dpi", 1201, "at most 1200"),
    out_of_range("recheck.runs", 0, "at least 1"),
    out_of_range("recheck.seed", -1, "at least 0"),
    out_of_range("recheck.tolerance", -1.0e-3, "at least 0"),
    Mistake("nan", {"training.learning_rate": float("nan")}, "training.learning_rate is nan", "give a finite number"),
    Mistake("infinity", {f"{GRID}.gain": [1.5, float("inf")]}, f"{GRID}.gain[1] is inf", "give a finite number"),
    Mistake(
        "beyond 64 bits", {"presets.equation_1.gain": 10**400}, "presets.equation_1.gain is 1000", "a smaller number"
    ),
    Mistake("-infinity", {"tasks.2AF.arguments": {"sigma": -float("inf")}}, "arguments.sigma is -inf", "give a finite"),
]

EMPTY = [
    Mistake("grid values", {f"{GRID}.rank": []}, f"{GRID}.rank is []", "give at least 1"),
    Mistake("tasks of a grid", {f"{GRID}.task": []}, f"{GRID}.task is []", "give at least 1"),
    Mistake("presets", {"presets": {}}, "presets is {}", "give at least 1"),
    Mistake("structures", {"structures": {}}, "structures is {}", "give at least 1"),
    Mistake("tasks", {"tasks": {}}, "tasks is {}", "give at least 1"),
    Mistake("experiments", {"experiments": {}}, "experiments is {}", "give at least 1"),
    Mistake("selection", {"experiments_to_build": []}, "experiments_to_build is []", "give at least 1"),
    Mistake("seeds", {f"{FIGURE_1}.seeds": []}, f"{FIGURE_1}.seeds is []", "give at least 1"),
    Mistake("measures", {"statistics.measures": []}, "statistics.measures is []", "give at least 1"),
    Mistake("periods", {"tasks.2AF.timing_ms": {}}, "tasks.2AF.timing_ms is {}", "give at least 1"),
    Mistake("distribution", {"tasks.MSI.timing_ms.stimulus": []}, "timing_ms.stimulus is []", "a duration in ms"),
    Mistake("title", {f"{FIGURE_1}.title": ""}, f"{FIGURE_1}.title is ''", "give at least 1"),
    Mistake("two lines", {f"{FIGURE_1}.title": "Rank\nand gain"}, f"{FIGURE_1}.title holds '\\n'", "in one line"),
    Mistake("long title", {f"{FIGURE_1}.source": "a" * 201}, f"{FIGURE_1}.source is", "shorten it to 200"),
    Mistake("reference", {"recheck.reference": ""}, "recheck.reference is ''", "give at least 1"),
    Mistake("grid", {GRID: {}}, f"{GRID} lacks task", "add a list of names from tasks"),
]

REPEATED = [
    Mistake("rank", {f"{GRID}.rank": [1, 30, 1]}, f"{GRID}.rank names 1 twice", "remove one"),
    Mistake("1 and 1.0", {f"{GRID}.gain": [1, 1.0]}, f"{GRID}.gain names 1 twice", "remove one"),
    Mistake("seed", {f"{FIGURE_1}.seeds": [0, 1, 1]}, f"{FIGURE_1}.seeds names 1 twice", "remove one"),
    Mistake("task", {f"{GRID}.task": ["2AF", "2AF"]}, f"{GRID}.task names '2AF' twice", "remove one"),
    Mistake("selection", {"experiments_to_build": ["figure_1"] * 2}, "experiments_to_build names", "remove one"),
    Mistake("measure", {"figures.measures": ["accuracy"] * 2}, "figures.measures names 'accuracy'", "remove one"),
]

CHOICES = [
    Mistake("leak", {"presets.reproduction.leak": "eular"}, "presets.reproduction.leak", "did you mean 'euler'?"),
    Mistake("rectification", {"presets.reproduction.rectification": "outside"}, ".rectification", "one of after_leak"),
    Mistake("kind", {"structures.soft_rank.kind": "softrank"}, "structures.soft_rank.kind", "mean 'soft_rank'?"),
    Mistake("entries", {"structures.soft_rank.entries": "normal"}, "structures.soft_rank.entries", "one of gaussian"),
    Mistake("matching", {"connectivity.matching": "frobenuis"}, "connectivity.matching", "did you mean 'frobenius'?"),
    Mistake("semantics", {"tasks.2AF.semantics": "papers"}, "tasks.2AF.semantics", "did you mean 'paper'?"),
    Mistake("sampler", {"tasks.2AF.sampler": "vectorized"}, "tasks.2AF.sampler", "did you mean 'vectorised'?"),
    Mistake("device", {"training.device": "cuda"}, "training.device is 'cuda'", "set training.batching to condition"),
    Mistake("loss steps", {"training.loss_steps": "final"}, ".loss_steps is 'final'", "choose one of all, last"),
    Mistake("kernel times", {"probe.kernel_times": "first"}, ".kernel_times is 'first'", "choose one of all, last"),
    Mistake("leak of grid", {f"{GRID}.leak": ["euler", "exponent"]}, f"{GRID}.leak[1]", "did you mean 'exponential'?"),
    Mistake("matching of grid", {f"{GRID}.matching": ["norm"]}, f"{GRID}.matching[0]", "leading_eigenvalue"),
    Mistake("measure", {"statistics.measures": ["sign"]}, "statistics.measures[0] is 'sign'", "one of probe_loss"),
    Mistake("close measure", {"figures.measures": ["accurracy"]}, "figures.measures[0]", "did you mean 'accuracy'?"),
    Mistake("case", {"presets.equation_1.leak": "Exponential"}, "equation_1.leak is", "did you mean 'exponential'?"),
    Mistake(
        "distribution", {"tasks.MSI.timing_ms.stimulus": ["unifrom", [1, 2]]},
        'tasks.MSI.timing_ms.stimulus is ["unifrom"', "uniform, choice",
    ),
]  # fmt: skip

NAMES = [
    Mistake("preset", {"presets.my preset": CONFIG["presets"]["equation_1"]}, "presets has the name 'my pr", "letters"),
    Mistake("task", {"tasks.a/b": CONFIG["tasks"]["2AF"]}, "tasks has the name 'a/b'", "become part of paths"),
    Mistake("structure", {"structures.a~b": {"kind": "gaussian"}}, "structures has the name 'a~b'", "letters, digits"),
    Mistake("experiment", {"experiments.Figure-1": CONFIG["experiments"]["figure_1"]}, "experiments has", "lower case"),
    Mistake("long", {f"tasks.{'a' * 61}": CONFIG["tasks"]["2AF"]}, "tasks has the name 'aaa", "shorten it to 60"),
    Mistake("scale with a folder", {"scale": "a/b"}, "scale is 'a/b'", "use letters"),
    Mistake("scale with a line break", {"scale": "quick\n"}, r"scale is 'quick\n'", "use letters"),
    Mistake("long scale", {"scale": "a" * 61}, "scale is 'aaa", "shorten it to 60"),
    Mistake("scale of the results", {"scale": "reference"}, "scale is 'reference'", "choose another name"),
    Mistake("name in a grid", {f"{GRID}.task": ["2 AF"]}, f"{GRID}.task[0] is '2 AF'", "use letters"),
    Mistake("environment", {"tasks.2AF.environment": "PerceptualDecisionMaking"}, "tasks.2AF.environment", "Making-v0"),
    Mistake("colour", {"figures.dot_colour": "blue"}, "figures.dot_colour is 'blue'", '"#RRGGBB"'),
    Mistake("short colour", {"figures.median_colour": "#FFF"}, "figures.median_colour is '#FFF'", '"#RRGGBB"'),
    Mistake(
        "colour as a comment", {"figures.dot_colour": None}, "figures.dot_colour must be a text", "starts a comment"
    ),
]

UNKNOWN_NAMES = [
    Mistake("experiment", {"experiments_to_build": ["anothertask"]}, "experiments_to_build names", "'another_task'?"),
    Mistake("task", {f"{GRID}.task": ["2AFC"]}, f"{GRID}.task names task '2AFC'", "did you mean '2AF'?"),
    Mistake("distant task", {f"{GRID}.task": ["Rubik"]}, f"{GRID}.task names", "known: MSI, 2AF_DMS, 2AF_CXT"),
    Mistake(
        "structure", {f"{GRID}.structure": ["svd"]}, f"{GRID}.structure names structure 'svd'", "cell_types_hub, cell"
    ),
    Mistake("preset", {f"{FIGURE_1}.preset": "reproducton"}, f"{FIGURE_1}.preset names", "mean 'reproduction'?"),
    Mistake(
        "environment",
        {"tasks.MSI.environment": "MultiSensoryIntegraton-v0"},
        "tasks.MSI.environment names NeuroGym environment",
        "did you mean 'MultiSensoryIntegration-v0'?",
    ),
]

COMBINATIONS = [
    Mistake("rank above size", {f"{GRID}.rank": [1, 301]}, f"{GRID}.rank has 301", "lower the rank or raise the size"),
    Mistake("rank above a size of the grid", {f"{GRID}.size": [300, 100]}, f"{GRID}.rank has 300", "the 100 units"),
    Mistake(
        "rank missing", {f"{GRID}.rank": REMOVED, f"{FIGURE_1}.compare": "task"}, f"{GRID} lacks rank", "add a list"
    ),
    Mistake("rank without effect", {f"{GRID}.structure": ["gaussian"]}, f"{GRID}.rank has no effect", "remove it"),
    Mistake(
        "decay_exponent missing", {f"{GRID}.structure": ["soft_rank"]}, f"{GRID} lacks decay_exponent", "add a list"
    ),
    Mistake(
        "decay_exponent without effect", {f"{GRID}.decay_exponent": [1]}, f"{GRID}.decay_exponent has no", "remove"
    ),
    Mistake(
        "matching without effect",
        {f"{GRID}.structure": ["uniform"], f"{GRID}.rank": REMOVED, f"{GRID}.matching": ["frobenius"]},
        f"{GRID}.matching has no effect on uniform",
        "remove it",
    ),
    Mistake(
        "entries of gaussian", {"structures.gaussian.entries": "uniform"}, "structures.gaussian.entries", "remove it"
    ),
    Mistake(
        "kernel_trials above trials", {"probe.kernel_trials": 321}, "probe.kernel_trials is 321", "lower it or draw"
    ),
    Mistake("one seed", {f"{FIGURE_1}.seeds": 1}, f"{FIGURE_1}.seeds gives one seed", "give at least two"),
    Mistake("list of one seed", {f"{FIGURE_1}.seeds": [7]}, f"{FIGURE_1}.seeds gives one seed", "give at least two"),
    Mistake(
        "compare unknown", {f"{FIGURE_1}.compare": "rnk"}, f"{FIGURE_1}.compare is 'rnk'", "one of structure, rank"
    ),
    Mistake("compare not in grid", {f"{FIGURE_1}.compare": "gain"}, "which the grid does not vary", "choose one of"),
    Mistake("compare one value", {f"{GRID}.rank": [30]}, f"{GRID}.rank has one value", "give at least two"),
    Mistake("compare tasks", {f"{FIGURE_1}.compare": "task"}, f"{FIGURE_1}.compare is 'task'", "another parameter"),
    Mistake(
        "step above constant", {"dynamics.time_step_ms": 101}, "has a time step of 101 ms", "use leak: exponential"
    ),
    Mistake(
        "step of grid", {f"{GRID}.time_step_ms": [20, 200]}, f"{FIGURE_1} has a time step of 200", "shorten the step"
    ),
    Mistake("constant of grid", {f"{GRID}.time_constant_ms": [50]}, f"{FIGURE_1} has a time step", "shorten the step"),
    Mistake(
        "no decision", {"tasks.DMS.timing_ms.decision": 0}, "tasks.DMS.timing_ms.decision is 0", "give it a duration"
    ),
    Mistake(
        "unbuilt",
        {"experiments_to_build": ["figure_1"], "experiments_to_publish": ["figure_2"]},
        "experiments_to_publish names 'figure_2', which experiments_to_build leaves out",
        "leave it out here",
    ),
    Mistake("short period", {"tasks.DMS.timing_ms.test": 50}, "tasks.DMS.timing_ms.test is 50 ms", "set it to 0"),
    Mistake(
        "step beside a period",
        {"dynamics.time_step_ms": 30},
        "tasks.2AF.timing_ms.stimulus of 700 ms ends at 700 ms",
        "change one of the two",
    ),
    Mistake(
        "step of grid beside a period",
        {"tasks.DMS.timing_ms.delay": 510, f"{GRID}.time_step_ms": [10, 20]},
        "tasks.DMS.timing_ms.delay of 510 ms ends at 610 ms, which is no whole number of time steps of 20",
        "cut short",
    ),
    Mistake(
        "what division cuts",
        {
            "tasks.2AF.timing_ms": {"fixation": 0, "stimulus": 0.3, "delay": 0, "decision": 0.1},
            "dynamics.time_step_ms": 0.1,
        },
        "tasks.2AF.timing_ms.stimulus of 0.3 ms",
        "cut short",
    ),
    Mistake(
        "choices that division cuts",
        {"tasks.MSI.timing_ms.stimulus": [300, 350, 450], "tasks.MSI.sequence_steps": 10},
        "tasks.MSI.timing_ms.stimulus may be 350 ms",
        "cut short; change one of the two",
    ),
    Mistake(
        "a fixed period beside choices",
        {
            "tasks.MSI.timing_ms": {"fixation": 0, "stimulus": [300, 400], "decision": 150},
            "tasks.MSI.sequence_steps": 10,
        },
        "tasks.MSI.timing_ms.decision of 150 ms and the fixed periods before it are 150 ms, which is no whole number",
        "cut short; change one of the two",
    ),
    Mistake(
        "no period", {"tasks.DMS.timing_ms": {"test": 0}}, "tasks.DMS.timing_ms has no period", "give the decision"
    ),
    Mistake(
        "paper semantics", {"tasks.MSI.semantics": "paper"}, "tasks.MSI.semantics is 'paper'", "semantics: installed"
    ),
    Mistake("vectorised installed", {"tasks.MSI.sampler": "vectorised"}, "tasks.MSI.sampler", "use sampler: neurogym"),
    Mistake(
        "vectorised random periods",
        {"tasks.DMS.timing_ms.delay": ["uniform", [100, 500]]},
        "tasks.DMS.sampler is 'vectorised'",
        "use sampler: neurogym",
    ),
    Mistake("vectorised windows", {"tasks.2AF.sequence_steps": 9}, "tasks.2AF.sequence_steps has no", "remove it or"),
    Mistake("dt as argument", {"tasks.2AF.arguments": {"dt": 20}}, "tasks.2AF.arguments.dt", "dynamics.time_step_ms"),
    Mistake(
        "timing as argument", {"tasks.MSI.arguments": {"timing": {}}}, "tasks.MSI.arguments.timing", "MSI.timing_ms"
    ),
    Mistake(
        "figure without test",
        {"figures.measures": ["accuracy", "final_loss"]},
        "figures.measures shows accuracy, final_loss without a test",
        "add it to statistics.measures",
    ),
    Mistake(
        "rank beside unstructured weights",
        {f"{GRID}.structure": ["gaussian", "svd_truncation"]},
        f"{FIGURE_1}.compare is 'rank', which makes no difference where task is '2AF', structure is 'gaussian'",
        "an experiment of their own",
    ),
    Mistake(
        "rectification without leak",
        {f"{GRID}.rectification": ["after_leak", "inside"], f"{FIGURE_1}.compare": "rectification"},
        f"{FIGURE_1}.compare is 'rectification'",
        "compare another parameter",
    ),
]

V1 = "connectomes.v1_column"
FIGURE_2 = "experiments.figure_2"
SYNTHETIC = CONFIG["connectomes"]["v1_column"]["synthetic"]
SELECTION = SYNTHETIC["selection"]
LAYOUT = {"connections": "edge_list", "presynaptic": "pre", "postsynaptic": "post", "sign": "positive"}
MATRIX = {"connections": "matrix", "rows": "presynaptic", "sign": "weights"}
EVERY_CELL = {"cells": 198, "by": "all"}


def group(size=300, **grid):
    return {"size": [size], "structure": ["gaussian", "dale"]} | grid


def own_connectome(layout, **settings):
    """A connectome beside those of config.yaml, from files of one's own."""
    entry = {"description": "mine", "connections": "edges.csv", "format": layout, "selection": EVERY_CELL} | settings
    return {"connectomes.mine": {"source": "file", "file": entry}}


def selection(*removed, source="synthetic", **changes):
    kept = {key: value for key, value in (SELECTION | changes).items() if key not in removed}
    return {f"{V1}.{source}.selection": kept}


STRUCTURES = [
    Mistake("option missing", {"structures.dale": {"kind": "dales_law"}}, "structures.dale lacks excitatory_fraction",
            "add it as in config.yaml"),
    Mistake("entries missing", {"structures.soft_rank": {"kind": "soft_rank"}}, "structures.soft_rank lacks entries",
            "kind 'soft_rank' needs; add it"),
    Mistake("one of several options", {"structures.cell_types.blocks": REMOVED}, "structures.cell_types lacks blocks",
            "add it"),
    Mistake("option of another kind", {"structures.dale.correlation": 0.1}, "structures.dale.correlation has no",
            "remove it"),
    Mistake("signs_held", {"structures.gaussian.signs_held": True}, "structures.gaussian.signs_held has no meaning",
            "both signs; remove it"),
    Mistake("signs_held of chains", {"structures.chain_over.signs_held": False}, "structures.chain_over.signs_held",
            "remove it"),
    Mistake("signs_held a number", {"structures.dale.signs_held": 1}, "signs_held must be true or false", "not 1"),
    Mistake("correlation 0", {"structures.chain_over.correlation": 0}, "structures.chain_over.correlation is 0",
            "use kind: gaussian"),
    Mistake("correlation 0.0", {"structures.chain_over.correlation": 0.0}, "chain_over.correlation is 0",
            "use kind: gaussian"),
    out_of_range("structures.chain_over.correlation", 0.25, "below 0.25"),
    out_of_range("structures.chain_over.correlation", -0.25, "above -0.25"),
    out_of_range("structures.cell_types.fraction", 0, "above 0"),
    out_of_range("structures.cell_types.fraction", 1.0, "below 1"),
    out_of_range("structures.cell_types.strong_gain", 0.0, "at least 1.0e-09"),
    out_of_range("structures.cell_types.weak_gain", -0.8, "at least 1.0e-09"),
    out_of_range("structures.dale.excitatory_fraction", 1, "below 1"),
    out_of_range("structures.dale.excitatory_fraction", 0, "above 0"),
    Mistake("exact", {"structures.chain_over.exact": "no"}, "chain_over.exact must be true or false", "not 'no'"),
    Mistake("blocks", {"structures.cell_types.blocks": "pres"}, "structures.cell_types.blocks", "did you mean 'pre'?"),
    Mistake("shuffle", {"structures.connectome_shuffled.shuffle": "edge"}, "connectome_shuffled.shuffle is 'edge'",
            "did you mean 'edges'?"),
    Mistake("connectome", {"structures.connectome.connectome": "v1_colum"}, "structures.connectome.connectome names",
            "did you mean 'v1_column'?"),
]  # fmt: skip

CONNECTOMES = [
    Mistake("source without settings", {f"{V1}.source": "file"}, f"{V1}.source is 'file', but {V1}.file is missing",
            "add its settings; it has settings of cave"),
    Mistake("source", {f"{V1}.source": "synth"}, f"{V1}.source is 'synth'", "choose one of"),
    Mistake("unknown key", {f"{V1}.synthetic.seeds": 1}, f"{V1}.synthetic has an", "did you mean 'seed'?"),
    Mistake("no description", {f"{V1}.synthetic.description": ""}, f"{V1}.synthetic.description is ''", "at least 1"),
    Mistake("boundary missing", selection("boundary"), f"{V1}.synthetic.selection lacks boundary", "a depth in um"),
    Mistake("between missing", selection("between"), f"{V1}.synthetic.selection lacks between", "add them"),
    Mistake("boundary without effect", selection(by="strength"), "selection.boundary has no effect",
            "remove it or set by: boundary"),
    Mistake("between of a depth", selection(boundary=350.0), "selection.between has no effect", "remove it"),
    Mistake("cave by strength", selection("boundary", "between", source="cave", by="strength"),
            f"{V1}.cave.selection.by is 'strength'", "use by: boundary"),
    out_of_range(f"{V1}.cave.selection.cells", 2, "at least 3"),
    Mistake("one type", selection(between=["23P"]), f"{V1}.synthetic.selection.between", "at least 2 entries"),
    Mistake("column missing", own_connectome({key: LAYOUT[key] for key in ("connections", "postsynaptic", "sign")}),
            "connectomes.mine.file.format lacks presynaptic", "which connections: edge_list needs; add it"),
    Mistake("orientation missing", own_connectome({"connections": "matrix", "sign": "weights"}),
            "connectomes.mine.file.format lacks rows", "which connections: matrix needs; add it"),
    Mistake("columns of a matrix", own_connectome(MATRIX | {"weight": "w"}), "mine.file.format.weight has no effect",
            "connections: matrix; remove it"),
    Mistake("rows of a list", own_connectome(LAYOUT | {"rows": "presynaptic"}), "mine.file.format.rows has no effect",
            "remove it"),
    Mistake("class missing", own_connectome(LAYOUT | {"sign": "cell_class"}, cells="cells.csv"),
            "mine.file.format lacks class", "which sign: cell_class needs; add it"),
    Mistake("interactions of names", {f"{FIGURE_2}.figure": {"interactions": True}},
            f"{FIGURE_2}.figure.interactions is true, but no number besides structure", "sweep one or remove it"),
    Mistake("class without words", own_connectome(LAYOUT | {"sign": "cell_class", "class": "k"}, cells="cells.csv"),
            "mine.file.format lacks excitatory and inhibitory", "add one of them or both"),
    Mistake("signs of connections of a matrix", own_connectome(MATRIX | {
            "sign": "connection_class", "class": "k", "excitatory": ["E"]}),
            "mine.file.format.sign is connection_class, which an edge list", "use sign: weights or cell_class"),
    Mistake("names without a header", own_connectome(LAYOUT | {"header": False}), "mine.file.format.header is false",
            "give their numbers, as in presynaptic: 1"),
    Mistake("numbers with a header", own_connectome(LAYOUT | {"presynaptic": 1, "postsynaptic": 2}),
            "mine.file.format.header must be false", "add header: false or give their names"),
    Mistake("labels of an edge list", own_connectome(LAYOUT | {"labels": "first_row"}),
            "mine.file.format.labels has no effect on connections: edge_list", "remove it"),
    Mistake("mirrored matrix", own_connectome(MATRIX | {"mirror": True}),
            "mine.file.format.mirror has no effect on connections: matrix", "remove it"),
    Mistake("position without columns", own_connectome(LAYOUT | {"position": "minnie65_nm"}, cells="cells.csv"),
            "mine.file.format lacks x", "which position needs; add it"),
    Mistake("columns without a table", own_connectome(LAYOUT | {"depth_um": "depth"}),
            "mine.file.format describes a table of cells (depth_um)", "cells names no file; add it"),
    Mistake("checksum", {"connectomes.mine": {"source": "release", "release": {
        "description": "d", "connections": {"url": "https://a.b/c.csv", "sha256": "abc"}, "format": LAYOUT,
        "selection": EVERY_CELL}}}, "connectomes.mine.release.connections.sha256 is 'abc'", ""),
    Mistake("two servers", {"connectomes.mine": CONFIG["connectomes"]["v1_column"] | {
        "cave": CONFIG["connectomes"]["v1_column"]["cave"] | {"server": "https://cave.example"}}},
        "connectomes.mine.cave.server is https://cave.example", "name one server"),
]  # fmt: skip

IMAGE_SETS = [
    Mistake("no source", {"image_sets.mnist.source": REMOVED}, "image_sets.mnist lacks source", "add it"),
    Mistake("source", {"image_sets.mnist.source": "registri"}, "image_sets.mnist.source is 'registri'",
            "(did you mean 'registry'?); choose one of"),
    Mistake("unknown key", {"image_sets.digits.path": "here"}, "image_sets.digits has an unknown key 'path'",
            "known keys are"),
    Mistake("no entry", {"image_sets.mnist.entry": REMOVED}, "image_sets.mnist lacks entry",
            "which source: registry needs; add it"),
    Mistake("no folder", {"image_sets.mnist.source": "folder"}, "image_sets.mnist lacks folder",
            "which source: folder needs; add it"),
    Mistake("folder of no text", {"image_sets.mnist": {"source": "folder", "entry": "mnist", "folder": 5}},
            "image_sets.mnist.folder must be a text", "put it in quotes"),
    Mistake("folder without use", {"image_sets.mnist.folder": "here"},
            "image_sets.mnist.folder has no effect on source: registry", "remove it or take a new name"),
    Mistake("entry without use", {"image_sets.mnist.source": "scikit-learn"},
            "image_sets.mnist.entry has no effect on source: scikit-learn", "remove it or take a new name"),
    Mistake("name", {"image_sets.my digits": {"source": "scikit-learn"}}, "image_sets has the name 'my digits'",
            "use letters"),
]  # fmt: skip

LINEAR = "experiments.figure_14_linear"
WHITE = "'linear_20+teacher.whitened~true'"  # its task
SMNIST = "experiments.figure_1_smnist"
FOLLOWED = "experiments.figure_14_smnist"
TEACHER = CONFIG["tasks"]["linear_2"]["teacher"]

TASKS = [
    Mistake("two kinds", {"tasks.MNIST.teacher": TEACHER}, "tasks.MNIST has images and teacher", "give it exactly one"),
    Mistake("three kinds", {"tasks.2AF.images": "mnist", "tasks.2AF.teacher": TEACHER},
            "tasks.2AF has environment and images and teacher", "give it exactly one"),
    Mistake("no kind", {"tasks.linear_2.teacher": REMOVED},
            "tasks.linear_2 lacks environment, images, teacher, continuous", "give it exactly one"),
    Mistake("nothing at all", {"tasks.mine": {}}, "tasks.mine lacks environment, images, teacher", "exactly one"),
    Mistake("presentation missing", {"tasks.MNIST.presentation": REMOVED}, "tasks.MNIST lacks presentation",
            "add it as in config.yaml"),
    Mistake("two keys missing", {"tasks.MNIST": {"images": "mnist"}}, "tasks.MNIST lacks presentation, held_out",
            "add it as in config.yaml"),
    Mistake("semantics missing", {"tasks.MSI.semantics": REMOVED}, "tasks.MSI lacks semantics", "add it as in"),
    Mistake("timing of images", {"tasks.MNIST.timing_ms": {"stimulus": 100}},
            "tasks.MNIST.timing_ms has no effect on a task with images", "remove it"),
    Mistake("probe of a teacher", {"tasks.linear_2.probe": {"trials": 3, "kernel_trials": 2}},
            "tasks.linear_2.probe has no effect on a task with teacher", "remove it"),
    Mistake("images held out by a teacher", {"tasks.linear_2.held_out": 3},
            "tasks.linear_2.held_out has no effect on a task with teacher", "remove it"),
    Mistake("presentation of an environment", {"tasks.2AF.presentation": "rows"},
            "tasks.2AF.presentation has no effect on a task with environment", "remove it"),
    Mistake("unknown images", {"tasks.MNIST.images": "mnits"}, "tasks.MNIST.images names image set 'mnits'",
            "did you mean 'mnist'?"),
    Mistake("images that nothing makes", {"tasks.sMNIST.images": "faces"}, "tasks.sMNIST.images names image set",
            "known: mnist, digits"),
    Mistake("presentation", {"tasks.MNIST.presentation": "row"}, "tasks.MNIST.presentation", "did you mean 'rows'?"),
    out_of_range("tasks.sMNIST.held_out", 0, "at least 1"),
    out_of_range("tasks.linear_2.teacher.inputs", 1, "at least 2"),
    out_of_range("tasks.linear_2.teacher.samples", 1, "at least 2"),
    Mistake("whitened", {"tasks.linear_2.teacher.whitened": 1}, "teacher.whitened must be true or false", "not 1"),
    Mistake("teacher without samples", {"tasks.linear_2.teacher": {"inputs": 2, "whitened": False}},
            "tasks.linear_2.teacher lacks samples", "add it"),
    Mistake("no defaults", {"tasks.sMNIST.defaults": {}}, "tasks.sMNIST.defaults is {}", "give at least 1"),
    Mistake("default of no network", {"tasks.sMNIST.defaults.rank": 3}, "tasks.sMNIST.defaults has an unknown key",
            "known keys are"),
    out_of_range("tasks.sMNIST.defaults.batch_size", 0, "at least 1"),
    out_of_range("training.target_accuracy", 0, "above 0"),
    out_of_range("training.target_accuracy", 1.5, "at most 1"),
    out_of_range("experiments.figure_3_b_condition_number.grid.condition_number", [1.0, 0.5], "at least 1"),
    Mistake("kernel_trials of a task", {"tasks.sMNIST.probe.kernel_trials": 201},
            "tasks.sMNIST.probe.kernel_trials is 201, more than the 200", "lower it or draw more trials"),
    Mistake("kernel_trials above the trials of a task", {"tasks.2AF.probe": {"trials": 31}},
            "tasks.2AF.probe.kernel_trials is 32, more than the 31", "lower it or draw more trials"),
]  # fmt: skip

FIGURES = [
    Mistake("unknown key", {"experiments.figure_1.figure": {"shows": "runs"}},
            "experiments.figure_1.figure has an unknown key 'shows'", "did you mean 'show'?"),
    Mistake("unknown choice", {"experiments.figure_1.figure": {"loss_axes": "log"}},
            "experiments.figure_1.figure.loss_axes is 'log'", "choose one of logarithmic, semilogarithmic, linear"),
    Mistake("means of names", {"experiments.figure_3_b.figure": {"show": "mean_and_spread"}},
            "experiments.figure_3_b.figure.show is mean_and_spread, which is drawn over numbers, but structure",
            "use runs"),
    Mistake("means beside a spectrum", {"experiments.figure_1.spectrum": "eigenvalues",
            "experiments.figure_1.figure": {"show": "mean_and_spread"}},
            "experiments.figure_1.figure.show is mean_and_spread, beside which no spectrum", "remove spectrum"),
    Mistake("names alike", {"figures.names": {"gaussian": "soft rank"}},
            "figures.names calls structures.gaussian and structures.soft_rank both 'soft rank'", "another name"),
    Mistake("overlaid dots", {"experiments.figure_1.figure": {"overlay": "task"}},
            "experiments.figure_1.figure.overlay has no effect on dots", "add show: mean_and_spread or remove it"),
    Mistake("overlay of no arm", {"experiments.figure_1.figure": {"show": "mean_and_spread", "overlay": "taks"}},
            "experiments.figure_1.figure.overlay names parameter with panels of its own 'taks'",
            "did you mean 'task'?"),
    Mistake("normalised and not drawn", {"experiments.figure_1.figure": {"normalise": ["convergence_time"]}},
            "experiments.figure_1.figure.normalise names convergence_time, which the figure does not draw",
            "remove it"),
    Mistake("learning time of adam", {"experiments.schuessler_figure_1.figure": {"x": "rescaled_learning_time"}},
            "experiments.schuessler_figure_1.figure.x is rescaled_learning_time, which is that of gradient descent",
            "use iterations"),
    Mistake("learning time of unstable networks", {"experiments.figure_1.figure": {"x": "rescaled_learning_time"}},
            "experiments.figure_1.figure.x is rescaled_learning_time, which gain 1.5 does not have", "gains below 1"),
    Mistake("outputs of no condition", {"experiments.schuessler_figure_1.figure.outputs": [0.7]},
            "experiments.schuessler_figure_1.figure.outputs names 0.7, but gain takes 0.0, 0.9", "name values of it"),
    Mistake("outputs that are classes", {"experiments.figure_1.figure": {"outputs": [1]}},
            "experiments.figure_1.figure.outputs has no figure of task '2AF'", "remove it"),
]  # fmt: skip

ON_ROMO = {"experiments.another_task.grid.task": ["romo"], "experiments.another_task.grid.rank": [1, 30]}
NUMBERS = [
    Mistake("two kinds", {"tasks.2AF.continuous": "romo"}, "tasks.2AF has environment and continuous", "exactly one"),
    Mistake("unknown", {"tasks.romo.continuous": "rommo"}, "tasks.romo.continuous is 'rommo'", "did you mean 'romo'?"),
    Mistake("no timing", {"tasks.romo.timing_ms": REMOVED}, "tasks.romo lacks timing_ms", "add it as in config.yaml"),
    Mistake("period missing", {"tasks.mante.timing_ms.delay": REMOVED}, "tasks.mante.timing_ms lacks delay", "add it"),
    Mistake("unknown period", {"tasks.mante.timing_ms.delays": 5}, "tasks.mante.timing_ms has a period 'delays'",
            "its periods are fixation, stimulus, delay, decision"),
    Mistake("range", {"tasks.mante.timing_ms.delay": [200, 800]}, "tasks.mante.timing_ms.delay is a range",
            "takes for no period only; give a number of ms"),
    Mistake("range of another period", {"tasks.romo.timing_ms.decision": [200, 800]},
            "tasks.romo.timing_ms.decision is a range", "takes for delay only; give a number of ms"),
    Mistake("range upside down", {"tasks.romo.timing_ms.delay": [800, 200]}, "romo.timing_ms.delay is [800, 200]",
            "a range [low, high]"),
    Mistake("distribution", {"tasks.romo.timing_ms.delay": ["uniform", [200, 800]]}, "romo.timing_ms.delay is [",
            "a range [low, high]"),
    Mistake("no stimulus", {"tasks.romo.timing_ms.stimulus": 0}, "tasks.romo.timing_ms.stimulus is 0", "lengthen it"),
    Mistake("short period", {"tasks.romo.timing_ms.stimulus": 20} | ON_ROMO,
            "tasks.romo.timing_ms.stimulus is 20 ms, shorter than the time step of 50.0 ms", "set it to 0"),
    Mistake("option missing", {"tasks.flip_flop.target": REMOVED}, "tasks.flip_flop lacks target, which continuous",
            "add it as in config.yaml"),
    Mistake("option of another", {"tasks.flip_flop.noise": 0.1}, "tasks.flip_flop.noise has no effect", "remove it"),
    Mistake("option of a kind", {"tasks.2AF.noise": 0.1}, "tasks.2AF.noise has no effect on a task with environment",
            "remove it"),
    Mistake("key of another kind", {"tasks.flip_flop.sampler": "vectorised"}, "tasks.flip_flop.sampler has no effect",
            "remove it"),
    Mistake("reading", {"tasks.flip_flop.target": "texts"}, "tasks.flip_flop.target", "did you mean 'text'?"),
    Mistake("probe of one trial", {"tasks.cosine.probe": {"trials": 5}}, "tasks.cosine.probe has no effect", "remove"),
    Mistake("long loss", {"tasks.cosine.timing_ms.loss": 2100}, "tasks.cosine.timing_ms.trial is 2000 ms, shorter than",
            "the 2100 ms that continuous: cosine needs; lengthen it"),
    Mistake("silent response", {"tasks.step_response_one.target_value": 0}, "target_value is 0", "give another number"),
    Mistake("long pulse", {"tasks.flip_flop.timing_ms": CONFIG["tasks"]["flip_flop"]["timing_ms"] | {"pulse": 1500}},
            "timing_ms.pulse is 1500 ms, but the next pulse may come after 1000 ms", "shorten it"),
    Mistake("short response", {"tasks.step_response_one.timing_ms.trial": 150}, "timing_ms.trial is 150 ms, shorter",
            "the 200 ms that continuous: step_response needs; lengthen it"),
    Mistake("short pattern", {"tasks.pattern_generation.timing_ms.trial": 900}, "timing_ms.trial is 900 ms, shorter",
            "the 1000 ms that continuous: pattern_generation needs"),
    Mistake("unstable by default", {"tasks.romo.defaults.time_step_ms": 120.0} | ON_ROMO,
            "experiments.another_task has a time step of 120.0 ms, longer than its time constant of 100.0 ms",
            "shorten the step"),
    Mistake("unstable teacher", {"tasks.sMNIST_taught.defaults.time_step_ms": 120.0,
                                 "experiments_to_build": ["figure_3_c"],
                                 "experiments.figure_3_c.grid.leak": ["exponential"]},
            "tasks.sMNIST_taught.teacher_network.preset has leak: euler", "shorten"),
    Mistake("readout", {"tasks.romo.defaults.readout": "equal_norm"}, "tasks.romo.defaults.readout is for feedforward",
            "use linear_layer"),
    Mistake("readout along other inputs", {"tasks.mante.defaults.readout": "aligned_directions"},
            "tasks.mante.defaults.readout is aligned_directions", "use gaussian_directions"),
    Mistake("readout of a first layer", {"tasks.linear_2.defaults.readout": "gaussian_directions"},
            "tasks.linear_2.defaults.readout is for recurrent networks", "learned by feedforward ones"),
    Mistake("optimiser", {"tasks.romo.defaults.optimiser": "adams"}, "defaults.optimiser", "did you mean 'adam'?"),
    Mistake("trained", {"tasks.romo.defaults.trained": "input"}, "tasks.romo.defaults.trained", "one of all, recurr"),
    out_of_range("tasks.romo.minimum_difference", 1.0, "below 1"),
    out_of_range("tasks.romo.minimum_difference", -0.1, "at least 0"),
    out_of_range("tasks.mante.noise", -0.1, "at least 0"),
    out_of_range("tasks.flip_flop.channels", 0, "at least 1"),
    out_of_range("tasks.pattern_generation.rate_hz", 0, "at least 1.0e-09"),
    out_of_range("tasks.cosine.input_amplitude", 0, "at least 1.0e-09"),
    out_of_range("tasks.romo.defaults.momentum", 1, "below 1"),
    out_of_range("tasks.romo.defaults.time_constant_ms", 0, "at least 1.0e-06"),
]  # fmt: skip

ARCHITECTURES = [
    Mistake("readout by default", {"tasks.sMNIST.defaults.readout": "normal"}, "tasks.sMNIST.defaults.readout is for",
            "use linear_layer"),
    Mistake("readout of a grid", {f"{GRID}.readout": ["linear_layer", "equal_norm"]}, f"{GRID}.readout is for",
            "use linear_layer"),
    Mistake("readout of one of two tasks", {f"{LINEAR}.grid.task": ["linear_20", "2AF"]},
            f"{LINEAR}.grid.readout is for feedforward networks", "use linear_layer"),
    Mistake("condition_number of images", {"experiments.figure_4_b.grid.condition_number": [1.0]},
            "experiments.figure_4_b.grid.condition_number has no effect on task 'MNIST'", "remove it"),
    Mistake("condition_number of an environment", {f"{GRID}.condition_number": [2.0]},
            f"{GRID}.condition_number has no effect on task '2AF'", "remove it"),
    Mistake("rank above the inputs", {f"{LINEAR}.grid.rank": [1, 21]},
            f"{LINEAR}.grid.rank has 21, more than the 20 inputs of task {WHITE}", "lower the rank"),
    Mistake("rank above the inputs of a group",
            {"experiments.figure_4_a.groups": [{"task": ["linear_2"], "rank": [1, 3]}]},
            "experiments.figure_4_a.groups[0].rank has 3, more than the 2 inputs", "lower the rank"),
    Mistake("recurrent structure", {f"{LINEAR}.grid.structure": ["svd_truncation", "dale"]},
            f"{LINEAR}.grid.structure names 'dale' of kind 'dales_law', but task {WHITE} is learned by feedforward",
            "choose one of gaussian, uniform, soft_rank, svd_truncation, task_aligned"),
    Mistake("structure of images shown whole", {"experiments.figure_4_b.grid.structure": ["dale"]},
            "grid.structure names 'dale' of kind 'dales_law', but task 'MNIST'", "choose one of gaussian"),
    Mistake("first layer of a recurrent network", {f"{GRID}.structure": ["svd_truncation", "aligned"]},
            f"{GRID}.structure names 'aligned' of kind 'task_aligned', but task '2AF' is learned by recurrent",
            "choose one of gaussian"),
    Mistake("aligned with no teacher", {"experiments.figure_4_b.grid.structure": ["svd_truncation", "aligned"]},
            "experiments.figure_4_b.grid.structure names 'aligned', aligned with a teacher, but task 'MNIST' has none",
            "use a task with teacher"),
    Mistake("eigenvalues of a first layer", {f"{LINEAR}.grid.matching": ["frobenius", "leading_eigenvalue"]},
            f"{LINEAR}.grid.matching is leading_eigenvalue, but task {WHITE} is learned by feedforward networks",
            "use matching: [frobenius]"),
    Mistake("usual matching of a first layer", {"connectivity.matching": "leading_eigenvalue"},
            "matching is leading_eigenvalue, but task", "use matching: [frobenius]"),
    Mistake("features missing", {"structures.aligned.features": REMOVED}, "structures.aligned lacks features",
            "add it"),
    Mistake("features", {"structures.aligned.features": "dominants"}, "structures.aligned.features",
            "did you mean 'dominant'?"),
    Mistake("features of another kind", {"structures.gaussian.features": "all"}, "structures.gaussian.features has no",
            "remove it"),
    Mistake("readout", {"connectivity.readout": "linear"}, "connectivity.readout is 'linear'", "one of linear_layer"),
]  # fmt: skip

LONGER = "experiments.figure_2_long"
REPEATING = [
    Mistake("unknown", {f"{LONGER}.repeats.experiment": "figure_22"},
            f"{LONGER}.repeats.experiment names other experiment 'figure_22', which does not exist",
            "did you mean 'figure_2'?"),
    Mistake("itself", {f"{LONGER}.repeats.experiment": "figure_2_long"}, f"{LONGER}.repeats.experiment names",
            "known:"),
    Mistake("another parameter", {f"{LONGER}.repeats.experiment": "figure_1"},
            f"{LONGER}.repeats.experiment is 'figure_1', which compares rank, not structure",
            "name one that compares it"),
    Mistake("the same words twice", {"experiments.figure_2_equation_1.repeats.as": "longer"}, ".repeats.as is 'longer'",
            "name what is different"),
    Mistake("no words", {f"{LONGER}.repeats": {"experiment": "figure_2"}}, f"{LONGER}.repeats lacks as", "add it"),
    Mistake("many words", {f"{LONGER}.repeats.as": "x" * 31}, f"{LONGER}.repeats.as", "30"),
]  # fmt: skip

MATCHED = [
    Mistake("measure of other experiments", {f"{SMNIST}.measures": ["accuracy", "updates_to_shared_loss"]},
            f"{SMNIST}.measures names updates_to_shared_loss", "which needs matched_loss: true; add that"),
    Mistake("no truth value", {f"{FIGURE_1}.matched_loss": "yes"}, f"{FIGURE_1}.matched_loss", "true or false"),
    Mistake("lstm", {"experiments.schuessler_figure_5.matched_loss": True},
            "experiments.schuessler_figure_5.matched_loss has no effect on LSTMs", "remove it"),
]  # fmt: skip

SOLVED = [
    Mistake("measure of other experiments", {f"{FIGURE_1}.measures": ["accuracy", "weight_distance"]},
            f"{FIGURE_1}.measures names weight_distance", "which needs solutions: true; add that"),
    Mistake("no pair", {f"{FIGURE_1}.solutions": True, f"{FIGURE_1}.seeds": [1, 2, 4]},
            f"{FIGURE_1}.solutions is true, but {FIGURE_1}.seeds has no even seed", "add two such as 0 and 1"),
    Mistake("no truth value", {f"{FIGURE_1}.solutions": "yes"}, f"{FIGURE_1}.solutions", "true or false"),
    Mistake("first layer", {f"{LINEAR}.solutions": True}, f"{LINEAR}.solutions is true, but task", "remove it"),
    Mistake("lstm", {"experiments.schuessler_figure_5.solutions": True},
            "experiments.schuessler_figure_5.solutions has no effect on LSTMs", "remove it"),
]  # fmt: skip

UNSEEN = [
    Mistake("measure of other experiments", {f"{FIGURE_1}.measures": ["accuracy", "unseen_noise_loss_rise"]},
            f"{FIGURE_1}.measures names unseen_noise_loss_rise", "which needs unseen: true; add that"),
    Mistake("no such trials", {f"{SMNIST}.unseen": True}, f"{SMNIST}.unseen is true, but sMNIST has no unseen trials",
            "say under tasks.sMNIST.unseen what is different in them"),
    Mistake("not of this kind",
            {f"{FIGURE_1}.grid.task": ["DMS"], f"{FIGURE_1}.unseen": True,
             f"{FIGURE_1}.measures": ["unseen_stimuli_loss_rise"]},
            f"{FIGURE_1}.measures names unseen_stimuli_loss_rise, but DMS has unseen trials of noise, timing alone",
            "name another measure"),
    Mistake("no truth value", {f"{FIGURE_1}.unseen": "yes"}, f"{FIGURE_1}.unseen", "true or false"),
    Mistake("lstm", {"experiments.schuessler_figure_5.unseen": True},
            "experiments.schuessler_figure_5.unseen has no effect on LSTMs", "remove it"),
    Mistake("nothing", {"tasks.2AF.unseen": {}}, "tasks.2AF.unseen", "at least 1"),
    Mistake("unknown kind", {"tasks.2AF.unseen.delays": {"timing_ms": {"delay": 300}}}, "tasks.2AF.unseen", "delays"),
    Mistake("no difference", {"tasks.2AF.unseen.timing": {"timing_ms": {"delay": 0}}},
            "tasks.2AF.unseen.timing changes nothing", "say what is different"),
    Mistake("another task", {"tasks.2AF.unseen.stimuli": {"environment": "GoNogo-v0"}},
            "tasks.2AF.unseen.stimuli has environment, which makes it another task", "durations or options"),
    Mistake("no group", {"tasks.2AF.unseen.noise": {"arguments": 2}}, "tasks.2AF.unseen.noise does not fit:",
            "tasks.2AF.arguments"),
    Mistake("no such period", {f"{FIGURE_1}.unseen": True, "tasks.2AF.unseen.timing": {"timing_ms": {"delai": 300}}},
            "tasks.2AF+unseen~timing.timing_ms", "did you mean 'delay'?"),
    Mistake("cut short", {f"{FIGURE_1}.unseen": True, "tasks.DMS.unseen.timing": {"timing_ms": {"delay": 1050}}},
            "tasks.DMS+unseen~timing.timing_ms.delay of 1050 ms", "so that it would be cut short"),
    Mistake("no such argument", {f"{FIGURE_1}.unseen": True, "tasks.CXT.unseen.noise": {"arguments": {"noise": 2}}},
            "tasks.CXT+unseen~noise.arguments", "sigma"),
    Mistake("one trial", {"tasks.pattern_generation.unseen": {"timing": {"timing_ms": {"trial": 100}}}},
            "tasks.pattern_generation.unseen has no effect", "remove it"),
]  # fmt: skip

FOLLOWING = [
    Mistake("no start", {f"{FOLLOWED}.follow.iterations": [10, 30]}, f"{FOLLOWED}.follow.iterations lacks 0", "add it"),
    Mistake("unknown seed", {f"{FOLLOWED}.follow.seeds": [0, 10]}, f"{FOLLOWED}.follow.seeds names 10",
            "name seeds of it"),
    Mistake("seeds not of the list", {f"{FOLLOWED}.seeds": [3, 4, 5], f"{FOLLOWED}.follow.seeds": [0, 4, 9]},
            f"{FOLLOWED}.follow.seeds names 0, 9, which {FOLLOWED}.seeds does not have", "name seeds of it"),
    Mistake("no iterations", {f"{FOLLOWED}.follow.iterations": []}, f"{FOLLOWED}.follow.iterations is []", "at least"),
    Mistake("start alone", {f"{FOLLOWED}.follow.iterations": [0]}, f"{FOLLOWED}.follow.iterations is [0]",
            "give at least 2 entries"),
    Mistake("no seeds", {f"{FOLLOWED}.follow.seeds": []}, f"{FOLLOWED}.follow.seeds is []", "give at least 1"),
    Mistake("iterations missing", {f"{FOLLOWED}.follow": {"seeds": [0]}}, f"{FOLLOWED}.follow lacks iterations", "add"),
    Mistake("unknown key", {f"{FOLLOWED}.follow.seed": [0]}, f"{FOLLOWED}.follow has an", "did you mean 'seeds'?"),
    Mistake("twice", {f"{FOLLOWED}.follow.iterations": [0, 10, 10]}, f"{FOLLOWED}.follow.iterations names 10 twice",
            "remove one"),
    Mistake("quantity", {f"{FOLLOWED}.follow.quantities": ["kernel_alignement"]}, f"{FOLLOWED}.follow.quantities[0] is",
            "did you mean 'kernel_alignment'?"),
    Mistake("no quantities", {f"{FOLLOWED}.follow.quantities": []}, f"{FOLLOWED}.follow.quantities is []", "at least"),
    Mistake("singular values of a first layer",
            {f"{LINEAR}.follow": {"iterations": [0, 5], "seeds": [0], "quantities": ["second_singular_value_change"]}},
            f"{LINEAR}.follow.quantities names second_singular_value_change, but task", "remove it"),
    Mistake("truncation of a first layer", {f"{LINEAR}.truncation": True}, f"{LINEAR}.truncation is true, but task",
            "remove it"),
    Mistake("kernel of recurrent weights of a first layer",
            {f"{LINEAR}.follow": {"iterations": [0, 5], "seeds": [0], "quantities": ["kernel_alignment_recurrent"]}},
            f"{LINEAR}.follow.quantities names kernel_alignment_recurrent, but task", "remove it"),
    out_of_range(f"{FOLLOWED}.follow.iterations", [0, -1], "at least 0"),
    out_of_range(f"{FOLLOWED}.follow.seeds", [0, -1], "at least 0"),
]  # fmt: skip

OF_GROUPS = [
    Mistake("no groups", {f"{FIGURE_2}.groups": []}, f"{FIGURE_2}.groups is []", "give at least 1"),
    Mistake("unknown key", {f"{FIGURE_2}.groups": [group(sizes=[3])]}, f"{FIGURE_2}.groups[0] has an unknown key",
            "did you mean 'size'?"),
    Mistake("parameter twice", {f"{FIGURE_2}.groups": [group(), group(task=["CXT"])]},
            f"{FIGURE_2}.groups[1] repeats task of {FIGURE_2}.grid", "keep it in one of the two"),
    Mistake("structure missing", {f"{FIGURE_2}.groups": [group(), {"size": [100]}]},
            f"{FIGURE_2}.groups[1] lacks structure", "add a list of names"),
    Mistake("structure of a grid missing", {f"{GRID}.structure": REMOVED}, f"{GRID} lacks structure", "add a list"),
    Mistake("unknown structure", {f"{FIGURE_2}.groups": [group(structure=["gaussian", "dales"])]},
            f"{FIGURE_2}.groups[0].structure names structure 'dales'", "did you mean 'dale'?"),
    Mistake("rank missing", {f"{FIGURE_2}.groups": [group(structure=["gaussian", "svd_truncation"])]},
            f"{FIGURE_2}.groups[0] lacks rank", "add a list of values"),
    Mistake("rank above size", {f"{FIGURE_2}.groups": [group(9, structure=["gaussian", "svd_truncation"], rank=[10])]},
            f"{FIGURE_2}.groups[0].rank has 10", "the 9 units of the network"),
    Mistake("one structure", {f"{FIGURE_2}.groups": [group(structure=["dale"])]},
            f"{FIGURE_2}.groups[0].structure has one value", "give at least two"),
    Mistake("size of the connectome", {f"{FIGURE_2}.groups": [group(100, structure=["gaussian", "connectome"])]},
            f"{FIGURE_2}.groups[0].size is 100", "give it a group with size: [198]"),
    Mistake("usual size", {"experiments.figure_19.grid.size": REMOVED}, "experiments.figure_19.grid.size is 300",
            "the 198 cells of connectome 'v1_column'; give it a group with size: [198]"),
    Mistake("size of another source", {f"{V1}.source": "synthetic"} | selection(cells=50),
            f"{FIGURE_2}.groups[1].size is 198", "give it a group with size: [50]"),
    Mistake("compare of a group", {f"{FIGURE_2}.compare": "rank"}, f"{FIGURE_2}.compare is 'rank'",
            "choose one of"),
    Mistake("signs of a shuffle that mixes them", {"structures.connectome_shuffled.signs_held": True},
            "structures.connectome_shuffled.signs_held has no meaning for shuffle: values_on_mask", "remove it"),
    Mistake("no excitatory unit", {"structures.dale.excitatory_fraction": 0.001, "experiments_to_build": ["figure_2"]},
            "structures.dale.excitatory_fraction is 0.001, which leaves 0 of", "at least one unit of each"),
    Mistake("step of a group", {f"{FIGURE_2}.groups": [group(time_step_ms=[200])]},
            f"{FIGURE_2}.groups[0] has a time step of 200", "shorten the step"),
    Mistake("measures", {f"{FIGURE_2}.measures": ["accurracy"]}, f"{FIGURE_2}.measures[0]", "mean 'accuracy'?"),
    Mistake("no measures", {f"{FIGURE_2}.measures": []}, f"{FIGURE_2}.measures is []", "give at least 1"),
    Mistake("spectrum", {f"{FIGURE_2}.spectrum": "eigenvalue"}, f"{FIGURE_2}.spectrum is", "mean 'eigenvalues'?"),
]  # fmt: skip

LSTMS = "experiments.schuessler_figure_5"
RANKED = "experiments.schuessler_figure_5_truncation"
OF_LSTMS = [
    Mistake("entry", {"sentence_sets.treebank.entry": REMOVED}, "sentence_sets.treebank lacks entry", "add it"),
    Mistake("folder", {"sentence_sets.treebank.source": "folder"}, "sentence_sets.treebank lacks folder", "add it"),
    Mistake("idle folder", {"sentence_sets.treebank.folder": "x"}, "sentence_sets.treebank.folder has no effect",
            "remove it"),
    Mistake("vectors", {"word_vectors.random.seed": REMOVED}, "word_vectors.random lacks seed", "add it"),
    Mistake("file", {"word_vectors.random.file": "x.txt"}, "word_vectors.random.file has no effect", "remove it"),
    Mistake("task without vectors", {"tasks.SST.word_vectors": REMOVED}, "tasks.SST lacks word_vectors", "add it"),
    Mistake("unknown sentences", {"tasks.SST.sentences": "reviews"}, "tasks.SST.sentences names 'reviews'", "treebank"),
    Mistake("unknown vectors", {"tasks.SST.word_vectors": "glove"}, "tasks.SST.word_vectors names 'glove'", "random"),
    Mistake("task of a rate network", {f"{LSTMS}.grid.task": ["2AF"]}, f"{LSTMS} lacks preset", "add it"),
    Mistake("sentences in a grid", {f"{GRID}.task": ["SST"]}, f"{FIGURE_1} lacks weights, parts, measures", "add it"),
    Mistake("sentences beside others", {f"{GRID}.task": ["2AF", "SST"]}, f"{FIGURE_1} names 'SST'", "of its own"),
    Mistake("group of before", {"language_experiments": {"mine": {"task": "SST"}}}, "language_experiments is no group",
            "move its entries to experiments"),
    Mistake("preset of an LSTM", {f"{LSTMS}.preset": "reproduction"}, f"{LSTMS}.preset has no effect", "remove it"),
    Mistake("sweep of an LSTM", {f"{LSTMS}.grid.gain": [1.0]}, f"{LSTMS}.grid.gain has no effect", "remove it"),
    Mistake("compared by an LSTM", {f"{LSTMS}.compare": "rank"}, f"{LSTMS}.compare is 'rank'", "use compare: part"),
    Mistake("measure of others", {f"{LSTMS}.measures": ["accuracy"]}, f"{LSTMS}.measures names accuracy",
            "choose from frobenius_norm"),
    Mistake("measure of LSTMs", {f"{FIGURE_1}.measures": ["frobenius_norm"]}, f"{FIGURE_1}.measures names frob",
            "choose another"),
    Mistake("usual measure of LSTMs", {"statistics.measures": ["frobenius_norm"]}, "statistics.measures names frob",
            "in measures of their experiments"),
    Mistake("parts of rate networks", {f"{FIGURE_1}.parts": ["weights", "change"]}, f"{FIGURE_1}.parts has no effect",
            "remove it"),
    Mistake("no parts", {f"{LSTMS}.parts": REMOVED}, f"{LSTMS} lacks parts", "add it"),
    Mistake("one seed", {f"{LSTMS}.seeds": [4]}, f"{LSTMS}.seeds gives one seed", "give at least two"),
    Mistake("norm of a set", {f"{LSTMS}.weights": ["from_units"]}, f"{LSTMS}.weights names 'from_units'",
            "choose from weight_hh_l0"),
    Mistake("rank of a matrix", {f"{RANKED}.weights": ["weight_hh_l0"]}, f"{RANKED}.weights names 'weight_hh_l0'",
            "choose from from_units"),
    Mistake("rank of the start", {f"{RANKED}.parts": ["weights", "initial_weights"]},
            f"{RANKED}.parts names initial_weights", "choose from weights"),
    Mistake("norms and ranks", {f"{RANKED}.measures": ["rank_for_final_accuracy", "stable_rank"]},
            f"{RANKED}.measures joins", "an experiment of its own"),
    Mistake("dropout", {"lstm.dropout": 1}, "lstm.dropout is 1", "below 1"),
]  # fmt: skip

GROUPS = {
    "lstm": OF_LSTMS,
    "unknown key": UNKNOWN_KEYS, "missing key": MISSING_KEYS, "type": WRONG_TYPES, "range": RANGES, "empty": EMPTY,
    "repeated": REPEATED, "choice": CHOICES, "name": NAMES, "unknown name": UNKNOWN_NAMES,
    "combination": COMBINATIONS, "structure": STRUCTURES, "connectome": CONNECTOMES,
    "image set": IMAGE_SETS, "group": OF_GROUPS, "task": TASKS, "architecture": ARCHITECTURES, "follow": FOLLOWING,
    "repetition": REPEATING, "matched loss": MATCHED, "solutions": SOLVED, "numbers over time": NUMBERS,
    "unseen": UNSEEN, "figures": FIGURES,
}  # fmt: skip
# Mistakes of which several sentences speak, each of a place or consequence of its own.
FAR_REACHING = {
    "empty: grid", "combination: rank missing", "combination: decay_exponent missing",
    "combination: matching without effect", "combination: step above constant", "combination: short period",
    "combination: step beside a period", "combination: step of grid beside a period",
    "combination: what division cuts", "connectome: boundary without effect", "group: size of another source",
    "task: experiments.figure_3_b_condition_number.grid.condition_number 0.5", "task: kernel_trials of a task",
    "architecture: first layer of a recurrent network", "architecture: usual matching of a first layer",
    "numbers over time: short response", "numbers over time: unstable by default", "lstm: usual measure of LSTMs",
    # Others repeat the experiment.
    "combination: compare unknown", "combination: compare not in grid", "combination: compare tasks",
    "combination: rectification without leak",
    "group: compare of a group",
}  # fmt: skip
MISTAKES = {f"{group}: {mistake.name}": mistake for group, members in GROUPS.items() for mistake in members}


def test_values_of_a_compared_parameter_may_have_groups_of_their_own_with_what_covaries():
    config = copy.deepcopy(CONFIG) | {"experiments_to_build": ["figure_1"]}
    config["experiments"]["figure_1"] |= {
        "grid": {"task": ["CXT"], "structure": ["gaussian"]},
        "groups": [{"gain": [0.5], "learning_rate": [0.1]}, {"gain": [1.5], "learning_rate": [0.01]}],
        "compare": "gain",
        "covaries": ["learning_rate"],
    }
    check(config)
    del config["experiments"]["figure_1"]["covaries"]
    assert all("gain has one value" in sentence for sentence in refusals(config))


def test_tasks_of_one_kind_of_numbers_over_time_can_be_compared():
    config = copy.deepcopy(CONFIG) | {"experiments_to_build": ["figure_1"]}
    grid = {"task": ["step_response_half", "step_response_two"], "structure": ["gaussian"]}
    config["experiments"]["figure_1"] |= {"grid": grid, "compare": "task"}
    check(config)
    grid["task"].append("cosine")
    assert "tasks are not paired conditions" in refusal(config)


def test_the_shipped_configuration_passes():
    check(CONFIG, [ROOT / "config.yaml", *PAPERS])


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_one_sentence_with_place_and_cure(name):
    mistake = MISTAKES[name]
    sentences = refusals(changed(mistake.changes))
    assert any(re.search(f"{re.escape(mistake.where)}.*{re.escape(mistake.mend)}", one) for one in sentences), sentences
    if name not in FAR_REACHING:
        assert len(sentences) == 1


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file():
    """One for each group of rules; what builds on a mistake waits until it is mended."""
    config = changed(
        {
            "training.iterations": "100",
            "training.batchsize": 3,
            "probe.trials": float("nan"),
            "structures.dale.excitatory_fraction": 2,
            "tasks.2AF.sampler": "vectorized",
            "image_sets.mnist.entry": REMOVED,
            f"{GRID}.rank": [1, 301],
            "experiments.figure_18.compare": "rnk",
            "experiments.figure_18.grid.tasks": ["2AF"],
            "statistics.measures": ["accurracy"],
        }
    )
    # An experiment that builds on 2AF is not looked into, one of its own keys is.
    assert refusals(config) == [
        "structures.dale.excitatory_fraction is 2; it must be below 1",
        "tasks.2AF.sampler is 'vectorized' (did you mean 'vectorised'?); choose one of vectorised, neurogym",
        "experiments.figure_18.grid has an unknown key 'tasks': did you mean 'task'? known keys are "
        + refusals(config)[2].partition("known keys are ")[2],
        "image_sets.mnist lacks entry, which source: registry needs; add it",
        "training has an unknown key 'batchsize': did you mean 'batch_size'? known keys are learning_rate, batch_size, "
        "iterations, loss_steps, divergence_loss, final_loss_fraction, target_accuracy, stop_at_target, "
        "convergence_fraction, shared_excess, converged_excess, batching, engine, device",
        "training.iterations must be a whole number, not '100'; write it without quotes, and an exponent with point "
        "and sign (3.0e-3)",
        "probe.trials is nan; give a finite number",
        refusals(config)[-1],
    ]
    assert refusals(config)[-1].startswith("statistics.measures[0] is 'accurracy' (did you mean 'accuracy'?)")


def test_mistakes_of_a_sound_part_are_found_beside_a_broken_one():
    config = changed({"tasks.2AF.sampler": 1, "experiments.figure_9.groups": [{"size": [100], "rank": [1, 101]}]})
    assert [sentence.split(" ")[0] for sentence in refusals(config)] == [
        "tasks.2AF.sampler",
        "experiments.figure_9.groups[0].rank",
    ]
    config = changed({"training.batchsize": 3, f"{FIGURE_1}.preset": "reproducton", f"{GRID}.task": ["2AF", "CTX"]})
    names = refusals(config)
    assert [sentence.split(" ")[0] for sentence in names] == [f"{FIGURE_1}.preset", f"{GRID}.task", "training"]
    assert "did you mean 'reproduction'?" in names[0] and "did you mean 'CXT'?" in names[1]


def test_more_mistakes_than_a_reader_can_mend_at_once_are_counted():
    with pytest.raises(ConfigurationError) as caught:
        check(CONFIG | {"tasks": CONFIG["tasks"] | {f"mine_{number}": {} for number in range(25)}})
    lines = str(caught.value).splitlines()
    assert len(caught.value.sentences) == 25
    assert len(lines) == checks.MOST_SENTENCES + 1 == 21
    assert lines[0].startswith("tasks.mine_0 lacks environment")
    assert lines[-1] == "and 5 more"


JUNK = [
    None,
    True,
    "x",
    "3e-3",
    -1,
    0,
    0.5,
    1e300,
    10**30,
    float("nan"),
    [],
    {},
    [None],
    [[1]],
    {1: 2},
    "a\nb",
    [1, "a"],
]
PLACES = [path for path, _ in loading.walk(CONFIG)]


def replaced(place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    config = copy.deepcopy(CONFIG)
    group = config
    for name in place[:-1]:
        group = group[name]
    group[place[-1]] = value
    return config


@given(st.sampled_from(PLACES), st.sampled_from(JUNK))
@example(("experiments", "figure_2_leading_eigenvalue"), True)  # which others repeat
def test_junk_at_any_place_is_accepted_or_refused_in_a_sentence(place, junk):
    config = replaced(place, junk)
    try:
        check(config)
    except ConfigurationError:
        refusals(config)


@pytest.mark.parametrize("config", [None, [], "config.yaml", 3], ids=str)
def test_a_configuration_that_is_no_mapping_is_refused(config):
    assert refusal(config).startswith("the configuration must be a mapping")


@pytest.mark.parametrize("key", [1, True, None, 1.5], ids=str)
def test_a_name_that_yaml_does_not_read_as_text_is_refused(key):
    sentence = refusal(replaced(("tasks", key), CONFIG["tasks"]["2AF"]))
    assert sentence.startswith("tasks has the name ")
    assert "put it in quotes" in sentence


def test_long_lists_of_names_are_cut():
    sentence = refusal(changed({"tasks.MSI.environment": "Unheard-v0"}))
    assert re.search(r"known: AnnubesEnv-v0, .+ and \d+ more$", sentence)


# Files


def written(tmp_path: Path, text: str | bytes) -> list[Path]:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [path]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("scale: a\nprobe: {}\nscale: b\n", "mine.yaml, line 3: 'scale' stands twice"),
        ("training:\n  iterations: 1\n  iterations: 2\n", "mine.yaml, line 3: 'iterations' stands twice"),
        ("tasks: {A: 1, B: 2, A: 3}\n", "mine.yaml, line 1: 'A' stands twice"),
        ("tasks:\n  - {a: 1}\n  - {b: 1, b: 1}\n", "mine.yaml, line 3: 'b' stands twice"),
        ("tasks: {1: a, 1: b}\n", "mine.yaml, line 1: 1 stands twice"),
    ],
    ids=["top level", "group", "flow", "in a list", "number"],
)
def test_a_key_that_stands_twice_is_refused(tmp_path, text, place):
    sentence = refusal(CONFIG, written(tmp_path, text))
    assert place in sentence
    assert "remove or rename one of the two" in sentence


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("scale: paper\n\ttraining: {}\n", "mine.yaml, line 2, is not valid YAML"),
        ("scale: [paper\n", "mine.yaml, line 2, is not valid YAML"),
        ("scale: 'paper\n", "mine.yaml, line 2, is not valid YAML"),
        ("scale: paper: quick\n", "mine.yaml, line 1, is not valid YAML"),
        ("tasks: {{name}: 1}\n", "mine.yaml, line 1, is not valid YAML"),
        ("scale: !python/object:os.system paper\n", "mine.yaml, line 1, is not valid YAML"),
        ("scale: *unknown\n", "mine.yaml, line 1, is not valid YAML"),
        ("a: 1\n---\nb: 2\n", "mine.yaml, line 2, is not valid YAML"),
        ("scale: caf\xe9\n".encode("latin-1"), "mine.yaml is not valid YAML"),
        ("scale: a\x07b\n", "mine.yaml is not valid YAML"),
    ],
    ids=[
        "tab",
        "bracket",
        "quote",
        "colon",
        "unhashable",
        "tag",
        "alias",
        "documents",
        "encoding",
        "control character",
    ],
)
def test_invalid_yaml_is_refused_with_its_line(tmp_path, text, place):
    sentence = refusal(CONFIG, written(tmp_path, text))
    assert place in sentence
    assert "mend this line" in sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a:\n  seeds: 010\n", "mine.yaml, line 2: YAML reads 010 to base 8, as 8; write 10, or a text in quotes"),
        ("iterations: 1:30\n", "mine.yaml, line 1: YAML reads 1:30 to base 60, as 90; write 90, or a text in quotes"),
        ("[0, 00]", "mine.yaml, line 1: YAML reads 00 to base 8, as 0; write 0, or a text in quotes"),
    ],
    ids=["octal", "sexagesimal", "zeros"],
)
def test_whole_numbers_that_yaml_reads_to_another_base_are_refused(tmp_path, text, sentence):
    assert refusal(CONFIG, written(tmp_path, text)) == sentence


def test_all_mistakes_of_files_are_reported_at_once(tmp_path):
    found = refusals(CONFIG, written(tmp_path, "a: 010\nb: {c: 1, c: 2}\nb: 3\n"))
    assert [re.search(r"line \d+", sentence)[0] for sentence in found] == ["line 1", "line 2", "line 3"]


@pytest.mark.parametrize(
    "text",
    [
        "a: 0\nb: 10\nc: 0x10\nd: '010'\ne: 0.5\n",
        "a: &base {x: 1, y: 2}\nb:\n  <<: *base\n  x: 3\n",
        "a: {x: 1}\nb: {x: 1}\n",
        "# nothing\n",
        "µm: 1\n",
    ],
    ids=["numbers", "merged mapping", "same key in two groups", "comment", "UTF-8"],
)
def test_good_yaml_passes(tmp_path, text):
    check(CONFIG, written(tmp_path, text))


def test_every_file_is_checked(tmp_path):
    assert "mine.yaml, line 2" in refusal(CONFIG, [ROOT / "config.yaml", *written(tmp_path, "a: 1\na: 2\n")])


@pytest.mark.parametrize("path", sorted([*ROOT.glob("profiles/*/*.yaml"), *ROOT.glob("tests/configs/*.yaml")]), ids=str)
def test_files_of_the_repository_have_no_repeated_key(path):
    check(CONFIG, [path])


# What is checked when


def test_all_selects_every_experiment_in_the_order_of_the_file():
    assert checks.selected(CONFIG) == list(CONFIG["experiments"])
    assert checks.selected(changed({"experiments_to_build": ["another_task", "figure_1"]})) == [
        "another_task",
        "figure_1",
    ]


def test_an_experiment_that_is_not_selected_is_not_cross_checked():
    wrong = {"experiments.another_task.grid.rank": [1, 301], "tasks.MSI.environment": "NoSuchTask-v0"}
    check(changed(wrong | {"experiments_to_build": ["figure_1"]}))
    refusal(changed(wrong | {"experiments_to_build": ["figure_1", "another_task"]}))


def test_an_experiment_that_is_not_selected_still_follows_the_schema():
    wrong = {"experiments.another_task.grid.rank": [0, 1], "experiments_to_build": ["figure_1"]}
    assert "experiments.another_task.grid.rank[0]" in refusal(changed(wrong))


@pytest.mark.parametrize(
    "changes",
    [
        {f"{GRID}.rank": [300, 1]},
        {f"{GRID}.size": [300, 400]},
        {"dynamics.time_step_ms": 200, "experiments_to_build": ["another_task"], f"{GRID}.leak": ["exponential"]},
        {f"{GRID}.time_step_ms": [20, 100], f"{GRID}.time_constant_ms": [100]},
        {f"{GRID}.time_step_ms": [0.5, 12.5]},
        {"tasks.DMS.timing_ms.delay": 0},
        {"tasks.DMS.timing_ms.delay": ["constant", 500], "tasks.DMS.sampler": "neurogym"},
        {"tasks.DMS.timing_ms.delay": [100, 300], "tasks.DMS.sampler": "neurogym", "tasks.DMS.sequence_steps": 20},
        {"tasks.2AF.arguments": {"sigma": 0.5}},
        {f"{FIGURE_1}.seeds": [3, 1]},
        {f"{FIGURE_1}.seeds": 2},
        {
            f"{GRID}.structure": ["gaussian"],
            f"{GRID}.rank": REMOVED,
            f"{GRID}.gain": [1, 2],
            f"{FIGURE_1}.compare": "gain",
        },
        {
            f"{GRID}.structure": ["gaussian", "svd_truncation"],
            f"{GRID}.rank": [30],
            f"{FIGURE_1}.compare": "structure",
        },
        # Unstructured weights stand beside every rank.
        {f"{GRID}.structure": ["gaussian", "svd_truncation"], f"{FIGURE_1}.compare": "structure"},
        {
            f"{GRID}.rectification": ["after_leak", "inside"],
            f"{GRID}.leak": ["exponential"],
            f"{FIGURE_1}.compare": "rectification",
        },
        {f"{GRID}.matching": ["frobenius", "leading_eigenvalue"], f"{FIGURE_1}.compare": "matching"},
        {"probe.kernel_trials": 320},
        {"statistics.measures": ["final_loss", "accuracy"], "figures.measures": ["accuracy"]},
        {"scale": "quick"},
        {"tasks.sMNIST.probe": {"trials": 50, "kernel_trials": 50}, "tasks.2AF.probe": {"kernel_times": "last"}},
        {f"{GRID}.readout": ["linear_layer"]},
        {f"{GRID}.task": ["romo"], f"{GRID}.readout": ["gaussian_directions"], f"{GRID}.rank": [1, 256]},
        {f"{GRID}.task": list(FRESH), f"{GRID}.rank": [1, 256]},
        {"tasks.romo.timing_ms.delay": 0, "tasks.flip_flop.timing_ms.interval": 500, "tasks.mante.noise": 0},
        {
            "tasks.mine": {
                "continuous": "step_response",
                "timing_ms": {"trial": 200, "fixation": 0, "decision": 200},
                "target_value": -3,
            }
        },
        {"tasks.linear_20.defaults.readout": "normal", f"{LINEAR}.grid.readout": REMOVED},
        {f"{LINEAR}.grid.rank": [1, 20]},
        {"tasks.MNIST.images": "digits", "tasks.MNIST.held_out": 300},
        {f"{FOLLOWED}.follow.iterations": [0, 7], f"{FOLLOWED}.seeds": [3, 4], f"{FOLLOWED}.follow.seeds": [4]},
        {f"{SMNIST}.follow": {"iterations": [0, 99999], "seeds": [0]}},
        {f"{V1}.source": "synthetic"},
        {f"{FIGURE_2}.groups": REMOVED, f"{FIGURE_2}.grid.structure": ["gaussian", "dale_held"]},
        {"structures.connectome.signs_held": True, "structures.connectome_shuffled_signs_kept.signs_held": False},
        own_connectome(LAYOUT),
        own_connectome(LAYOUT | {"sign": "connection_class", "class": "kind", "excitatory": ["E"], "mirror": True}),
        own_connectome(LAYOUT | {"header": False, "presynaptic": 1, "postsynaptic": 2, "weight": 3}),
        own_connectome(LAYOUT | {"keep_connections": {"kind": ["E", 1]}, "mirror": {"kind": "E"}, "missing": "drop"}),
        own_connectome(MATRIX),
        own_connectome(MATRIX | {"labels": "first_row_and_column", "isolated": "keep", "without_outputs": "drop"}),
        own_connectome(LAYOUT | {"depth_um": "depth"}, cells="cells.csv"),
        selection("between", boundary=350.0),
        selection("boundary", "between", by="strength"),
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_a_sensible_change_passes(changes):
    changes = dict(changes)
    if "dynamics.time_step_ms" in changes or f"{FIGURE_1}.compare" in changes:  # others have its tasks, or repeat it
        changes["experiments_to_build"] = ["figure_1"]
    if "dynamics.time_step_ms" in changes:
        every = {task: dict.fromkeys(CONFIG["tasks"][task]["timing_ms"], 200) for task in ("2AF", "DMS", "CXT")}
        changes |= {f"tasks.{task}.timing_ms": timing for task, timing in every.items()}
    check(changed(changes))


# Any experiment

SWEPT = {
    "rank": [1, 2, 20, 100, 300],
    "decay_exponent": [0.5, 4.0, 16.0],
    "condition_number": [1.0, 10.0],
    "matching": ["frobenius", "leading_eigenvalue"],
    "size": [100, 198, 300],
    "gain": [0.5, 1.5],
    "readout": list(rate_network.READOUTS),
    "leak": list(rate_network.LEAKS),
    "rectification": list(rate_network.RECTIFICATIONS),
    "time_step_ms": [20.0, 30.0, 100.0, 150.0],
    "time_constant_ms": [100.0, 200.0],
    "learning_rate": [0.001, 0.01],
    "momentum": [0.0, 0.9],
    "batch_size": [1, 32],
    "iterations": [1, 10000],
}


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


@st.composite
def combinations(draw):
    """An experiment of tasks, structures and swept parameters: in two of three cases those that a task can have."""
    tasks_, names, swept = sorted(CONFIG["tasks"]), sorted(CONFIG["structures"]), sorted(SWEPT)
    tasks_.remove("SST")  # of LSTMs, which have no structures
    if draw(st.integers(0, 2)):
        tasks_ = [draw(st.sampled_from(tasks_))]
        task = registry.named(CONFIG["tasks"], tasks_[0])
        fitting = task.architecture
        names = [name for name in names if fitting in kind_of(name).architectures]
        swept = [
            name for name in swept
            if (name != "readout" or fitting == "feedforward")
            and (name != "condition_number" or task.has_teacher)
            and name not in structure_parameters()
        ]  # fmt: skip
    grid = {"task": draw(some(tasks_)), "structure": draw(some(names))}
    needed = {kind_of(name).parameter for name in grid["structure"]} - {None}
    if draw(st.integers(0, 9)) == 0:
        needed = set()
    grid |= {name: draw(some(SWEPT[name])) for name in sorted(needed | set(draw(some(swept))))}
    several = [name for name in grid if len(grid[name]) > 1 and name != "task"] or sorted(grid)
    return {
        "title": "Anything", "source": "no paper", "preset": draw(st.sampled_from(sorted(CONFIG["presets"]))),
        "grid": grid, "compare": draw(st.sampled_from(several)), "seeds": 2,
    }  # fmt: skip


def kind_of(structure):
    return KINDS_OF_STRUCTURES[CONFIG["structures"][structure]["kind"]]


def test_any_task_structure_and_swept_parameter_expand_to_runs_or_are_refused_in_a_sentence():
    outcomes = {"runs": 0, "refused": 0}

    @settings(max_examples=200, deadline=None)
    @given(combinations())
    def try_one(experiment):
        config = CONFIG | {"experiments_to_build": ["mine"], "experiments": {"mine": experiment}}
        try:
            check(config)
        except ConfigurationError as error:
            for sentence in error.sentences:
                assert "\n" not in sentence and 20 < len(sentence) < 400
            outcomes["refused"] += 1
            return
        runs = grids.runs(config, "mine")
        assert len({paths.run_path(run) for run in runs}) == len(runs) >= 4
        names = grids.arms(config, "mine")
        for _, places in strata.of(runs, names):
            assert len({runs[place][experiment["compare"]] for place in places}) > 1
        for run in runs:
            assert registry.named(config["tasks"], run["task"]).steps(run["time_step_ms"]) >= 1
            assert parameters.run_of_row(run) == run
        assert grids.rank_comparisons(config, ["mine"]).keys() <= {"mine"}
        outcomes["runs"] += 1

    try_one()
    assert min(outcomes.values()) >= 10  # neither side is idle


# Schema, library and documentation agree


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in node:
        own = {key: value for key, value in node.items() if key != "$ref"}
        return SCHEMA["$defs"][node["$ref"].removeprefix("#/$defs/")] | own
    return node


def keys(node: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Every key of the schema with its own schema; * stands for a name that the user gives."""
    node = resolved(node)
    if path:
        yield path, node
    for name, inner in node.get("properties", {}).items():
        yield from keys(inner, (*path, name))
    if isinstance(node.get("additionalProperties"), Mapping) and "properties" in node["additionalProperties"]:
        yield from keys(node["additionalProperties"], (*path, "*"))


KEYS = dict(keys(SCHEMA))
LEAVES = {path: node for path, node in KEYS.items() if not any(path == other[: len(path)] != other for other in KEYS)}


def choices(*path: str) -> tuple[str, ...]:
    node = KEYS[path]
    return tuple(resolved(node.get("items", node))["enum"])


@pytest.mark.parametrize("name", schema.DECLARED)
def test_a_schema_is_itself_valid(name):
    jsonschema.Draft202012Validator.check_schema(schema.schema(name))


def test_editors_find_no_mistake_in_what_ships():
    """The schema knows no rules that join keys, and needs no key of a file that others complete."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(CONFIG)] == []
    assert not validator.is_valid(changed({"training.iterations": "100"}))


def test_the_schema_walk_finds_keys_of_every_level():
    assert len(LEAVES) > 60
    assert {("scale",), ("presets", "*", "gain"), ("experiments", "*", "grid", "rank"), ("recheck", "seed")} <= set(
        LEAVES
    )


@pytest.mark.parametrize(
    ("path", "table"),
    [
        (("structures", "*", "kind"), KINDS_OF_STRUCTURES),
        (("structures", "*", "entries"), ENTRIES),
        (("structures", "*", "blocks"), cell_types.BLOCKS),
        (("structures", "*", "shuffle"), SHUFFLES),
        (("experiments", "*", "spectrum"), spectrum_panel.SPECTRA),
        (("connectivity", "matching"), MATCHINGS),
        (("experiments", "*", "grid", "matching"), MATCHINGS),
        (("presets", "*", "leak"), rate_network.LEAKS),
        (("experiments", "*", "grid", "leak"), rate_network.LEAKS),
        (("presets", "*", "rectification"), rate_network.RECTIFICATIONS),
        (("experiments", "*", "grid", "rectification"), rate_network.RECTIFICATIONS),
        (("tasks", "*", "semantics"), neurogym_environments.SEMANTICS),
        (("tasks", "*", "sampler"), neurogym_trials.SAMPLERS),
        (("training", "loss_steps"), backpropagation.LOSS_STEPS),
        (("connectivity", "readout"), rate_network.READOUTS),
        (("experiments", "*", "grid", "readout"), rate_network.READOUTS),
        (("tasks", "*", "defaults", "readout"), rate_network.READOUTS),
        (("tasks", "*", "defaults", "rectification"), rate_network.RECTIFICATIONS),
        (("tasks", "*", "presentation"), image_trials.PRESENTATIONS),
        (("tasks", "*", "continuous"), time_series.KINDS),
        (("tasks", "*", "target"), time_series.FLIP_FLOP_TARGETS),
        (("structures", "*", "features"), TASK_VECTORS),
        (("training", "device"), devices.DEVICES),
        (("statistics", "measures"), TESTED | dict.fromkeys(OF_LSTMS_ALONE)),
        (("figures", "measures"), TESTED | dict.fromkeys(OF_LSTMS_ALONE)),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) and "*" in value else None,
)
def test_choices_of_the_schema_are_those_of_the_library(path, table):
    assert sorted(choices(*path)) == sorted(table)


def test_measures_of_the_schema_are_those_after_training_and_the_final_loss():
    # Training changes what the kernel is like; of its start only the initial weights are tested.
    of_start = {name for name in on_probe.MEASURES if name.endswith("_initial")}
    tested = set(on_probe.MEASURES) - {name for name in of_start if "kernel" in name} - {"guess_accuracy"}
    tested |= {
        "final_loss",
        "convergence_iterations",
        "kernel_task_alignment_iterations",
        *after_training.MEASURES,
    }  # columns of runs.parquet beside the measures
    assert tested <= set(experiment_tables.RUN_COLUMNS)
    tested |= set(solutions.MEASURES) | set(unseen.MEASURES)  # columns of the experiments that ask for them
    for path in (("statistics", "measures"), ("figures", "measures"), ("experiments", "*", "measures")):
        assert set(choices(*path)) == tested | set(OF_LSTMS_ALONE)


def test_structure_options_of_the_schema_are_those_of_the_library():
    options = {option for structure in KINDS_OF_STRUCTURES.values() for option in structure.Options.model_fields}
    assert set(SCHEMA["properties"]["structures"]["additionalProperties"]["properties"]) == options | {
        "kind",
        "signs_held",
    }
    needed = {structure.parameter for structure in KINDS_OF_STRUCTURES.values()} - {None}
    assert structure_parameters() == needed
    assert needed <= set(KEYS[("experiments", "*", "grid")]["properties"])


def test_every_grid_parameter_is_a_parameter_of_a_run_with_a_label():
    grid = set(KEYS[("experiments", "*", "grid")]["properties"])
    # The architecture follows from the task, and all runs have the engine of the training settings.
    assert grid == set(parameters.PARAMETERS) - {"seed", "architecture", "engine"}
    assert all(parameter.label for parameter in parameters.PARAMETERS.values())


def test_compiled_passes_are_refused_where_they_cannot_run(monkeypatch, tmp_path):
    on_gpu = {"training.engine": "compiled", "training.device": "cuda", "training.batching": "condition"}
    assert "training.engine is 'compiled', which computes on the CPU" in refusal(changed(on_gpu))
    monkeypatch.setattr(compiled_library, "folders", lambda: (tmp_path,))
    monkeypatch.setenv("CC", "no such compiler")
    compiled_library.passes.cache_clear()
    said = refusal(changed({"training.engine": "compiled"}))
    compiled_library.passes.cache_clear()
    assert "there is no C compiler here; install a C compiler" in said and "set training.engine to torch" in said


def test_environments_of_the_paper_are_those_of_the_library():
    assert tuple(neurogym_environments.PAPER_ENVIRONMENTS) == environment.PAPER_ENVIRONMENTS


def test_no_scale_can_take_a_folder_of_the_results():
    rules = "".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    folders = set(re.findall(r"\{RESULTS\}/([a-z_]+)/", rules))
    assert len(folders) > 4
    assert set(rules_across.RESULT_FOLDERS) == folders | {"reference", *(model.folder for model in MODELS.values())}


@pytest.mark.parametrize("path", [path for path in KEYS if path[-1] != "*"], ids=".".join)
def test_every_key_of_the_schema_has_a_description(path):
    assert len(KEYS[path].get("description", "")) > 5


def test_every_group_of_the_schema_is_closed():
    for path, node in {(): SCHEMA, **KEYS}.items():
        if "properties" in node:
            assert node["additionalProperties"] is False, path
        entries = node.get("additionalProperties")
        if isinstance(entries, Mapping) and "properties" in entries:
            assert entries["additionalProperties"] is False, path


# Keys that stand in config.yaml, but not in each of its entries.
OPTIONAL = {
    "covaries", "draw", "entries", "entry", "groups", "measures", "parts", "preset", "quantities", "unseen",
    "signs_held", "spectrum", "truncation", "weights", "matched_loss", "solutions", "stands_for", "paper_shows",
}  # fmt: skip
OPTIONAL |= {"figure", *Figure.model_fields}
OPTIONAL |= {option for structure in KINDS_OF_STRUCTURES.values() for option in structure.Options.model_fields}
# Keys that config.yaml has no use for: of tasks, of sources of a connectome that it does not take, of copies of images.
ABSENT = {"arguments", "sequence_steps", "release", "file", "folder"}
# Defaults of tasks that need no others than the general ones.
UNUSED = {("tasks", "*", "defaults", "readout"), ("connectomes", "*", "cave", "stands_for")}
# The papers show how effects change over a swept number in panels beside each other.
UNUSED |= {("experiments", "*", "figure", "interactions")}


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_every_key_of_the_schema_stands_in_config_yaml(path):
    def values(config, rest):
        if not rest:
            return [config]
        names = config if rest[0] == "*" else [rest[0]] if rest[0] in config else []
        return [value for name in names for value in values(config[name], rest[1:])]

    if "grid" in path or ABSENT & set(path) or path in UNUSED:
        return
    if path[0] != "statistics" and path[0] != "figures" and (path[-1] in OPTIONAL or path[0] == "tasks"):
        assert values(CONFIG, path)
    else:
        parents = values(CONFIG, path[:-1])
        assert len(values(CONFIG, path)) == len(parents) > 0


def workflow_text() -> str:
    files = [*(ROOT / "workflow" / "rules").glob("*.smk"), *(ROOT / "workflow" / "scripts").rglob("*.py")]
    read = [path.read_text() for path in files if path.parent.name != "configuration"]
    return "\n".join([*read, inspect.getsource(rules_across.selected)])


WORKFLOW = workflow_text()


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_every_key_of_the_schema_is_read_by_the_workflow(path):
    # Coordinates are read one after the other.
    name = "xyz" if path[-2:-1] == ("format",) and path[-1] in ("x", "y", "z") else path[-1]
    # Options of structures are fields of their models, and go into functions by their names.
    option = rf"|\n +{name}: \w+.* = Field\(" if path[0] == "structures" else ""
    assert re.search(rf"""["'/]{name}["']{option}""", WORKFLOW), f"nothing reads {'.'.join(path)}"
