"""Trials of tasks that ask for numbers over time.

Inputs are (T, m, N_in) and targets (T, m, N_out), both float32; targets are nan where no output is asked for. A trial
is the same however many are drawn with it: every random quantity has a stream of its own, in which trials follow each
other.

Schuessler et al. (2020) give times in units of the time constant; here a unit is 100 ms, and their step of 0.5 is 50
ms. Timing, amplitudes and masks are those of their published code where text and code differ, or the text is silent.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from richlazy.storage import seeds
from richlazy.tasks import time_series
from richlazy.tasks.samples import ProbeTrials, TrainingTrials
from richlazy.tasks.time_series import in_steps

Settings = Mapping[str, Any]

TIME_UNIT_MS = 100.0
# Size of the targets of the three tasks after neuroscience.
TARGET = 0.5
# Mean signal of context-dependent integration.
COHERENCES = np.array([-8, -4, -2, -1, 1, 2, 4, 8]) / 8
# Amplitudes of the stimuli of delayed discrimination are drawn from here.
AMPLITUDES = (0.5, 1.5)
# Weights of the sines of the pattern are drawn from here (Bellec et al. 2020, Figure S7).
SINE_WEIGHTS = (0.5, 2.0)


class Trials(NamedTuple):
    """Inputs (T, m, N_in) and targets (T, m, N_out), float32; nan in targets: no output is asked for."""

    inputs: np.ndarray
    targets: np.ndarray

    @property
    def decision(self) -> np.ndarray:
        """Whether any output is asked for, (T, m)."""
        return ~np.isnan(self.targets).all(-1)


def draw(task: Settings, time_step_ms: float, count: int, seed: int, stream: str) -> Trials:
    """Trials of a run.

    Args:
        task: its entry in the configuration.
        time_step_ms: duration of a step.
        count: number of trials m; a task of one trial has no more.
        seed: of the run.
        stream: ``trials`` or ``probe``; a task of one trial has the same for both.

    Raises:
        ValueError: where the durations leave no step at which an output is asked for.
    """
    if time_series.kind(task).one_trial:
        count, stream = 1, "trials"
    generator = GENERATORS[task["continuous"]]
    drawn = generator(task, time_step_ms, count, seeds.generator(seed, stream))
    if not drawn.decision.any(0).all():
        raise ValueError(
            f"{task['continuous']} has trials in which no output is asked for at any step of {time_step_ms:g} ms; "
            "lengthen the periods of its timing_ms"
        )
    return drawn


def batches(task: Settings, time_step_ms: float, batch_size: int, iterations: int, seed: int) -> Trials:
    """Training batches, a fresh one for each iteration, or the one trial that is all there is.

    Returns:
        inputs (batches, T, B, N_in) and targets (batches, T, B, N_out), float32.
    """
    drawn = draw(task, time_step_ms, batch_size * iterations, seed, "trials")
    stored = 1 if time_series.kind(task).one_trial else iterations
    return Trials(*(_as_batches(array, stored) for array in drawn))


def _as_batches(array: np.ndarray, count: int) -> np.ndarray:
    steps, trials, channels = array.shape
    by_trial = array.swapaxes(0, 1).reshape(count, trials // count, steps, channels)
    return np.ascontiguousarray(by_trial.swapaxes(1, 2))


def _silent(task: Settings, time_step_ms: float, count: int) -> Trials:
    """Trials without input that ask for nothing, the trial first: (m, T, ...)."""
    shape = (count, time_series.steps(task, time_step_ms))
    inputs = np.zeros((*shape, time_series.input_units(task)), np.float32)
    return Trials(inputs, np.full((*shape, time_series.outputs(task)), np.nan, np.float32))


def _in_order_of_time(trials: Trials) -> Trials:
    return Trials(*(array.swapaxes(0, 1) for array in trials))


def _lengths(task: Settings, time_step_ms: float, *periods: str) -> list[int]:
    return [in_steps(task["timing_ms"][period], time_step_ms) for period in periods]


def _durations_ms(duration: float | list[float], shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A duration for each trial: the same, or uniform in a range."""
    low, high = duration if isinstance(duration, list) else (duration, duration)
    return rng.uniform(low, high, shape)


