"""Tasks as NeuroGym environments, with the semantics of the version that the paper used.

NeuroGym changed its tasks after the paper: since 2.1 the fixation channel of two tasks no longer marks
the time to answer, and the context task has no context channels unless asked. ``paper`` semantics
restore the trials of version 0.0.2 on the installed NeuroGym; ``installed`` takes its tasks as they are.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from neurogym.core import TrialEnv
from neurogym.envs.native.contextdecisionmaking import ContextDecisionMaking
from neurogym.envs.native.delaymatchsample import DelayMatchSample
from neurogym.envs.native.perceptualdecisionmaking import PerceptualDecisionMaking
from neurogym.envs.registration import make
from scipy import stats

SEMANTICS = ("paper", "installed")


class GoCuePerceptualDecisionMaking(PerceptualDecisionMaking):
    """Two-alternative forced choice whose fixation channel is 1 until the decision: its fall is the go cue."""

    def _new_trial(self, **kwargs):
        trial = {"ground_truth": self.rng.choice(self.choices), "coh": self.rng.choice(self.cohs)} | kwargs
        stimulus = ring_stimulus(self.theta, self.theta[trial["ground_truth"]], trial["coh"])
        self.add_period(["fixation", "stimulus", "delay", "decision"])
        self.add_ob(1, period=["fixation", "stimulus", "delay"], where="fixation")
        self.add_ob(stimulus, period="stimulus", where="stimulus")
        self.add_randn(0, self.sigma, period="stimulus", where="stimulus")
        self.set_groundtruth(trial["ground_truth"], period="decision", where="choice")
        return trial


class CuedContextDecisionMaking(ContextDecisionMaking):
    """Context-dependent decision with go cue, two context channels, and noise on all seven channels."""

    def __init__(self, dt: int = 100, **arguments):
        super().__init__(dt=dt, use_expl_context=True, **arguments)

    def _new_trial(self, **kwargs):
        trial = {
            "ground_truth": self.rng.choice(self.choices),
            "other_choice": self.rng.choice(self.choices),
            "context": self.rng.choice(self.contexts),
            "coh_1": self.rng.choice(self.cohs),
            "coh_2": self.rng.choice(self.cohs),
        } | kwargs
        choices = [trial["ground_truth"], trial["other_choice"]]
        if trial["context"] == 1:
            choices.reverse()
        self.add_period(["fixation", "stimulus", "delay", "decision"])
        self.add_ob(1, where="fixation")
        for modality, choice, coherence in zip((1, 2), choices, (trial["coh_1"], trial["coh_2"]), strict=True):
            stimulus = ring_stimulus(self.theta, self.theta[choice - 1], coherence)
            for place, value in enumerate(stimulus, start=1):
                self.add_ob(value, "stimulus", where=f"stim{place}_mod{modality}")
        self.add_randn(0, self.sigma, "stimulus")
        self.set_ob(0, "decision")
        self.add_ob(1, where=f"context{trial['context'] + 1}")
        self.set_groundtruth(trial["ground_truth"], "decision")
        return trial


def ring_stimulus(preferred_angles: np.ndarray, angle: np.ndarray | float, coherence: np.ndarray | float):
    """Mean input of channels on a ring: cos(preferred - angle) * coherence / 200 + 0.5, coherence in per cent."""
    return np.cos(preferred_angles - angle) * (np.asarray(coherence) / 200) + 0.5


# Delayed match to sample has not changed since the paper.
PAPER_ENVIRONMENTS: dict[str, type[TrialEnv]] = {
    "PerceptualDecisionMaking-v0": GoCuePerceptualDecisionMaking,
    "DelayMatchSample-v0": DelayMatchSample,
    "ContextDecisionMaking-v0": CuedContextDecisionMaking,
}


def make_environment(
    environment: str,
    semantics: str,
    time_step_ms: float,
    timing_ms: Mapping[str, Any],
    arguments: Mapping[str, Any] | None = None,
) -> TrialEnv:
    """A NeuroGym environment that gives one trial of observations and classes at a time.

    Args:
        environment: NeuroGym's id, such as ``PerceptualDecisionMaking-v0``.
        semantics: ``paper`` or ``installed``.
        time_step_ms: duration of a step.
        timing_ms: duration of each period of a trial, as NeuroGym takes it.
        arguments: further keyword arguments of the environment.

    Raises:
        ValueError: for an unknown id, arguments or timing that the task does not take, or a task
            without observations in one row of channels and classes as targets.
    """
    if semantics not in SEMANTICS or (semantics == "paper" and environment not in PAPER_ENVIRONMENTS):
        raise ValueError(
            f"task {environment!r} has no semantics {semantics!r}: paper is for {', '.join(PAPER_ENVIRONMENTS)}, "
            "installed for all"
        )
    keywords: dict[str, Any] = {"dt": time_step_ms, "timing": dict(timing_ms), **(arguments or {})}
    try:
        constructor = PAPER_ENVIRONMENTS[environment] if semantics == "paper" else partial(make, environment)
        env = constructor(**keywords).unwrapped
        periods = constructor(dt=time_step_ms, **(arguments or {})).unwrapped.timing
        env.new_trial()
    except Exception as error:
        raise ValueError(
            f"NeuroGym cannot make task {environment!r} with {keywords}: {error}; "
            "check environment, timing_ms and arguments of this task in the configuration"
        ) from error
    unknown = [period for period in timing_ms if period not in periods]
    if unknown:
        raise ValueError(f"task {environment!r} has no period {', '.join(unknown)}; it has {', '.join(periods)}")
    if env.observation_space.shape is None or len(env.observation_space.shape) != 1 or not hasattr(env, "gt"):
        raise ValueError(f"task {environment!r} has no row of observation channels with a class for every step")
    if not hasattr(env.action_space, "n"):
        raise ValueError(f"task {environment!r} has no classes as targets: its actions are {env.action_space}")
    if np.max(env.gt) >= env.action_space.n:
        raise ValueError(
            f"task {environment!r} has targets beyond its {env.action_space.n} actions; no class fits them"
        )
    return env


@dataclass(frozen=True)
class Ceiling:
    """What the best possible observer reaches on a task.

    Attributes:
        loss: mean cross-entropy over all steps of a trial, nats.
        accuracy: share of correct decisions.
    """

    loss: float
    accuracy: float


def bayes_ceiling(env: TrialEnv) -> Ceiling | None:
    """Loss floor and accuracy ceiling of the paper's tasks, or None where no formula is known.

    Only the decision costs: at all other steps the target is certain. With two channels on a ring all
    evidence is in the difference of the channels, summed over the stimulus.
    """
    formula = _CEILINGS.get(type(env))
    if formula is None or len(env.theta) != 2 or not has_fixed_trials(env):
        return None
    decision_loss, accuracy = formula(env)
    decision = period_slices(env)["decision"]
    return Ceiling(decision_loss * (decision.stop - decision.start) / len(env.ob), accuracy)


def period_slices(env: TrialEnv) -> dict[str, slice]:
    """Steps of each period of a task whose periods are fixed, as NeuroGym lays out its trials."""
    env.new_trial()
    return {period: slice(env.start_ind[period], env.end_ind[period]) for period in env.start_ind}


def has_fixed_trials(env: TrialEnv) -> bool:
    """Whether every trial of a task has the same periods."""
    return all(isinstance(duration, (int, float)) for duration in env.timing.values())


def _steps(env: TrialEnv, period: str) -> int:
    where = period_slices(env)[period]
    return where.stop - where.start


def _evidence_ceiling(env: TrialEnv) -> tuple[float, float]:
    """Two choices, one relevant pair of channels, coherence drawn from a list and unknown to the observer."""
    steps = _steps(env, "stimulus")
    means = steps * np.asarray(env.cohs) / 100.0
    spread = env.sigma * math.sqrt(2 * steps)
    evidence = np.linspace(-means.max() - 9 * spread, means.max() + 9 * spread, 40_001)
    correct = stats.norm.pdf(evidence[:, None], means, spread).mean(1)
    opposite = stats.norm.pdf(evidence[:, None], -means, spread).mean(1)
    share = correct / np.maximum(correct + opposite, np.finfo(float).tiny)
    loss = np.trapezoid(-np.log(np.maximum(share, np.finfo(float).tiny)) * correct, evidence)
    return float(loss), float(stats.norm.cdf(means / spread).mean())


def _matching_ceiling(env: TrialEnv) -> tuple[float, float]:
    """Same or opposite of two noisy unit stimuli, each of either sign with equal chance."""
    axes, densities, odds, right = [], [], [], []
    for period in ("sample", "test"):
        mean = float(_steps(env, period))
        spread = env.sigma * math.sqrt(2 * mean)
        axis = np.linspace(-mean - 9 * spread, mean + 9 * spread, 2_001)
        axes.append(axis)
        densities.append(stats.norm.pdf(axis, mean, spread))
        odds.append(2 * mean * axis / spread**2)
        right.append(stats.norm.cdf(mean / spread))
    # Given both signs positive: the posterior of a match is p q + (1 - p)(1 - q).
    first, second = (np.clip(odd, -700, 700) for odd in odds)
    log_match = np.logaddexp(first[:, None] + second[None], 0) - np.logaddexp(first, 0)[:, None]
    log_match -= np.logaddexp(second, 0)[None]
    density = densities[0][:, None] * densities[1][None]
    loss = np.trapezoid(np.trapezoid(-log_match * density, axes[1]), axes[0])
    return float(loss), float(right[0] * right[1] + (1 - right[0]) * (1 - right[1]))


_CEILINGS: dict[type, Callable[[Any], tuple[float, float]]] = {
    GoCuePerceptualDecisionMaking: _evidence_ceiling,
    CuedContextDecisionMaking: _evidence_ceiling,
    DelayMatchSample: _matching_ceiling,
}


def describe(env: TrialEnv) -> dict[str, Any]:
    """What later stages need to know of a task, ready for JSON."""
    ceiling = bayes_ceiling(env)
    return {
        "environment": type(env).__name__,
        "input_units": int(env.observation_space.shape[0]),
        "outputs": int(env.action_space.n),
        "bayes_loss": ceiling.loss if ceiling else None,
        "bayes_accuracy": ceiling.accuracy if ceiling else None,
    }
