"""Reference implementations written from the equations, for tests and benchmarks.

Slow and plain on purpose: networks run step by step under automatic differentiation, and the tangent kernel
differentiates one output after the other. Nothing here imports the library, so that an error of the library
cannot hide in its own test. Weights are any iterable of W_h (N, N), W_x (N, N_in) and w (N_out, N), for one network.

Equation numbers are those of Liu et al. 2024 (arXiv 2310.08513).
"""

import numpy as np
import torch

# Periods in milliseconds as in the paper: 8 steps of 100 ms each (methods.md D1).
PAPER_TIMINGS = {
    "PerceptualDecisionMaking-v0": {"fixation": 0, "stimulus": 700, "delay": 0, "decision": 100},
    "DelayMatchSample-v0": {"fixation": 0, "sample": 100, "delay": 500, "test": 100, "decision": 100},
    "ContextDecisionMaking-v0": {"fixation": 0, "stimulus": 200, "delay": 500, "decision": 100},
}

RECTIFICATIONS = ("after_leak", "inside")


def random_weights(rng, size, inputs, outputs, networks=None, dtype=torch.float64, gain=1.5):
    """W_h, W_x and w of one network, or with a leading axis of several; large enough for mixed activity."""
    lead = () if networks is None else (networks,)
    shapes = ((size, size), (size, inputs), (outputs, size))
    return tuple(torch.from_numpy(rng.standard_normal(lead + s) * gain / np.sqrt(s[-1])).to(dtype) for s in shapes)


def random_trials(rng, steps, trials, inputs, outputs, dtype=torch.float64):
    """Inputs (T, m, N_in), of which the first trial is silent at first, and classes (T, m)."""
    signal = torch.from_numpy(rng.standard_normal((steps, trials, inputs))).to(dtype)
    signal[: steps // 2, 0] = 0  # exactly silent units: the derivative of the rectifier at 0 counts
    return signal, torch.from_numpy(rng.integers(0, outputs, (steps, trials)))


def network_rates(weights, inputs, leak_factor, rectification):
    """Rates r, one step after the other: list of T tensors (m, N)."""
    recurrent, input_weights, _ = weights
    rho = leak_factor
    state = inputs.new_zeros(inputs.shape[1], input_weights.shape[0])
    if not recurrent.numel():  # a network of one step
        assert len(inputs) == 1
        recurrent = torch.zeros_like(state[0].outer(state[0]))
    rates = []
    for now in inputs:
        if rectification == "inside":  # Eq. 1: h[t] = rho h[t-1] + (1 - rho) (W_h f(h[t-1]) + W_x x[t])
            state = rho * state + (1 - rho) * (torch.relu(state) @ recurrent.T + now @ input_weights.T)
            rates.append(torch.relu(state))
        elif (
            rectification == "after_leak"
        ):  # the authors' script: r[t] = f(rho r[t-1] + (1 - rho) (W_h r[t-1] + W_x x))
            state = torch.relu(rho * state + (1 - rho) * (state @ recurrent.T + now @ input_weights.T))
            rates.append(state)
        elif rectification == "tanh":  # Schuessler et al.: as inside, with another nonlinearity
            state = rho * state + (1 - rho) * (torch.tanh(state) @ recurrent.T + now @ input_weights.T)
            rates.append(torch.tanh(state))
        elif rectification == "none":  # linear units
            state = rho * state + (1 - rho) * (state @ recurrent.T + now @ input_weights.T)
            rates.append(state)
        else:
            raise ValueError(rectification)
    return rates


def network_outputs(weights, inputs, leak_factor, rectification):
    """Outputs w r[t] at every step (Eq. 2), (T, m, N_out)."""
    weights = tuple(weights)
    return torch.stack([rate @ weights[2].T for rate in network_rates(weights, inputs, leak_factor, rectification)])


def network_loss(weights, inputs, targets, leak_factor, rectification, loss_steps="all"):
    """Mean cross-entropy over all steps and trials, or over the trials at the last step."""
    outputs = network_outputs(weights, inputs, leak_factor, rectification)
    if loss_steps == "last":
        outputs, targets = outputs[-1:], targets[-1:]
    return torch.nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten().long())


def loss_gradient(weights, inputs, targets, leak_factor, rectification, loss_steps="all"):
    """Gradient of the loss with respect to W_h, W_x and w."""
    leaves = [weight.detach().clone().requires_grad_(True) for weight in weights]
    loss = network_loss(leaves, inputs, targets, leak_factor, rectification, loss_steps)
    return torch.autograd.grad(loss, leaves, allow_unused=False)


