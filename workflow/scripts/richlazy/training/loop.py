"""Training: gradient descent on stored batches, for one network or for many at once.

Networks that are trained together do not touch each other: each is, but for rounding, what it would be alone.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from richlazy.models.backpropagation import laid_out
from richlazy.models.rate_network import Dynamics, Weights, dynamics_of
from richlazy.storage.logs import LOGGER
from richlazy.training import guessing, optimisers, rules
from richlazy.training.minibatches import StagedDescent
from richlazy.training.settings import TrainingSettings
from richlazy.training.training_history import History, Recorder


def train(
    initial: Weights,
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    dynamics: Dynamics,
    settings: TrainingSettings,
) -> tuple[Weights, History]:
    """Train K networks, one update per iteration, on the device of their weights.

    Args:
        initial: initial weights with a leading network axis of length K. Where T is 1 the recurrent weights may be
            empty, (K, 0, 0).
        inputs: for each network its stored batches, (stored, T, B, N_in), of any numeric type.
        targets: for each network the classes, (stored, T, B), whole numbers; with the squared error the target
            outputs, (stored, T, B, N_out), with the masked one nan where none is asked for.
        dynamics: leak and place of the rectifier.
        settings: how they are trained.

    Returns:
        The final weights, and what was followed. A network that diverges or stops ends there; training ends early
        once every network has.

    Raises:
        ValueError: for a target where no accuracy is followed, for a snapshot outside of training, and for an
            optimiser that does not take momentum.
    """
    stored, steps, batch_size, _ = inputs[0].shape
    iterations = stored if settings.iterations is None else settings.iterations
    snapshots = _snapshots(settings.snapshot_at, iterations)
    weights = laid_out(initial)
    directions = rules.directions(weights, steps, batch_size, dynamics, settings)
    descent = optimisers.optimiser(directions, settings)
    staged = StagedDescent(descent, inputs, targets, min(settings.report_every, iterations))
    if settings.target_accuracy is not None and not staged.judges:
        raise ValueError("target_accuracy needs loss_steps last and cross_entropy: no other accuracy is followed")
    last = slice(-(stored // settings.stages), None)
    guess_losses = [guessing.guess_loss(one[last], settings.loss, settings.loss_steps) for one in targets]
    bounds = [settings.divergence_loss * _unit_of_loss(one, settings.loss) for one in targets]
    recorder = Recorder(weights, settings, bounds, guess_losses)
    if 0 in snapshots:
        recorder.add_snapshot(0)
    started = time.monotonic()
    for first in range(0, iterations, settings.report_every):
        done = min(first + settings.report_every, iterations)
        _advance(staged, recorder, first, done, snapshots)
        recorder.add_batches(first, staged.losses_of_batches(done - first))
        recorder.add_point(done, staged.losses(done - first), staged.accuracies(done - first))
        if len(recorder.iterations) % 10 == 0 or done == iterations:
            seconds = (time.monotonic() - started) / done * (iterations - done)
            losses = " ".join(f"{loss:.4f}" for loss in recorder.losses[-1])
            LOGGER.info("iteration %d of %d, loss %s, about %.0f s left", done, iterations, losses, seconds)
        if recorder.all_ended:
            _log_end(recorder)
            break
    return weights, recorder.history()


def _advance(staged: StagedDescent, recorder: Recorder, first: int, done: int, snapshots: set[int]) -> None:
    """Iterations first to done - 1, in one block of staged batches whatever snapshots interrupt it."""
    staged.stage(first, done)
    at = first
    for stop in sorted(iteration for iteration in snapshots if first < iteration <= done):
        staged.advance(stop - at)
        recorder.add_snapshot(stop)
        at = stop
    staged.advance(done - at)


def _unit_of_loss(targets: np.ndarray, loss: str) -> float:
    """In what the bound of a network's loss is given: the loss of a silent one for numbers; 1 for classes, and 0."""
    return 1.0 if loss == "cross_entropy" else guessing.silent_loss(targets, loss) or 1.0


def _snapshots(snapshot_at: Sequence[int], iterations: int) -> set[int]:
    """The iterations of snapshots; ValueError where one is outside of training."""
    outside = sorted(iteration for iteration in snapshot_at if not 0 <= iteration <= iterations)
    if outside:
        raise ValueError(f"snapshots at {outside} are outside of the {iterations} iterations of training")
    return set(snapshot_at)


def _log_end(recorder: Recorder) -> None:
    """Say that training ended before its time or with its last iteration, because no network goes on."""
    done, loss = recorder.iterations[-1], recorder.losses[-1]
    if None not in recorder.diverged_at:
        LOGGER.warning("training stopped at iteration %d: loss %s", done, loss)
    else:
        LOGGER.info("every network has ended at iteration %d: loss %s", done, loss)


def train_together(
    runs: Sequence[Mapping[str, Any]],
    initial: Weights,
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    training: Mapping[str, Any],
    device: torch.device,
) -> tuple[Weights, History]:
    """Train the networks of some runs together.

    Args:
        runs: parameters of each network, alike but for their seeds and, where some of them have these, ``snapshot_at``
            and ``excess_levels``: weights are then kept of all of them.
        initial: their weights, with a leading network axis.
        inputs, targets: of each network its batches, as ``train`` takes them.
        training: as ``TrainingSettings.of_run`` takes it.
        device: where they are trained.

    Returns:
        Final weights, on the CPU, and what was followed.
    """
    placed = initial.map(lambda matrix: matrix.to(device))
    settings = replace(
        TrainingSettings.of_run(runs[0], training),
        seeds=tuple(run["seed"] for run in runs),
        snapshot_at=sorted({iteration for run in runs for iteration in run.get("snapshot_at", ())}),
        excess_levels={name: level for run in runs for name, level in run.get("excess_levels", {}).items()},
    )
    final, course = train(placed, inputs, targets, dynamics_of(runs[0]), settings)
    return final.map(torch.Tensor.cpu), course
