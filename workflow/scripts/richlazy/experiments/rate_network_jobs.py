"""Planning of experiments with rate networks: what the jobs of each stage read, are told and ask of a cluster."""

from collections.abc import Mapping, Sequence
from typing import Any

from richlazy.experiments import expansions, grids, paths, resources, solution_pairs, trials, unseen_probes
from richlazy.experiments.grids import arms, runs
from richlazy.experiments.parameters import Run
from richlazy.measures.at_matched_loss import LEVELS
from richlazy.measures.disturbance import DRAWS
from richlazy.measures.kernel_cost import KernelShape
from richlazy.training import rules

__all__ = [
    "arms",
    "kept_in_training",
    "measuring_inputs",
    "measuring_need",
    "measuring_settings",
    "runs",
    "seconds",
    "tabulating_settings",
    "training_inputs",
    "training_need",
    "training_settings",
]  # fmt: skip

# Regular expression of the paths of runs, and the run of one.
RUN_PATH = paths.PATTERNS["run"]
run_of_path = paths.parse

Config = Mapping[str, Any]

# Channels of an input, few beside the units; they count for networks of one step alone.
CHANNELS = 3

_TRAINING = (
    "divergence_loss", "final_loss_fraction", "device", "loss", "loss_steps", "target_accuracy", "stop_at_target",
    "convergence_fraction", "curve_points",
)  # fmt: skip

# By group, what decides whether a run has learned its task.
_LEARNED = {"training": ("converged_excess",), "statistics": ("converged_accuracy_deficit", "failed_share")}


def structured_weights_file(run: Run) -> str:
    """File, below the results, of the initial weights of a run that have its structure."""
    layer = "input" if run["architecture"] == "feedforward" else "recurrent"
    return f"connectivity/{paths.connectivity_path(run)}/{layer}_initial.npy"


def training_inputs(config: Config, runs: Sequence[Run]) -> dict[str, list[str]]:
    """Files, below the results, from which networks are trained: weights with the structure, trials, and their task."""
    return {
        "structured": [structured_weights_file(run) for run in runs],
        # Where not the seed decides them.
        "input_weights": [
            f"connectivity/{paths.connectivity_path(run)}/input_initial.npy"
            for run in runs
            if grids.is_teacher_aligned(config, run["structure"])
        ],
        "inputs": [f"trials/{paths.batches_path(run)}/inputs.npy" for run in runs],
        "targets": [f"trials/{paths.batches_path(run)}/targets.npy" for run in runs],
        "description": [f"trials/{paths.batches_path(run)}/description.json" for run in runs],
    }


def training_settings(config: Config, runs: Sequence[Run]) -> dict[str, Any]:
    """How networks are trained."""
    training = trials.task_of(config, runs[0]).of_training(config["training"])
    structure = config["structures"][runs[0]["structure"]]
    return {
        **{key: training[key] for key in _TRAINING},
        # A rule that draws noise for each update draws it on the CPU.
        **({"device": "cpu"} if rules.rule(runs[0]["rule"]).is_random else {}),
        "signs_held": structure.get("signs_held", False),
    }


def kept_in_training(config: Config, run: Run, iterations: Sequence[int], matched: bool) -> dict[str, Any]:
    """What training is told of a run beside its parameters: what it is to keep of its way, if anything.

    Args:
        config: the configuration.
        run: the network.
        iterations: at which it is followed.
        matched: whether it is compared at levels of its loss.
    """
    task = trials.task_of(config, run)
    moments = sorted({*iterations, *task.stage_ends(run["iterations"])})
    kept: dict[str, Any] = {"snapshot_at": moments} if moments else {}
    if matched:
        training = task.of_training(config["training"])
        kept["excess_levels"] = {name: training[key] for name, key in LEVELS.items()}
    return kept


def measuring_inputs(config: Config, runs: Sequence[Run]) -> dict[str, list[str]]:
    """Files, below the results, that measuring reads beside the networks: their probes and their task."""
    return {
        "probe": [_probe_file(run, "probe.npz") for run in runs],
        "decision": [_probe_file(run, "decision.npy") for run in runs],
        "description": [_probe_file(run, "task.json") for run in runs],
    }


