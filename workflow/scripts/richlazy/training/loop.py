"""Training: gradient descent on stored batches, for one network or for many at once.

Networks that are trained together do not touch each other: each is, but for rounding, what it would be alone.
"""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from richlazy.models.backpropagation import Backpropagation, laid_out
from richlazy.models.rate_network import Dynamics, Weights, dynamics_of
from richlazy.storage.logs import LOGGER
from richlazy.training.minibatches import StagedDescent
from richlazy.training.optimisers import OPTIMISERS, SignHoldingDescent
from richlazy.training.training_history import History, Recorder

# Of the loss curve, where the settings do not say how many points it has.
ITERATIONS_OF_A_POINT = 100
_SETTINGS = (
    "loss_steps", "divergence_loss", "signs_held", "loss", "target_accuracy", "stop_at_target", "snapshot_at",
    "convergence_fraction",
)  # fmt: skip


def train(
    initial: Weights,
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    dynamics: Dynamics,
    learning_rate: float,
    momentum: float = 0.0,
    loss_steps: str = "all",
    divergence_loss: float = math.inf,
    report_every: int = 100,
    signs_held: bool = False,
    *,
    loss: str = "cross_entropy",
    iterations: int | None = None,
    target_accuracy: float | None = None,
    stop_at_target: bool = False,
    snapshot_at: Sequence[int] = (),
    optimiser: str = "gradient_descent",
    trained: str = "all",
    convergence_fraction: float = 0.0,
) -> tuple[Weights, History]:
    """Train K networks, one update per iteration, on the device of their weights.

    Args:
        initial: initial weights with a leading network axis of length K. Where T is 1 the recurrent weights may be
            empty, (K, 0, 0).
        inputs: for each network its stored batches, (stored, T, B, N_in), of any numeric type.
        targets: for each network the classes, (stored, T, B), whole numbers; with the squared error the target
            outputs, (stored, T, B, N_out), with the masked one nan where none is asked for.
        dynamics: leak and place of the rectifier.
        learning_rate: eta of Eq. 3.
        momentum: mu of the descent.
        loss_steps: ``all`` or ``last``. With ``last`` and cross-entropy the accuracy is followed too.
        divergence_loss: a mean loss above it, or one that is not finite, counts as divergence. Of squared errors, which
            have no natural unit, in multiples of the loss of a silent network.
        report_every: iterations per point of the curve; each tenth point is also a line in the log.
        signs_held: whether the outgoing recurrent weights of each unit keep their sign.
        loss: ``cross_entropy``, ``squared_error`` or ``masked_squared_error``.
        iterations: number of updates, None for as many as there are stored batches. Iteration i takes batch
            i mod stored, so that more of them are epochs in one order.
        target_accuracy: of which the history has the point where each network first reached it.
        stop_at_target: whether a network ends there.
        snapshot_at: iterations after which a copy of the weights is kept, 0 for the initial ones. They change nothing
            else.
        optimiser: ``gradient_descent``, or ``adam``, which takes neither momentum nor signs_held.
        trained: ``all`` weights, or the ``recurrent`` ones alone.
        convergence_fraction: the history has the iteration at which the loss of a batch was first below this share of
            that of the first batch.

    Returns:
        The final weights, and what was followed. A network that diverges or stops ends there; training ends early
        once every network has.

    Raises:
        ValueError: for a target where no accuracy is followed, for a snapshot outside of training, and for an
            optimiser that does not take momentum or signs held.
    """
    stored, steps, batch_size, _ = inputs[0].shape
    iterations = stored if iterations is None else iterations
    snapshots = _snapshots(snapshot_at, iterations)
    weights = laid_out(initial)
    pass_ = Backpropagation(weights, steps, batch_size, dynamics, loss_steps, loss, trained)
    if signs_held and optimiser != "gradient_descent":
        raise ValueError(f"signs are held in gradient descent alone, not with {optimiser}")
    descent = (SignHoldingDescent if signs_held else OPTIMISERS[optimiser])(pass_, learning_rate, momentum)
    staged = StagedDescent(descent, inputs, targets, min(report_every, iterations))
    _check_target(target_accuracy, stop_at_target, staged.judges)
    if loss != "cross_entropy":
        divergence_loss *= max(_loss_of_silence(one, loss) for one in targets)
    recorder = Recorder(weights, divergence_loss, target_accuracy, stop_at_target, convergence_fraction)
    if 0 in snapshots:
        recorder.add_snapshot(0)
    started = time.monotonic()
    for first in range(0, iterations, report_every):
        done = min(first + report_every, iterations)
        _advance(staged, recorder, first, done, snapshots)
        recorder.add_batches(first, staged.losses_of_batches(done - first))
        recorder.add_point(done, staged.losses(done - first), staged.accuracies(done - first))
        if len(recorder.iterations) % 10 == 0 or done == iterations:
            seconds = (time.monotonic() - started) / done * (iterations - done)
            LOGGER.info(
                "iteration %d of %d, loss %s, about %.0f s left",
                done, iterations, " ".join(f"{loss:.4f}" for loss in recorder.losses[-1]), seconds,
            )  # fmt: skip
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


def _loss_of_silence(targets: np.ndarray, loss: str) -> float:
    """Mean loss of a network whose outputs are all 0, on stored batches of target outputs."""
    if loss == "squared_error":
        return float(np.square(targets).sum(-1).mean()) / 2
    return float(np.nanmean(np.square(targets))) / 2


def _snapshots(snapshot_at: Sequence[int], iterations: int) -> set[int]:
    """The iterations of snapshots; ValueError where one is outside of training."""
    outside = sorted(iteration for iteration in snapshot_at if not 0 <= iteration <= iterations)
    if outside:
        raise ValueError(f"snapshots at {outside} are outside of the {iterations} iterations of training")
    return set(snapshot_at)


def _check_target(target_accuracy: float | None, stop_at_target: bool, followed: bool) -> None:
    """ValueError for a target that no accuracy could reach, and for a stop at none."""
    if target_accuracy is not None and not followed:
        raise ValueError("target_accuracy needs loss_steps last and cross_entropy: no other accuracy is followed")
    if stop_at_target and target_accuracy is None:
        raise ValueError("stop_at_target needs a target_accuracy")


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
    settings: Mapping[str, Any],
    device: torch.device,
) -> tuple[Weights, History]:
    """Train the networks of some runs together.

    Args:
        runs: parameters of each network.
        initial: their weights, with a leading network axis.
        inputs, targets: of each network its batches, as ``training.train`` takes them.
        settings: arguments of ``training.train`` that do not belong to a run; others are left aside.
        device: where they are trained.

    Returns:
        Final weights, on the CPU, and what was followed.
    """
    run, points = runs[0], settings["curve_points"]
    final, course = train(
        initial.map(lambda matrix: matrix.to(device)), inputs, targets, dynamics_of(run), run["learning_rate"],
        run["momentum"] or 0.0, iterations=run["iterations"], optimiser=run["optimiser"], trained=run["trained"],
        report_every=max(1, run["iterations"] // points) if points else ITERATIONS_OF_A_POINT,
        **{name: settings[name] for name in _SETTINGS},
    )  # fmt: skip
    return final.map(torch.Tensor.cpu), course
