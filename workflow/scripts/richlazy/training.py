"""Training by an explicit forward and backward pass through time.

The pass is written out for the networks of ``networks``, on preallocated arrays, because a step is a
few dozen small matrix products whose time automatic differentiation would double. Every array has a
leading network axis, so that one job trains one network or all seeds of a condition together.

With e[t] = dL/d(output), D[t] the derivative of the rectifier and g[t] the gradient with respect to the
state at time t (after_leak: to the argument of the rectifier), rho the leak factor:

    after_leak: g[t] = D[t] (w' e[t] + rho g[t+1] + (1 - rho) W_h' g[t+1])
    inside:     g[t] = rho g[t+1] + D[t] (w' e[t] + (1 - rho) W_h' g[t+1])

    dL/dW_h = (1 - rho) sum_t g[t] r[t-1]',   dL/dW_x = (1 - rho) sum_t g[t] x[t]',   dL/dw = sum_t e[t] r[t]'
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from richlazy.logs import LOGGER
from richlazy.networks import Dynamics, Weights

LOSS_STEPS = ("all", "last")


class Backpropagation:
    """Loss and gradient of K networks on batches of one shape, without allocating anything per batch.

    Args:
        weights: of K networks, each matrix with a leading network axis. They are read at every pass, so
            that whoever changes them in place trains these networks.
        steps: time steps T of a trial.
        batch_size: trials B of a batch.
        dynamics: leak and place of the rectifier.
        loss_steps: ``all`` averages the cross-entropy over every step, ``last`` takes the last one.

    Attributes:
        inputs: the batch, (K, T * B, N_in); set by ``load``.
        targets: the classes at the steps of the loss, (K, 1, loss steps * B).
    """

    def __init__(self, weights: Weights, steps: int, batch_size: int, dynamics: Dynamics, loss_steps: str = "all"):
        if loss_steps not in LOSS_STEPS:
            raise ValueError(f"unknown loss_steps {loss_steps!r}; choose one of {', '.join(LOSS_STEPS)}")
        networks, size, input_units = weights.input.shape
        outputs = weights.readout.shape[1]
        first = 0 if loss_steps == "all" else steps - 1
        rows, loss_rows = steps * batch_size, (steps - first) * batch_size
        self.weights, self.rho, self.inside = weights, dynamics.leak_factor, dynamics.inside
        self.first_loss_step, self.loss_rows = first, loss_rows

        zeros = weights.recurrent.new_zeros
        self.inputs = zeros(networks, rows, input_units)
        self.targets = zeros(networks, 1, loss_rows, dtype=torch.int64)
        rates = zeros(networks, steps, batch_size, size)
        states = zeros(networks, steps, batch_size, size) if self.inside else rates
        deltas = zeros(networks, steps, batch_size, size)  # g
        # Classes before trials: the soft maximum then runs along contiguous trials, 7 times faster.
        self.errors = zeros(networks, outputs, loss_rows)  # e times the number of loss rows
        self.log_probabilities = zeros(networks, outputs, loss_rows)
        self.minus_ones = -torch.ones_like(self.targets, dtype=rates.dtype)

        # Views are made once: at these sizes taking a slice costs as much as the arithmetic on it.
        self.recurrent_transposed = weights.recurrent.transpose(1, 2)
        self.input_transposed = weights.input.transpose(1, 2)
        self.rates, self.states, self.deltas = (array.unbind(1) for array in (rates, states, deltas))
        self.all_states = states.view(networks, rows, size)
        self.loss_rates = rates[:, first:].view(networks, loss_rows, size)
        self.loss_rates_transposed = self.loss_rates.transpose(1, 2)
        self.loss_deltas = deltas[:, first:].view(networks, loss_rows, size)
        self.all_deltas_transposed = deltas.view(networks, rows, size).transpose(1, 2)
        self.later_deltas_transposed = deltas[:, 1:].view(networks, rows - batch_size, size).transpose(1, 2)
        self.earlier_rates = rates[:, :-1].view(networks, rows - batch_size, size)
        self.errors_transposed = self.errors.transpose(1, 2)

    def load(self, inputs: torch.Tensor, targets: torch.Tensor, network: int = 0) -> None:
        """Set the batch of one network: inputs (T, B, N_in), and integer classes (T, B)."""
        self.inputs[network].copy_(inputs.view(self.inputs[network].shape))
        self.targets[network].copy_(targets[self.first_loss_step :].reshape(1, self.loss_rows))

    def forward(self, log_likelihoods: torch.Tensor) -> None:
        """Run the networks on the batch; write the log-probability of each target, (K, 1, loss rows)."""
        states, rates, rho = self.states, self.rates, self.rho
        self.all_states.baddbmm_(self.inputs, self.input_transposed, beta=0, alpha=1 - rho)
        for step, (state, rate) in enumerate(zip(states, rates, strict=True)):
            if step:
                state.baddbmm_(rates[step - 1], self.recurrent_transposed, alpha=1 - rho)
                if rho:
                    state.add_(states[step - 1], alpha=rho)
            if self.inside:
                torch.clamp_min(state, 0, out=rate)
            else:
                rate.relu_()
        torch.bmm(self.weights.readout, self.loss_rates_transposed, out=self.errors)
        torch.log_softmax(self.errors, 1, out=self.log_probabilities)
        torch.gather(self.log_probabilities, 1, self.targets, out=log_likelihoods)

    def backward(self) -> None:
        """Propagate the errors of the last ``forward`` back through time."""
        deltas, rates, rho = self.deltas, self.rates, self.rho
        torch.exp(self.log_probabilities, out=self.errors)
        self.errors.scatter_add_(1, self.targets, self.minus_ones)
        torch.bmm(self.errors_transposed, self.weights.readout, out=self.loss_deltas)
        for step in range(len(deltas) - 1, -1, -1):
            delta = deltas[step]
            later = deltas[step + 1] if step + 1 < len(deltas) else None
            if later is not None:
                own_error = 1 if step >= self.first_loss_step else 0
                delta.baddbmm_(later, self.weights.recurrent, beta=own_error, alpha=1 - rho)
                if rho and not self.inside:
                    delta.add_(later, alpha=rho)
            torch.ops.aten.threshold_backward.grad_input(delta, rates[step], 0, grad_input=delta)
            if rho and self.inside and later is not None:
                delta.add_(later, alpha=rho)

    def add_gradient(self, target: Weights, factor: float, keep: float = 1.0) -> None:
        """target <- keep * target + factor * dL/dW, one matrix product for each of the three matrices."""
        factor /= self.loss_rows
        leaky = factor * (1 - self.rho)
        target.recurrent.baddbmm_(self.later_deltas_transposed, self.earlier_rates, beta=keep, alpha=leaky)
        target.input.baddbmm_(self.all_deltas_transposed, self.inputs, beta=keep, alpha=leaky)
        target.readout.baddbmm_(self.errors, self.loss_rates, beta=keep, alpha=factor)


class GradientDescent:
    """Stochastic gradient descent, W <- W - eta V with V <- mu V + dL/dW (Liu et al. 2024, Eq. 3 for mu = 0).

    Args:
        backpropagation: of the networks to train.
        learning_rate: eta.
        momentum: mu, 0 for the plain descent of Eq. 3.
    """

    def __init__(self, backpropagation: Backpropagation, learning_rate: float, momentum: float = 0.0):
        self.backpropagation = backpropagation
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocity = backpropagation.weights.map(torch.zeros_like) if momentum else None

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        pass_ = self.backpropagation
        pass_.forward(log_likelihoods)
        pass_.backward()
        if self.velocity is None:
            # Without momentum the gradient goes straight into the weights: no array of its own.
            pass_.add_gradient(pass_.weights, -self.learning_rate)
            return
        pass_.add_gradient(self.velocity, 1.0, keep=self.momentum)
        for weight, velocity in zip(pass_.weights, self.velocity, strict=True):
            weight.sub_(velocity, alpha=self.learning_rate)


def outgoing_signs(recurrent: torch.Tensor) -> torch.Tensor:
    """Sign of the outgoing weights of each unit, (K, 1, N); 1 for a unit without any.

    Args:
        recurrent: (K, N, N).

    Raises:
        ValueError: where the weights from one unit differ in sign.
    """
    positive, negative = (recurrent > 0).any(1, keepdim=True), (recurrent < 0).any(1, keepdim=True)
    mixed = int((positive & negative).sum())
    if mixed:
        raise ValueError(
            f"outgoing weights of both signs at {mixed} of {recurrent.shape[-1]} units, so there is no sign to hold; "
            "set signs_held to false for this structure"
        )
    return torch.where(negative, -1.0, 1.0).to(recurrent.dtype)


class SignHoldingDescent(GradientDescent):
    """Descent in which the outgoing weights of each unit keep their sign, as Dale's law has it (Figure 17).

    The recurrent weights are W = |P| S with S the signs at the start, and the descent is that of P, where
    dL/dP = dL/dW S sign(P). A weight that starts at 0 stays there.
    """

    def __init__(self, backpropagation: Backpropagation, learning_rate: float, momentum: float = 0.0):
        super().__init__(backpropagation, learning_rate, momentum)
        weights = backpropagation.weights
        self.signs = outgoing_signs(weights.recurrent)
        self.unsigned = weights.recurrent.abs()  # P
        self.smoothed, self.gradient = weights.map(torch.zeros_like), weights.map(torch.zeros_like)  # V and dL/dP

    def step(self, log_likelihoods: torch.Tensor) -> None:
        """One update of the weights, in place, on the batch that is loaded."""
        pass_, gradient = self.backpropagation, self.gradient
        pass_.forward(log_likelihoods)
        pass_.backward()
        pass_.add_gradient(gradient, 1.0, keep=0.0)
        gradient.recurrent.mul_(self.signs).mul_(self.unsigned.sign())
        trained = (self.unsigned, pass_.weights.input, pass_.weights.readout)
        for parameter, velocity, slope in zip(trained, self.smoothed, gradient, strict=True):
            velocity.mul_(self.momentum).add_(slope)
            parameter.sub_(velocity, alpha=self.learning_rate)
        torch.mul(self.unsigned.abs(), self.signs, out=pass_.weights.recurrent)


@dataclass(frozen=True)
class History:
    """What training leaves beside the weights.

    Attributes:
        iterations: number of iterations done at each point of the curve.
        losses: (points, K), mean loss of each network since the point before, nats per step.
        diverged_at: for each network the iteration at which divergence was seen, or None.
    """

    iterations: list[int]
    losses: np.ndarray
    diverged_at: list[int | None]

    def of_network(self, network: int, final_loss_fraction: float) -> dict[str, Any]:
        """Curve and outcome of one network, ready for JSON.

        Args:
            network: place on the network axis.
            final_loss_fraction: the final loss is the mean over this last part of the iterations; it is nan
                where training diverged.
        """
        losses, diverged_at = self.losses[:, network], self.diverged_at[network]
        points = max(1, round(final_loss_fraction * len(losses)))
        return {
            "final_loss": float(losses[-points:].mean()) if diverged_at is None else math.nan,
            "diverged": diverged_at is not None,
            "diverged_at": diverged_at,
            "iterations": self.iterations,
            "loss": losses.tolist(),
        }


def train(
    initial: Weights,
    inputs: list[np.ndarray],
    targets: list[np.ndarray],
    dynamics: Dynamics,
    learning_rate: float,
    momentum: float = 0.0,
    loss_steps: str = "all",
    divergence_loss: float = math.inf,
    report_every: int = 100,
    signs_held: bool = False,
) -> tuple[Weights, History]:
    """Train K networks, one update per stored batch.

    Args:
        initial: initial weights with a leading network axis of length K.
        inputs: for each network its batches, (iterations, T, B, N_in).
        targets: for each network the classes, (iterations, T, B).
        dynamics: leak and place of the rectifier.
        learning_rate: eta of Eq. 3.
        momentum: mu of the descent.
        loss_steps: ``all`` or ``last``.
        divergence_loss: a mean loss above it, or one that is not finite, counts as divergence.
        report_every: iterations per point of the curve; each tenth point is also a line in the log.
        signs_held: whether the outgoing recurrent weights of each unit keep their sign.

    Returns:
        The final weights, and the loss curve with who diverged. Training ends early once every network has diverged.
    """
    iterations, steps, batch_size, _ = inputs[0].shape
    weights = Weights(
        initial.recurrent.clone(memory_format=torch.contiguous_format),
        # Units along the contiguous axis: the product that gives the gradient is then 5 times faster.
        initial.input.transpose(1, 2).contiguous().transpose(1, 2),
        initial.readout.clone(memory_format=torch.contiguous_format),
    )
    pass_ = Backpropagation(weights, steps, batch_size, dynamics, loss_steps)
    descent = (SignHoldingDescent if signs_held else GradientDescent)(pass_, learning_rate, momentum)
    networks = len(inputs)
    log_likelihoods = pass_.errors.new_zeros(report_every, networks, 1, pass_.loss_rows)
    rows = log_likelihoods.unbind(0)
    points: list[int] = []
    losses: list[np.ndarray] = []
    diverged_at: list[int | None] = [None] * networks
    started = time.monotonic()
    for iteration in range(iterations):
        for network in range(networks):
            batch = torch.from_numpy(inputs[network][iteration])
            pass_.load(batch, torch.from_numpy(targets[network][iteration]), network)
        row = iteration % report_every
        descent.step(rows[row])
        done = iteration + 1
        if row + 1 < report_every and done < iterations:
            continue
        points.append(done)
        losses.append(-log_likelihoods[: row + 1].double().mean((0, 2, 3)).cpu().numpy())
        for network, loss in enumerate(losses[-1]):
            if diverged_at[network] is None and not (math.isfinite(loss) and loss <= divergence_loss):
                diverged_at[network] = done
        if len(points) % 10 == 0 or done == iterations:
            seconds = (time.monotonic() - started) / done * (iterations - done)
            LOGGER.info(
                "iteration %d of %d, loss %s, about %.0f s left",
                done, iterations, " ".join(f"{loss:.4f}" for loss in losses[-1]), seconds,
            )  # fmt: skip
        if None not in diverged_at:
            LOGGER.warning("training stopped at iteration %d: loss %s", done, losses[-1])
            break
    return weights, History(points, np.array(losses), diverged_at)