def pattern_generation(task: Settings, time_step_ms: float, count: int, rng: np.random.Generator) -> Trials:
    """A sum of sines from frozen noise (Bellec et al. 2020, Figure S7; Liu et al. 2024, Figure 18).

    The sines have whole numbers of cycles in a trial (1, 2, 3 and 5 in 1000 ms), weights U(0.5, 2) and phases U(0, 2
    pi). Their sum starts at 0 and has a largest modulus of 1. Inputs are the spikes in each step of ``channels``
    Poisson processes of ``rate_hz``; they are the same for all time steps. Targets count at every step.
    """
    trial_ms, channels = task["timing_ms"]["trial"], task["channels"]
    weights, phases, spikes = rng.spawn(3)
    trials = _silent(task, time_step_ms, count)
    steps = trials.inputs.shape[1]
    time_ms = np.arange(steps) * time_step_ms
    cycles = np.array([trial_ms // period for period in time_series.SINE_PERIODS_MS])
    angles = 2 * np.pi * (cycles[:, None] * time_ms / trial_ms + phases.random((count, len(cycles), 1)))
    pattern = (weights.uniform(*SINE_WEIGHTS, (count, len(cycles), 1)) * np.sin(angles)).sum(1)
    pattern -= pattern[:, :1]
    trials.targets[:, :, 0] = pattern / np.abs(pattern).max(1, keepdims=True)
    for inputs in trials.inputs:
        counts = spikes.poisson(task["rate_hz"] * trial_ms / 1000, channels)
        at = (spikes.random(counts.sum()) * trial_ms / time_step_ms).astype(int)
        held = at < steps  # not in what is left of the trial after its last whole step
        np.add.at(inputs, (at[held], np.repeat(np.arange(channels), counts)[held]), 1)
    return _in_order_of_time(trials)


def flip_flop(task: Settings, time_step_ms: float, count: int, rng: np.random.Generator) -> Trials:
    """Remember the signs of pulses (Schuessler et al. 2020, Figure 1a).

    Pulses of 1 or -1 come one after the other, each in a random one of ``channels`` channels. From ``decision_delay``
    after the start of a pulse until the next pulse, ``interval`` later, all outputs are asked for.

    target:
        code: the output of the channel of the last pulse is half its sign, all others are 0, as in the published code;
        text: every output is half the sign of the last pulse in its own channel, and 0 before there is one.
    """
    trials = _silent(task, time_step_ms, count)
    channels, steps = task["channels"], trials.inputs.shape[1]
    fixation, pulse, delay = _lengths(task, time_step_ms, "fixation", "pulse", "decision_delay")
    interval, delay_ms = task["timing_ms"]["interval"], task["timing_ms"]["decision_delay"]
    shortest = in_steps(delay_ms + time_series.shortest(interval), time_step_ms)
    if shortest < 1:
        raise ValueError("flip_flop has pulses in the same step; lengthen decision_delay or interval of its timing_ms")
    shape = (count, max(0, steps - fixation - 1) // shortest + 1)
    times, places, signs = rng.spawn(3)
    waits = (_durations_ms(interval, shape, times) + delay_ms) / time_step_ms + 1e-9
    onsets = fixation + np.cumsum(waits.astype(int), 1) - waits.astype(int)
    in_channel = places.integers(channels, size=shape)[:, :, None] == np.arange(channels)
    pulses = in_channel * (2.0 * signs.integers(2, size=shape) - 1)[:, :, None]
    remembered = pulses.copy()
    for last in range(1, shape[1] if task["target"] == "text" else 0):
        remembered[:, last] = np.where(in_channel[:, last], pulses[:, last], remembered[:, last - 1])
    for step in range(fixation, steps):
        last = (onsets <= step).sum(1) - 1  # the first pulse comes at the end of the fixation
        trial = np.arange(count)
        since = step - onsets[trial, last]
        trials.inputs[:, step] = np.where((since < pulse)[:, None], pulses[trial, last], 0)
        trials.targets[:, step] = np.where((since >= delay)[:, None], TARGET * remembered[trial, last], np.nan)
    return _in_order_of_time(trials)


def mante(task: Settings, time_step_ms: float, count: int, rng: np.random.Generator) -> Trials:
    """Integrate the relevant one of two noisy signals (Schuessler et al. 2020, Figure 1b).

    Inputs are two contexts, one of which is 1 during the stimulus, and two signals: Gaussian noise at every step, of
    standard deviation ``noise`` / sqrt(step in units of 100 ms), around a coherence of 1/8, 1/4, 1/2 or 1 of either
    sign during the stimulus. The output is 0 until the end of the stimulus, and in the decision half the sign of the
    coherence in context; during the delay nothing is asked for.
    """
    fixation, stimulus, delay, _ = _lengths(task, time_step_ms, "fixation", "stimulus", "delay", "decision")
    noise, coherences, contexts = rng.spawn(3)
    trials = _silent(task, time_step_ms, count)
    shown = slice(fixation, fixation + stimulus)
    scale = np.float32(task["noise"] / np.sqrt(time_step_ms / TIME_UNIT_MS))
    trials.inputs[:, :, 2:] = noise.standard_normal((*trials.inputs.shape[:2], 2), np.float32) * scale
    coherence = coherences.choice(COHERENCES, (count, 2))
    context = contexts.integers(2, size=count)
    trials.inputs[:, shown, 2:] += coherence[:, None]
    trials.inputs[np.arange(count), shown, context] = 1
    trials.targets[:, : shown.stop] = 0
    relevant = coherence[np.arange(count), context]
    trials.targets[:, shown.stop + delay :] = TARGET * np.sign(relevant)[:, None, None]
    return _in_order_of_time(trials)


def romo(task: Settings, time_step_ms: float, count: int, rng: np.random.Generator) -> Trials:
    """Tell which of two pulses was larger (Schuessler et al. 2020, Figure 1c).

    Their amplitudes are uniform in [0.5, 1.5], at least ``minimum_difference`` apart; ``delay`` lies between them. Both
    outputs are 0 until the end of the second pulse. In the decision, ``decision_delay`` later, the first output is 0.5
    where the first pulse was larger, the second where the second was, the other 0; nothing is asked for afterwards.
    """
    fixation, stimulus, decision_delay, decision = _lengths(
        task, time_step_ms, "fixation", "stimulus", "decision_delay", "decision"
    )
    sizes, delays = rng.spawn(2)
    trials = _silent(task, time_step_ms, count)
    low, high = AMPLITUDES
    # Uniform in both triangles of the square: a difference that is not too small is put between the two.
    amplitudes = sizes.uniform(low, high - task["minimum_difference"], (count, 2))
    larger = amplitudes.argmax(1)
    amplitudes[np.arange(count), larger] += task["minimum_difference"]
    waits = _durations_ms(task["timing_ms"]["delay"], (count,), delays) / time_step_ms + 1e-9
    first = fixation
    second = first + stimulus + waits.astype(int)
    response = second + stimulus + decision_delay
    step = np.arange(trials.inputs.shape[1])
    for onset, amplitude in zip((np.full(count, first), second), amplitudes.T, strict=True):
        shown = (onset[:, None] <= step) & (step < onset[:, None] + stimulus)
        trials.inputs[:, :, 0] += shown * amplitude[:, None]
    trials.targets[step < (second + stimulus)[:, None]] = 0
    asked = (response[:, None] <= step) & (step < response[:, None] + decision)
    for output in range(2):
        trials.targets[asked, output] = np.where(larger == output, TARGET, 0).repeat(asked.sum(1))
    return _in_order_of_time(trials)


def step_response(task: Settings, time_step_ms: float, count: int, rng: np.random.Generator) -> Trials:
    """Answer a constant input with a constant output (Schuessler et al. 2020, section 3 and Figures 3 and 4).

    The input is 1 from the end of the fixation on; the output is asked for in the decision alone, which ends the trial:
    ``target_value``. Nothing is drawn.
    """
    fixation, decision = _lengths(task, time_step_ms, "fixation", "decision")
    trials = _silent(task, time_step_ms, count)
    trials.inputs[:, fixation:] = 1
    trials.targets[:, trials.targets.shape[1] - decision :] = task["target_value"]
    return _in_order_of_time(trials)


def cosine(task: Settings, time_step_ms: float, count: int, rng: np.random.Generator) -> Trials:
    """Go on as a cosine without any input (Schuessler et al. 2020, supplement).

    The original starts from a state that is the vector of input weights, and has no input. A network here starts
    silent: an input of ``input_amplitude`` = 1 / (1 - rho) at a first step, which the original does not have and at
    which nothing is asked for, leaves that state, rho being the share of a state that stays. From then on the steps are
    those of the original: targets cos(2 pi t / ``period``) from t = 0, asked for during ``loss``. Nothing is drawn.
    """
    (asked,) = _lengths(task, time_step_ms, "loss")
    trials = _silent(task, time_step_ms, count)
    trials.inputs[:, 0] = task["input_amplitude"]
    time_ms = np.arange(asked) * time_step_ms
    trials.targets[:, 1 : 1 + asked, 0] = np.cos(2 * np.pi * time_ms / task["timing_ms"]["period"])
    return _in_order_of_time(trials)


GENERATORS: dict[str, Callable[[Settings, float, int, np.random.Generator], Trials]] = {
    "pattern_generation": pattern_generation,
    "flip_flop": flip_flop,
    "mante": mante,
    "romo": romo,
    "step_response": step_response,
    "cosine": cosine,
}


def training_trials(entry: Settings, run: Mapping[str, Any], files: Mapping[str, str]) -> TrainingTrials:
    """Training trials of a run; see ``Task``."""
    return TrainingTrials(*batches(entry, run["time_step_ms"], run["batch_size"], run["iterations"], run["seed"]))


def probe_trials(entry: Settings, run: Mapping[str, Any], files: Mapping[str, str], count: int) -> ProbeTrials:
    """Probe trials of a run; see ``Task``."""
    drawn = draw(entry, run["time_step_ms"], count, run["seed"], "probe")
    inputs, targets, decision = map(np.ascontiguousarray, (*drawn, drawn.decision))
    return ProbeTrials(inputs, targets, decision, time_series.describe(entry))
