"""The references: what a competent user of PyTorch writes down from the equations of Liu et al. 2024.

Nothing here imports the numerics of the library. Weights are W_h (N, N), W_x (N, N_in) and w (N_out, N) of one network.
"""

import torch
from torch.nn.functional import cross_entropy, linear


class PlainNetwork(torch.nn.Module):
    """r[t] = f(rho r[t-1] + (1 - rho) (W_h r[t-1] + W_x x[t])) as a loop over time, outputs w r[t] (Eq. 2)."""

    def __init__(self, weights, leak_factor: float = 0.0):
        super().__init__()
        self.recurrent, self.input, self.readout = (torch.nn.Parameter(matrix.detach().clone()) for matrix in weights)
        self.leak_factor = leak_factor

    def rates(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """Rates at each step, T tensors (m, N), of trials (T, m, N_in)."""
        rho = self.leak_factor
        rate = inputs.new_zeros(inputs.shape[1], len(self.recurrent))
        rates = []
        for drive in linear(inputs, self.input):
            state = drive + linear(rate, self.recurrent)
            rate = torch.relu(rho * rate + (1 - rho) * state if rho else state)
            rates.append(rate)
        return rates

    def forward(self, inputs: torch.Tensor, loss_steps: str = "all") -> torch.Tensor:
        """Outputs (T, m, N_out), or (1, m, N_out) where only the last step counts."""
        rates = self.rates(inputs)
        return linear(torch.stack(rates if loss_steps == "all" else rates[-1:]), self.readout)


class TanhNetwork(PlainNetwork):
    """x[t] = rho x[t-1] + (1 - rho) (W_h tanh(x[t-1]) + W_x u[t]) as a loop over time, outputs w tanh(x[t]) (Schuessler
    et al. 2020)."""

    def rates(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """Rates at each step, T tensors (m, N), of trials (T, m, N_in)."""
        rho = self.leak_factor
        state = inputs.new_zeros(inputs.shape[1], len(self.recurrent))
        rate, rates = torch.tanh(state), []
        for drive in linear(inputs, self.input):
            state = rho * state + (1 - rho) * (drive + linear(rate, self.recurrent))
            rate = torch.tanh(state)
            rates.append(rate)
        return rates


class TorchNetwork(torch.nn.Module):
    """The same network from PyTorch's own ``torch.nn.RNN``, which knows no leak: equal for rho = 0."""

    def __init__(self, weights):
        super().__init__()
        recurrent, feed, readout = (matrix.detach().clone() for matrix in weights)
        # Made without storage first: PyTorch would else initialise it from the global generator.
        options = {"nonlinearity": "relu", "bias": False, "dtype": recurrent.dtype, "device": "meta"}
        self.rnn = torch.nn.RNN(feed.shape[1], len(recurrent), **options).to_empty(device="cpu")
        self.rnn.weight_hh_l0.data.copy_(recurrent)
        self.rnn.weight_ih_l0.data.copy_(feed)
        self.readout = torch.nn.Parameter(readout)

    def forward(self, inputs: torch.Tensor, loss_steps: str = "all") -> torch.Tensor:
        """Outputs (T, m, N_out), or (1, m, N_out) where only the last step counts."""
        rates, _ = self.rnn(inputs)
        return linear(rates if loss_steps == "all" else rates[-1:], self.readout)


def loss_of_classes(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of outputs (T, B, N_out) with classes (T, B)."""
    return cross_entropy(outputs.flatten(0, 1), targets.flatten())


def loss_of_numbers(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Half the mean square of outputs (T, B, N_out) less the targets that are asked for; the others are nan."""
    asked = ~targets.isnan()
    return (outputs - targets)[asked].square().mean() / 2


class AutogradTraining:
    """Descent by automatic differentiation: stochastic (Eq. 3) by ``torch.optim.SGD``, or by another optimiser.

    Args:
        network, learning_rate, loss_steps: as the library has them.
        momentum: of ``torch.optim.SGD``.
        optimiser: of all weights, in place of it.
        loss: of outputs and targets, a function.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        learning_rate: float,
        momentum: float = 0.0,
        loss_steps: str = "all",
        optimiser=None,
        loss=loss_of_classes,
    ):
        self.network, self.loss_steps, self.loss = network, loss_steps, loss
        weights = network.parameters()
        self.optimiser = (
            optimiser(weights, lr=learning_rate)
            if optimiser
            else torch.optim.SGD(weights, lr=learning_rate, momentum=momentum)
        )

    def loss_of(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of a batch (T, B, N_in) with its targets."""
        return self.loss(self.network(inputs, self.loss_steps), targets[-1:] if self.loss_steps == "last" else targets)

    def step(self, inputs: torch.Tensor, targets: torch.Tensor) -> float:
        """One update on a batch (T, B, N_in) with its targets; returns the loss before it."""
        self.optimiser.zero_grad()
        loss = self.loss_of(inputs, targets)
        loss.backward()
        self.optimiser.step()
        return loss.item()


class MatrixProducts:
    """Only the matrix products of a training step that no algorithm saves, on preallocated arrays.

    T - 1 products with W_h forward, T - 1 backward, and one of all rates and deltas for dL/dW_h; T - 1 because
    nothing comes before the first step. Products with input and readout weights are left out.
    """

    def __init__(self, recurrent: torch.Tensor, steps: int, batch_size: int):
        size = len(recurrent)
        self.recurrent, self.recurrent_transposed = recurrent, recurrent.T
        rates, deltas = (torch.ones(steps, batch_size, size, dtype=recurrent.dtype) for _ in range(2))
        self.rates, self.deltas = rates.unbind(), deltas.unbind()
        self.earlier_rates = rates[:-1].view(-1, size)
        self.later_deltas_transposed = deltas[1:].view(-1, size).T
        self.gradient = torch.empty_like(recurrent)

    def run(self) -> None:
        """All products once."""
        rates, deltas = self.rates, self.deltas
        for step in range(1, len(rates)):
            torch.mm(rates[step - 1], self.recurrent_transposed, out=rates[step])
        for step in range(len(deltas) - 2, -1, -1):
            torch.mm(deltas[step + 1], self.recurrent, out=deltas[step])
        torch.mm(self.later_deltas_transposed, self.earlier_rates, out=self.gradient)


def jacobian_rows(
    network: PlainNetwork, inputs: torch.Tensor, one_graph: bool = True, times: str = "all"
) -> list[torch.Tensor]:
    """Gradient of every output with respect to all weights, one backward pass for each.

    Args:
        network: whose outputs are differentiated.
        inputs: trials (T, m, N_in).
        one_graph: index the network's output tensor, as one would and as the authors' script does. Otherwise the
            readout is applied to each step by itself, so that a backward pass does not visit later steps.
        times: outputs that count: ``all`` steps, or the ``last`` one.

    Returns:
        A row for each output in the order (time, class, trial).
    """
    weights = (network.recurrent, network.input, network.readout)
    outputs = network(inputs) if one_graph else [linear(rates, network.readout) for rates in network.rates(inputs)]
    rows = []
    for output in outputs[-1:] if times == "last" else outputs:
        trials, classes = output.shape
        for k in range(classes):
            for b in range(trials):
                gradients = torch.autograd.grad(output[b, k], weights, retain_graph=True)
                rows.append(torch.cat([gradient.flatten() for gradient in gradients]))
    return rows


def per_output_kernel(
    network: PlainNetwork, inputs: torch.Tensor, one_graph: bool = True, times: str = "all"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tangent kernel J J' of the recurrent weights and of all weights (Eq. 6); the rows of J are stacked once."""
    jacobian = torch.stack(jacobian_rows(network, inputs, one_graph, times))
    recurrent, others = jacobian.tensor_split([network.recurrent.numel()], dim=1)
    kernel = recurrent @ recurrent.T
    return kernel, kernel + others @ others.T
