"""Trials of a task: drawn from NeuroGym, or from the same distribution by vectorised samplers.

A network sees sequences of one length. Where all trials of a task are equally long, a sequence is one
trial; otherwise trials follow each other and are cut into windows, as in NeuroGym's own data set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from neurogym.core import TrialEnv

from richlazy.storage import seeds
from richlazy.tasks import neurogym_environments
from richlazy.tasks.samples import ProbeTrials, TrainingTrials

SAMPLERS = ("vectorised", "neurogym")


@dataclass(frozen=True)
class Trials:
    """A set of sequences.

    Attributes:
        inputs: (T, m, N_in) float32.
        targets: (T, m) classes, uint8.
        decision: (T, m) booleans, the steps of the task's decision period (the last step where it has none).
    """

    inputs: np.ndarray
    targets: np.ndarray
    decision: np.ndarray


def sequence_length(env: TrialEnv, sequence_steps: int | None) -> int:
    """Steps T of a sequence: as configured, or those of a trial where all trials are equally long.

    Raises:
        ValueError: where trials vary in length and no length is configured.
    """
    if sequence_steps is not None:
        return sequence_steps
    lengths = set()
    for _ in range(20):
        env.new_trial()
        lengths.add(len(env.ob))
    if len(lengths) > 1:
        raise ValueError(
            f"trials of {type(env).__name__} last {min(lengths)} to {max(lengths)} steps: set sequence_steps "
            "of this task to the length of the windows into which they are cut"
        )
    return lengths.pop()


def from_neurogym(env: TrialEnv, count: int, seed: int, sequence_steps: int | None = None) -> Trials:
    """Draw sequences from a NeuroGym environment, one trial after the other.

    NeuroGym's ``Dataset`` fills its cache before it can be seeded, so its first trials cannot be repeated;
    here the environment is seeded before its first trial.

    Args:
        env: from ``tasks.make_environment``.
        count: number of sequences m.
        seed: of the environment's own generator, 32 bits.
        sequence_steps: T where trials vary in length, or to cut them otherwise.
    """
    steps = sequence_length(env, sequence_steps)
    env.seed(seed)
    inputs = np.empty((count * steps, env.observation_space.shape[0]), np.float32)
    targets = np.empty(count * steps, np.uint8)
    decision = np.zeros(count * steps, bool)
    filled = 0
    while filled < len(inputs):
        env.new_trial()
        start, stop = env.start_ind.get("decision", len(env.ob) - 1), env.end_ind.get("decision", len(env.ob))
        taken = min(len(env.ob), len(inputs) - filled)
        inputs[filled : filled + taken] = env.ob[:taken]
        targets[filled : filled + taken] = env.gt[:taken]
        decision[filled + min(start, taken) : filled + min(stop, taken)] = True
        filled += taken
    windows = (array.reshape(count, steps, *array.shape[1:]).swapaxes(0, 1) for array in (inputs, targets, decision))
    return Trials(*(np.ascontiguousarray(window) for window in windows))


def vectorised(env: TrialEnv, count: int, rng: np.random.Generator) -> Trials:
    """Draw trials of one of the paper's tasks all at once, from the distribution of its environment.

    Args:
        env: an environment with a sampler and fixed periods; its parameters are used.
        count: number of trials m.
        rng: the stream to draw from.

    Raises:
        ValueError: for a task without a vectorised sampler.
    """
    if not can_vectorise(env):
        raise ValueError(f"{type(env).__name__} has no vectorised sampler for these periods; use sampler: neurogym")
    periods = neurogym_environments.period_slices(env)
    length, channels = env.ob.shape
    inputs = np.zeros((length, count, channels), np.float32)
    targets = np.zeros((length, count), np.uint8)
    targets[periods["decision"]] = _SAMPLERS[type(env)](env, inputs, periods, rng)
    decision = np.zeros((length, count), bool)
    decision[periods["decision"]] = True
    return Trials(inputs, targets, decision)


def can_vectorise(env: TrialEnv) -> bool:
    """Whether a task has a vectorised sampler and fixed periods in the order of its configuration."""
    return type(env) in _SAMPLERS and neurogym_environments.has_fixed_trials(env)


def _perceptual(env, inputs, periods, rng) -> np.ndarray:
    """Fill the inputs of two-alternative forced choice with go cue; return the classes of the decisions."""
    count = inputs.shape[1]
    choice = rng.integers(len(env.choices), size=count)
    coherence = rng.choice(env.cohs, size=(count, 1))
    stimulus = inputs[periods["stimulus"], :, 1:]
    _add_noise(stimulus, env.sigma, rng)
    stimulus += neurogym_environments.ring_stimulus(env.theta, env.theta[choice][:, None], coherence)
    inputs[: periods["decision"].start, :, 0] = 1
    return choice + 1


def _match_to_sample(env, inputs, periods, rng) -> np.ndarray:
    """Fill the inputs of delayed match to sample; return the classes of the decisions."""
    count = inputs.shape[1]
    choice = rng.choice(env.choices, size=count)
    sample = rng.choice(env.theta, size=count)
    test = np.where(choice == 1, sample, sample + np.pi)
    for period, angle in (("sample", sample), ("test", test)):
        stimulus = inputs[periods[period], :, 1:]
        _add_noise(stimulus, env.sigma, rng)
        stimulus += neurogym_environments.ring_stimulus(env.theta, angle[:, None], 100.0)
    inputs[: periods["decision"].start, :, 0] = 1
    return choice


def _context(env, inputs, periods, rng) -> np.ndarray:
    """Fill the inputs of context-dependent decision making; return the classes of the decisions."""
    count, ring = inputs.shape[1], len(env.theta)
    choice = rng.choice(env.choices, size=count)
    other = rng.choice(env.choices, size=count)
    context = rng.choice(env.contexts, size=count)
    _add_noise(inputs[periods["stimulus"]], env.sigma, rng)
    for modality, first_channel in enumerate((1, 1 + ring)):
        shown = np.where(context == modality, choice, other)
        coherence = rng.choice(env.cohs, size=(count, 1))
        stimulus = inputs[periods["stimulus"], :, first_channel : first_channel + ring]
        stimulus += neurogym_environments.ring_stimulus(env.theta, env.theta[shown - 1][:, None], coherence)
    inputs[: periods["decision"].start, :, 0] += 1
    inputs[:, np.arange(count), 1 + 2 * ring + context] += 1
    return choice


def _add_noise(stimulus: np.ndarray, sigma: float, rng: np.random.Generator) -> None:
    stimulus += rng.standard_normal(stimulus.shape, dtype=np.float32) * np.float32(sigma)


_SAMPLERS: dict[type, Callable[..., np.ndarray]] = {
    neurogym_environments.GoCuePerceptualDecisionMaking: _perceptual,
    neurogym_environments.DelayMatchSample: _match_to_sample,
    neurogym_environments.CuedContextDecisionMaking: _context,
}


def draw(env: TrialEnv, count: int, seed: int, stream: str, sampler: str, sequence_steps: int | None = None) -> Trials:
    """Draw sequences of a run with the configured sampler.

    Args:
        env: from ``tasks.make_environment``.
        count: number of sequences.
        seed: of the run.
        stream: name of the random stream, ``trials`` or ``probe``.
        sampler: ``vectorised`` or ``neurogym``.
        sequence_steps: for tasks whose trials vary in length.
    """
    if sampler == "neurogym":
        return from_neurogym(env, count, seeds.legacy_seed(seed, stream), sequence_steps)
    if sampler == "vectorised":
        return vectorised(env, count, seeds.generator(seed, stream))
    raise ValueError(f"unknown sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}")


def as_batches(array: np.ndarray, iterations: int, batch_size: int) -> np.ndarray:
    """Sequences (T, iterations * B, ...) as batches (iterations, T, B, ...)."""
    steps = array.shape[0]
    batches = array.reshape(steps, iterations, batch_size, *array.shape[2:]).swapaxes(0, 1)
    return np.ascontiguousarray(batches)


def training_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str]) -> TrainingTrials:
    """Training trials of a run, a fresh batch for each iteration; see ``Task``."""
    shape = (run["iterations"], run["batch_size"])
    drawn = _draw(_environment(entry, run), entry, run, shape[0] * shape[1], "trials")
    return TrainingTrials(as_batches(drawn.inputs, *shape), as_batches(drawn.targets, *shape))


def probe_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str], count: int) -> ProbeTrials:
    """Probe trials of a run; see ``Task``."""
    env = _environment(entry, run)
    drawn = _draw(env, entry, run, count, "probe")
    return ProbeTrials(drawn.inputs, drawn.targets, drawn.decision, neurogym_environments.describe(env))


def _environment(entry: Mapping[str, Any], run: Mapping[str, Any]) -> TrialEnv:
    return neurogym_environments.make_environment(
        entry["environment"], entry["semantics"], run["time_step_ms"], entry["timing_ms"], entry.get("arguments")
    )


def _draw(env: TrialEnv, entry: Mapping[str, Any], run: Mapping[str, Any], count: int, stream: str) -> Trials:
    return draw(env, count, run["seed"], stream, entry["sampler"], entry.get("sequence_steps"))