def measuring_settings(config: Config, sources: Mapping[str, Any], runs: Sequence[Run]) -> dict[str, Any]:
    """How networks are measured."""
    measuring = trials.task_of(config, runs[0]).of_measuring(config)
    keys = ("kernel_trials", "kernel_times", "loss", "loss_steps")
    return {key: measuring[key] for key in keys} | {"device": config["training"]["device"]}


def tabulating_settings(config: Config, name: str, followed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What the tables of an experiment are told; ``followed``: by run what of it is followed."""
    found = runs(config, name)
    asked: dict[str, Any] = {}
    # Told where it is asked for alone: other experiments are tabulated as before.
    if pairs := solution_pairs.runs(config, name):
        asked["pairs"] = pairs
    if unseen := list(unseen_probes.runs(config, name)):
        asked["unseen"] = unseen
    return {
        **asked,
        "learned": {key: config[group][key] for group, keys in _LEARNED.items() for key in keys},
        "connectomes": grids.connectome_notes(config, (run["structure"] for run in found)),
        "substitutes": grids.substitutes(config, found),
        "followed": dict(followed),
        "matched": config["experiments"][name].get("matched_loss", False),
        "swept": grids.swept_options(config, name),
        "theory": {
            "targets": expansions.predicted_targets(config, found),
            "convergence_fraction": config["training"]["convergence_fraction"],
        },
    }


def training_need(config: Config, runs: Sequence[Run], attempt: int) -> tuple[int, int]:
    """MB and minutes to train the networks of a job, on one core."""
    run, steps = runs[0], _steps(config, runs[0])
    size, batch = run["size"], run["batch_size"]
    memory = resources.training_memory_mb(size, steps, batch, _at_a_time(config, runs), attempt)
    columns = trials.task_of(config, run).columns(size)
    minutes = resources.training_minutes(size, steps, batch, run["iterations"], len(runs), attempt, columns)
    return memory + _of_cuda(config, attempt), minutes


def measuring_need(config: Config, runs: Sequence[Run], attempt: int) -> tuple[int, int]:
    """MB and minutes to measure the networks of a job, on one core."""
    kernel = kernel_shape(config, runs[0])
    memory = resources.measuring_memory_mb(kernel, _at_a_time(config, runs), attempt)
    minutes = resources.measuring_minutes(kernel, len(runs), attempt, **_asked(config, runs[0]))
    return memory + _of_cuda(config, attempt), minutes


def seconds(config: Config, runs: Sequence[Run]) -> tuple[float, float]:
    """Seconds to train and to measure the networks of a job on one core, without a margin."""
    run, steps = runs[0], _steps(config, runs[0])
    columns = trials.task_of(config, run).columns(run["size"])
    training = resources.training_seconds(run["size"], steps, run["batch_size"], run["iterations"], columns)
    measuring = resources.measuring_seconds(kernel_shape(config, run), **_asked(config, run))
    return len(runs) * training, len(runs) * measuring


def _asked(config: Config, run: Run) -> dict[str, Any]:
    """What a network answers while it is measured, and whether its fixed points are looked for."""
    task = trials.task_of(config, run)
    stages = len(task.stage_ends(run["iterations"]))
    # Before and after training, disturbed again and again, and each of several tasks after each stage.
    probes = 2 + 2 * DRAWS + (stages + 2) * len(task.parts)
    return {
        "trials": probes * task.probe(config["probe"])["trials"],
        "fixed_points": run["rectification"] == "tanh" and not task.is_feedforward,
    }


def kernel_shape(config: Config, run: Run) -> KernelShape:
    """What the cost of a tangent kernel of a run depends on."""
    task = trials.task_of(config, run)
    probe, steps = task.probe(config["probe"]), _steps(config, run)
    first = 0 if probe["kernel_times"] == "all" else steps - 1
    return KernelShape(run["size"], CHANNELS, task.outputs, probe["kernel_trials"], steps, first)


def _at_a_time(config: Config, runs: Sequence[Run]) -> int:
    """How many networks of a job are in memory together: all on a GPU, one on the CPU (devices.parts)."""
    return len(runs) if config["training"]["device"] == "cuda" else 1


def _of_cuda(config: Config, attempt: int) -> int:
    return resources.CUDA_MB * attempt if config["training"]["device"] == "cuda" else 0


def _steps(config: Config, run: Run) -> int:
    return trials.task_of(config, run).steps(run["time_step_ms"])


def _probe_file(run: Run, file: str) -> str:
    return f"trials/{paths.probe_path(run)}/{file}"
