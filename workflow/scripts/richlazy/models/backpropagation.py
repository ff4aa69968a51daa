"""An explicit forward and backward pass through time.

The pass is written out for the networks of ``networks``, on preallocated arrays, because a step is a
few dozen small matrix products whose time automatic differentiation would double. Every array has a
leading network axis, so that one job trains one network or all seeds of a condition together.

With e[t] = dL/d(output), D[t] the derivative of the nonlinearity and g[t] the gradient with respect to the
state at time t (after_leak: to the argument of the rectifier), rho the leak factor:

    after_leak: g[t] = D[t] (w' e[t] + rho g[t+1] + (1 - rho) W_h' g[t+1])
    inside:     g[t] = rho g[t+1] + D[t] (w' e[t] + (1 - rho) W_h' g[t+1])
    none:       as both of them with D[t] = 1, where they agree: units are linear
    tanh:       as inside with D[t] = 1 - r[t]²

    dL/dW_h = (1 - rho) sum_t g[t] r[t-1]',   dL/dW_x = (1 - rho) sum_t g[t] x[t]',   dL/dw = sum_t e[t] r[t]'

Trials of one step make a feedforward network of two layers, w f((1 - rho) W_x x). Nothing then comes by the recurrent
weights, so they may be left out.
"""

import math
from functools import partial

import torch

from richlazy.models.losses import LOSSES
from richlazy.models.rate_network import RECTIFICATIONS, Dynamics, Weights

LOSS_STEPS = ("all", "last")
TRAINED = ("all", "recurrent")
# Elements of the states of one network that one product with W_x writes: they should still be in the processor's
# cache, a megabyte, when the product with W_h of their step is added to them.
ELEMENTS_OF_A_DRIVE = 2**17


ALIGNMENT = 16  # elements: 64 bytes of single precision, the width of the widest vectors


