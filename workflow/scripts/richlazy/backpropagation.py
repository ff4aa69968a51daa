"""An explicit forward and backward pass through time.

The pass is written out for the networks of ``networks``, on preallocated arrays, because a step is a
few dozen small matrix products whose time automatic differentiation would double. Every array has a
leading network axis, so that one job trains one network or all seeds of a condition together.

With e[t] = dL/d(output), D[t] the derivative of the rectifier and g[t] the gradient with respect to the
state at time t (after_leak: to the argument of the rectifier), rho the leak factor:

    after_leak: g[t] = D[t] (w' e[t] + rho g[t+1] + (1 - rho) W_h' g[t+1])
    inside:     g[t] = rho g[t+1] + D[t] (w' e[t] + (1 - rho) W_h' g[t+1])

    dL/dW_h = (1 - rho) sum_t g[t] r[t-1]',   dL/dW_x = (1 - rho) sum_t g[t] x[t]',   dL/dw = sum_t e[t] r[t]'
"""

import torch

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

    def load(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Set the batch of every network: inputs (K, T, B, N_in), and integer classes (K, T, B)."""
        for own, given in zip((self.inputs, self.targets), self.arranged(inputs, targets), strict=True):
            own.copy_(given)

    def arranged(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Batches (..., K, T, B, N_in) and (..., K, T, B) in the shapes of ``inputs`` and ``targets``."""
        return inputs.flatten(-3, -2), targets[..., self.first_loss_step :, :].flatten(-2)[..., None, :]

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