def train_with_autograd(weights, batches, leak_factor, rectification, learning_rate, momentum=0.0, loss_steps="all"):
    """Train one network by automatic differentiation and ``torch.optim.SGD``.

    Args:
        weights: initial weights; they stay as they are.
        batches: iterable of inputs (T, B, N_in) and classes (T, B).
        leak_factor, rectification, loss_steps: as elsewhere.
        learning_rate, momentum: of ``torch.optim.SGD``.

    Returns:
        The final weights, and the loss at each update.
    """
    leaves = [weight.detach().clone().requires_grad_(True) for weight in weights]
    optimiser = torch.optim.SGD(leaves, lr=learning_rate, momentum=momentum)
    losses = []
    for inputs, targets in batches:
        optimiser.zero_grad()
        loss = network_loss(leaves, inputs, targets, leak_factor, rectification, loss_steps)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return [leaf.detach() for leaf in leaves], losses


def output_jacobian(weights, inputs, leak_factor, rectification, times="all"):
    """Gradient of every output, in the order (time, class, trial), one backward pass per output.

    Returns:
        For each of W_h, W_x and w a matrix (outputs, entries of the matrix).
    """
    leaves = [weight.detach().clone().requires_grad_(True) for weight in weights]
    outputs = network_outputs(leaves, inputs, leak_factor, rectification)
    if times == "last":
        outputs = outputs[-1:]
    rows = [
        [
            torch.zeros_like(leaf).flatten() if part is None else part.flatten()
            for leaf, part in zip(leaves, parts, strict=True)
        ]
        for parts in (
            torch.autograd.grad(output, leaves, retain_graph=True, allow_unused=True)
            for output in outputs.transpose(1, 2).flatten()
        )
    ]
    return tuple(torch.stack(column) for column in zip(*rows, strict=True))


def tangent_kernel(weights, inputs, leak_factor, rectification, times="all"):
    """Kernel J J' of the recurrent weights, and of all weights (Eq. 6)."""
    recurrent, input_weights, readout = output_jacobian(weights, inputs, leak_factor, rectification, times)
    recurrent_part = recurrent @ recurrent.T
    return recurrent_part, recurrent_part + input_weights @ input_weights.T + readout @ readout.T


def centred_alignment(kernel, targets):
    """Baratin et al. 2021, Eq. 7: C = I - 1 1'/m acts on the trials of each pair of outputs (time, class)."""
    times, classes, trials = targets.shape
    groups, centring = times * classes, np.eye(trials) - np.ones((trials, trials)) / trials
    targets = targets.reshape(groups, trials)
    centred = np.zeros_like(kernel)
    for one in range(groups):
        for other in range(groups):
            rows, columns = slice(one * trials, (one + 1) * trials), slice(other * trials, (other + 1) * trials)
            centred[rows, columns] = centring @ kernel[rows, columns] @ centring
    y = np.concatenate([row - row.mean() for row in targets])
    # Tr[K_c K_y] / (|K_c| |K_y|) with K_y = y y'
    return np.trace(centred @ np.outer(y, y)) / (np.linalg.norm(centred) * np.linalg.norm(np.outer(y, y)))


def relative_error(actual, expected):
    """Norm of the difference over the norm of what is expected; 0 where both vanish."""
    actual, expected = (torch.as_tensor(array, dtype=torch.float64) for array in (actual, expected))
    assert actual.shape == expected.shape
    difference, size = float((actual - expected).norm()), float(expected.norm())
    if difference == 0:
        return 0.0
    return difference / size if size else float("inf")


def random_connectome(size=20, seed=0, density=0.3):
    """Sparse weights of which each column has one sign, without connections of a unit to itself."""
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=(size, size)) * (rng.random((size, size)) < density)
    weights *= np.where(rng.random(size) < 0.8, 1.0, -1.0)
    np.fill_diagonal(weights, 0.0)
    return weights


class TorchSentiment(torch.nn.Module):
    """The LSTM of Schuessler et al. 2020, section 4, by ``torch.nn.LSTM``, for automatic differentiation.

    Args:
        weights: NumPy arrays by name as in PyTorch, with ``decoder_weight`` and ``decoder_bias``.
        dropout: share that is dropped between the two layers and before the decoder.
    """

    def __init__(self, weights, dropout=0.0):
        super().__init__()
        units, dimensions = weights["weight_hh_l0"].shape[1], weights["weight_ih_l0"].shape[1]
        with torch.device("meta"):  # without storage first: PyTorch would else draw from the global generator
            self.lstm = torch.nn.LSTM(dimensions, units, num_layers=2, dropout=dropout, batch_first=True)
            self.decoder = torch.nn.Linear(units, 1)
        self.dropout = torch.nn.Dropout(dropout)
        self.to_empty(device="cpu").to(torch.from_numpy(weights["decoder_bias"]).dtype)
        with torch.no_grad():
            for name, parameter in self.by_name().items():
                parameter.copy_(torch.from_numpy(weights[name]))

    def forward(self, vectors, lengths):
        """Logits (B,) of sentences (B, longest, D) with their lengths (B,)."""
        packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        _, (state, _) = self.lstm(packed)
        return self.decoder(self.dropout(state[-1]))[:, 0]

    def by_name(self):
        """Its parameters, by the names of the weights."""
        return {name.removeprefix("lstm.").replace(".", "_"): value for name, value in self.named_parameters()}