def aligned_zeros(like: torch.Tensor, networks: int, *shape: int) -> torch.Tensor:
    """Zeros (K, ...) of the kind of another array, those of each network starting at a multiple of 64 bytes.

    A matrix product may round by where its operands lie: without this, networks of 198 units that are trained
    together would not have the bytes of those trained alone, because every second one would lie elsewhere.
    """
    elements = math.prod(shape)
    apart = -(-elements // ALIGNMENT) * ALIGNMENT
    return like.new_zeros(networks, apart)[:, :elements].unflatten(1, shape)


def laid_out(weights: Weights) -> Weights:
    """A copy of the weights of K networks in the layout that training is fastest with, aligned."""

    def copy(matrices: torch.Tensor) -> torch.Tensor:
        return aligned_zeros(matrices, *matrices.shape).copy_(matrices)

    # Input weights have units along the contiguous axis: the product that gives their gradient is then 5 times faster.
    return Weights(copy(weights.recurrent), copy(weights.input.transpose(1, 2)).transpose(1, 2), copy(weights.readout))


def _choice(value: str, name: str, choices) -> str:
    """The value; ValueError unless it is one of the choices."""
    if value not in choices:
        raise ValueError(f"unknown {name} {value!r}; choose one of {', '.join(choices)}")
    return value


class Backpropagation:
    """Loss and gradient of K networks on batches of one shape, without allocating anything per batch.

    Args:
        weights: of K networks, each matrix with a leading network axis. They are read at every pass, so
            that whoever changes them in place trains these networks. Where trials have one step the recurrent
            ones may be empty, (K, 0, 0).
        steps: time steps T of a trial.
        batch_size: trials B of a batch.
        dynamics: leak and place of the rectifier.
        loss_steps: ``all`` averages the loss over every step, ``last`` takes the last one.
        loss: ``cross_entropy``, ``squared_error`` or ``masked_squared_error`` (module ``losses``).
        trained: ``all`` weights, or the ``recurrent`` ones alone.

    Attributes:
        recurrent_back, readout_back: the matrices by which errors go back: the weights themselves, but for other rules
            of learning (``send_back_by``).
        inputs: the batch, (K, T * B, N_in); set by ``load``.
        targets: the targets at the steps of the loss, as the loss has them: classes (K, 1, loss steps * B), or
            outputs (K, N_out, loss steps * B).
        outputs: of the last ``forward``, (K, N_out, loss steps * B), until the loss overwrites them.
        errors: the same array, which holds e times the number of loss rows after ``backward``.
    """

    def __init__(
        self,
        weights: Weights,
        steps: int,
        batch_size: int,
        dynamics: Dynamics,
        loss_steps: str = "all",
        loss: str = "cross_entropy",
        trained: str = "all",
    ):
        _, size, _ = weights.input.shape
        if steps > 1 and weights.recurrent.shape[1] != size:
            raise ValueError(f"trials of {steps} steps need recurrent weights, which only trials of 1 step do without")
        rectification = _choice(dynamics.rectification, "rectification", RECTIFICATIONS)
        first = 0 if _choice(loss_steps, "loss_steps", LOSS_STEPS) == "all" else steps - 1
        self.weights, self.steps, self.rho = weights, steps, dynamics.leak_factor
        self.inside, self.linear, self.tanh = dynamics.inside, dynamics.linear, rectification == "tanh"
        self.all_trained = _choice(trained, "trained", TRAINED) == "all"
        self.loss_steps, self.first_loss_step, self.loss_rows = loss_steps, first, (steps - first) * batch_size
        outputs = aligned_zeros(weights.input, len(weights.input), weights.readout.shape[1], self.loss_rows)
        self.outputs = self.errors = outputs
        self.loss = LOSSES[_choice(loss, "loss", LOSSES)](outputs)
        self.targets = self.loss.targets
        self._allocate(steps, batch_size, dynamics)
        self.send_back_by(weights.recurrent, weights.readout)

    def _allocate(self, steps: int, batch_size: int, dynamics: Dynamics) -> None:
        """Make the arrays of the passes."""
        networks, size, input_units = self.weights.input.shape
        first, rows, zeros = self.first_loss_step, steps * batch_size, partial(aligned_zeros, self.weights.input)
        self.inputs = zeros(networks, rows, input_units)
        rates = zeros(networks, steps, batch_size, size)
        states = zeros(networks, steps, batch_size, size) if self.inside else rates
        deltas = zeros(networks, steps, batch_size, size)  # g

        # Views are made once: at these sizes taking a slice costs as much as the arithmetic on it.
        self.recurrent_transposed = self.weights.recurrent.transpose(1, 2)
        self.input_transposed = self.weights.input.transpose(1, 2)
        self.rates, self.states, self.deltas = (array.unbind(1) for array in (rates, states, deltas))
        self.drives = self._drives(states)
        self.loss_rates = rates[:, first:].view(networks, self.loss_rows, size)
        self.loss_rates_transposed = self.loss_rates.transpose(1, 2)
        self.loss_deltas = deltas[:, first:].view(networks, self.loss_rows, size)
        self.all_deltas_transposed = deltas.view(networks, rows, size).transpose(1, 2)
        self.later_deltas_transposed = deltas[:, 1:].view(networks, rows - batch_size, size).transpose(1, 2)
        self.earlier_rates = rates[:, :-1].view(networks, rows - batch_size, size)
        self.errors_transposed = self.errors.transpose(1, 2)

    def _drives(self, states: torch.Tensor) -> list[tuple[range, torch.Tensor, torch.Tensor]]:
        """Runs of steps whose products with W_x are one, each with its views of states and inputs, (K, rows, ...).

        A run depends on one network's shape, not on how many there are: bytes are those of networks trained alone.
        """
        _, steps, batch_size, size = states.shape
        length = max(1, ELEMENTS_OF_A_DRIVE // (batch_size * size))
        inputs = self.inputs.unflatten(1, (steps, batch_size))
        drives = []
        for first in range(0, steps, length):
            run = slice(first, min(first + length, steps))
            drives.append((range(run.start, run.stop), states[:, run].flatten(1, 2), inputs[:, run].flatten(1, 2)))
        return drives

    def load(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Set the batch of every network: inputs (K, T, B, N_in), and classes (K, T, B) or outputs (K, T, B, N_out)."""
        for own, given in zip((self.inputs, self.targets), self.arranged(inputs, targets), strict=True):
            own.copy_(given)

    def arranged(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Batches as ``load`` takes them, with any axes before, in the shapes of ``inputs`` and ``targets``."""
        return inputs.flatten(-3, -2), self.loss.arranged(targets, self.first_loss_step)

    def forward(self, log_likelihoods: torch.Tensor) -> None:
        """Run the networks on the batch; write the log-likelihood of each target, (K, 1, loss rows)."""
        for run, states, inputs in self.drives:
            states.baddbmm_(inputs, self.input_transposed, beta=0, alpha=1 - self.rho)
            for step in run:
                self._advance(step)
        torch.bmm(self.weights.readout, self.loss_rates_transposed, out=self.outputs)
        self.loss.forward(self.outputs, log_likelihoods)

    def _advance(self, step: int) -> None:
        """From the drive (1 - rho) W_x x[t] in the state of a step to its state and rates."""
        state, rate, rho = self.states[step], self.rates[step], self.rho
        if step:
            state.baddbmm_(self.rates[step - 1], self.recurrent_transposed, alpha=1 - rho)
            if rho:
                state.add_(self.states[step - 1], alpha=rho)
        self._activate(step, state, rate)

    def _activate(self, step: int, state: torch.Tensor, rate: torch.Tensor) -> None:
        """From the state of a step to its rates."""
        if self.tanh:
            torch.tanh(state, out=rate)
        elif self.inside:
            torch.clamp_min(state, 0, out=rate)
        elif not self.linear:
            rate.relu_()

    def send_back_by(
        self, recurrent: torch.Tensor | None, readout: torch.Tensor, truncation_steps: int | None = None
    ) -> "Backpropagation":
        """Let errors go back by other matrices than the weights, as rules of learning do (module ``feedback``).

        Args:
            recurrent: in place of W_h, (K, N, N); None where errors do not reach the units of the step before.
            readout: in place of w, (K, N_out, N).
            truncation_steps: errors are cut after each so many steps; None where they are not.
        """
        self.recurrent_back, self.readout_back = recurrent, readout
        # For each step whether errors of the next one reach it at all.
        self.carried = [not truncation_steps or (step + 1) % truncation_steps > 0 for step in range(self.steps)]
        return self

    def backward(self) -> None:
        """Propagate the errors of the last ``forward`` back through time."""
        deltas, rates, rho = self.deltas, self.rates, self.rho
        self.loss.backward(self.errors)
        torch.bmm(self.errors_transposed, self.readout_back, out=self.loss_deltas)
        for step in range(len(deltas) - 1, -1, -1):
            delta, has_error = deltas[step], step >= self.first_loss_step
            later = deltas[step + 1] if step + 1 < len(deltas) and self.carried[step] else None
            if later is not None and self.recurrent_back is not None:
                delta.baddbmm_(later, self.recurrent_back, beta=int(has_error), alpha=1 - rho)
            elif not has_error:
                delta.zero_()
            if rho and not self.inside and later is not None:
                delta.add_(later, alpha=rho)
            if self.tanh:
                torch.ops.aten.tanh_backward.grad_input(delta, rates[step], grad_input=delta)
            elif not self.linear:
                torch.ops.aten.threshold_backward.grad_input(delta, rates[step], 0, grad_input=delta)
            if rho and self.inside and later is not None:
                delta.add_(later, alpha=rho)

    def gradients(self, log_likelihoods: torch.Tensor, target: Weights, factor: float, keep: float = 1.0) -> None:
        """Both passes on the batch that is loaded: target <- keep * target + factor * dL/dW.

        Args:
            log_likelihoods: the log-likelihood of each target is written into it, (K, 1, loss rows).
            target, factor, keep: as ``add_gradient`` takes them.
        """
        self.forward(log_likelihoods)
        self.backward()
        self.add_gradient(target, factor, keep)

    def add_gradient(self, target: Weights, factor: float, keep: float = 1.0) -> None:
        """target <- keep * target + factor * dL/dW of the trained matrices, one matrix product for each."""
        factor /= self.loss_rows
        leaky = factor * (1 - self.rho)
        if len(self.rates) > 1:
            target.recurrent.baddbmm_(self.later_deltas_transposed, self.earlier_rates, beta=keep, alpha=leaky)
        else:
            target.recurrent.mul_(keep)  # nothing comes before the only step
        if not self.all_trained:
            return
        target.input.baddbmm_(self.all_deltas_transposed, self.inputs, beta=keep, alpha=leaky)
        target.readout.baddbmm_(self.errors, self.loss_rates, beta=keep, alpha=factor)
