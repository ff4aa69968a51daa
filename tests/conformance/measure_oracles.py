"""What every measure is, a second time: straight from its formula, in double precision, without the library's code.

An oracle is a function with the name of its measure, below ``oracle_of_probe``, ``oracle_of_run``,
``oracle_of_snapshot``, ``oracle_of_pair`` or ``oracle_of_asked``. It gets a case and returns a number, nan where the
measure has no value.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace

import numpy as np
import torch

import oracles
from richlazy.measures import at_matched_loss
from richlazy.models.rate_network import Weights
from richlazy.storage.seeds import generator

PROBE, RUN, SNAPSHOT, PAIR, ASKED = {}, {}, {}, {}, {}


def oracle_of_probe(function):
    """Register the oracle of a measure of the probe; it gets a ``ProbeCase``."""
    PROBE[function.__name__] = function
    return function


def oracle_of_run(function):
    """Register the oracle of a measure of what was recorded in training; it gets a ``RunCase``."""
    RUN[function.__name__] = function
    return function


def oracle_of_snapshot(function):
    """Register the oracle of a quantity that is followed in training; it gets a ``ProbeCase``, its start ``before``."""
    SNAPSHOT[function.__name__] = function
    return function


def oracle_of_pair(function):
    """Register the oracle of a measure of two networks; it gets two ``ProbeCase`` on the same trials."""
    PAIR[function.__name__] = function
    return function


def oracle_of_asked(*names):
    """Register the oracles of measures of unseen trials; each gets a ``ProbeCase`` of them and one of the probe."""

    def register(function):
        ASKED.update(dict.fromkeys(names, function))
        return function

    return register


def cosine(first, second):
    return float((first * second).sum() / first.norm() / second.norm())


# The probe


@dataclass(frozen=True)
class ProbeCase:
    """A network before and after training on its probe, in double precision."""

    before: Weights
    after: Weights
    inputs: torch.Tensor
    targets: torch.Tensor
    decision: torch.Tensor
    leak_factor: float = 0.3
    rectification: str = "after_leak"
    kernel_trials: int = 5
    kernel_times: str = "all"
    loss_steps: str = "all"
    loss: str = "cross_entropy"
    seed: int = 0
    rule: str = "backpropagation"
    feedback_correlation: float = 0.0
    truncation_steps: int = 1

    @property
    def is_recurrent(self):
        return self.before.recurrent.numel() > 0

    @property
    def is_linear(self):
        return self.rectification == "none"

    @property
    def has_tanh_units(self):
        return self.rectification == "tanh"

    @property
    def has_single_channels(self):
        return self.before.input.shape[1] == len(self.before.readout) == 1

    @property
    def is_linear_two_layer(self):
        return self.rectification == "none" and not self.is_recurrent and len(self.after.readout) == 1

    @property
    def has_classes(self):
        return not self.targets.is_floating_point()

    def rates(self, weights):
        return torch.stack(oracles.network_rates(weights, self.inputs, self.leak_factor, self.rectification))

    def loss_of(self, weights):
        """By a loop over steps and trials."""
        outputs = self.rates(weights) @ weights.readout.T
        steps, trials = outputs.shape[:2]
        losses = []
        for step in range(steps if self.loss_steps == "all" else 1):
            for trial in range(trials):
                at = (step if self.loss_steps == "all" else steps - 1, trial)
                if self.has_classes:
                    losses.append(float(torch.logsumexp(outputs[at], 0) - outputs[at][int(self.targets[at])]))
                    continue
                squares = [float((y - z) ** 2) for y, z in zip(outputs[at], self.targets[at], strict=True)]
                known = [square for square in squares if not math.isnan(square)]
                losses += [x / 2 for x in known] if self.loss == "masked_squared_error" else [sum(squares) / 2]
        return np.mean(losses)

    @cached_property
    def kernels(self):
        """Of the recurrent and of all weights, before and after, by differentiating one output after the other."""
        chosen = self.inputs[:, : self.kernel_trials]
        setting = (chosen, self.leak_factor, self.rectification, self.kernel_times)
        return [oracles.tangent_kernel(weights, *setting) for weights in (self.before, self.after)]

    @cached_property
    def wanted(self):
        """Targets of the outputs of the kernel as an array (times, outputs, trials), one-hot for classes."""
        targets = self.targets[:, : self.kernel_trials].numpy()
        targets = targets if self.kernel_times == "all" else targets[-1:]
        if not self.has_classes:
            return np.nan_to_num(targets.astype(float)).transpose(0, 2, 1)
        return np.array([[[float(c == k) for c in row] for k in range(len(self.after.readout))] for row in targets])

    @cached_property
    def change(self):
        return (self.after.recurrent - self.before.recurrent).numpy()

    def structured(self, weights):
        return (weights.recurrent if self.is_recurrent else weights.input).numpy()

    def loss_with(self, recurrent):
        """Loss with other recurrent weights, all else being final."""
        return self.loss_of(Weights(torch.as_tensor(recurrent), self.after.input, self.after.readout))

    def feedback(self, name):
        """Fixed feedback of a name: the correlated part of the initial weights and a Gaussian draw of their norm."""
        initial = getattr(self.before, name).numpy()
        drawn = generator(self.seed, f"{name}_feedback").standard_normal(initial.shape)
        drawn *= math.sqrt((initial**2).sum() / (drawn**2).sum())
        share = self.feedback_correlation
        return torch.from_numpy(share * initial + math.sqrt(1 - share**2) * drawn)

    @property
    def replaced(self):
        """The matrix that fixed feedback replaces, None for rules without it."""
        return {"recurrent_feedback": "recurrent", "rflo": "readout", "feedback_alignment": "readout"}.get(self.rule)

    @property
    def learning(self):
        return SimpleNamespace(sends_errors_back=self.rule != "node_perturbation")

    @property
    def fixed_feedback(self):
        return self.replaced

    def rule_gradients(self, weights, trials, times, rule=None):
        """Rows of J~ of each output, in the order (time, class, trial): for the recurrent weights and for the inputs.

        By the rule's recursion from the state at t back to each step, one output and trial after the other.
        """
        rule, rates = rule or self.rule, self.rates(weights)
        steps, _, size = rates.shape
        recurrent, readout = weights.recurrent, weights.readout
        if rule in ("eligibility", "rflo"):
            recurrent = torch.zeros_like(recurrent)
        if rule == "recurrent_feedback":
            recurrent = self.feedback("recurrent")
        if rule in ("rflo", "feedback_alignment"):
            readout = self.feedback("readout")
        slopes = {"none": torch.ones_like(rates), "tanh": 1 - rates**2}.get(self.rectification, (rates > 0).double())
        rho, found = self.leak_factor, []
        inside = self.rectification in ("inside", "tanh")
        for t in range(steps) if times == "all" else [steps - 1]:
            for k, b in np.ndindex(len(readout), trials):
                error = slopes[t, b] * readout[k]
                rows = [torch.zeros(size, columns, dtype=torch.float64) for columns in (size, self.inputs.shape[-1])]
                for s in range(t, -1, -1):
                    rows[1] += (1 - rho) * torch.outer(error, self.inputs[s, b])
                    rows[0] += (1 - rho) * torch.outer(error, rates[s - 1, b]) if s else 0
                    if s == 0 or (rule == "truncated" and s % self.truncation_steps == 0):
                        break
                    back, slope = (1 - rho) * recurrent.T @ error, slopes[s - 1, b]
                    error = rho * error + slope * back if inside else slope * (rho * error + back)
                found.append(rows)
        return [torch.stack(rows).flatten(1) for rows in zip(*found, strict=True)]

    def directions(self, weights, rule):
        """Directions of a rule on the probe: errors of the outputs times the rows of J~, all weights as one vector."""
        rates = self.rates(weights)
        outputs = (rates @ weights.readout.T).requires_grad_(True)
        first = 0 if self.loss_steps == "all" else -1
        counted, targets = outputs[first:], self.targets[first:]
        if self.has_classes:
            loss = torch.nn.functional.cross_entropy(counted.flatten(0, 1), targets.flatten().long())
        else:
            squares = (counted - targets.nan_to_num()) ** 2 / 2
            masked = self.loss == "masked_squared_error"
            loss = squares[~targets.isnan()].mean() if masked else squares.sum(-1).mean()
        errors = torch.autograd.grad(loss, outputs)[0].detach()
        of_readout = torch.einsum("tbk,tbn->kn", errors, rates)
        rows = self.rule_gradients(weights, rates.shape[1], "all", rule)
        each = errors.transpose(1, 2).flatten()  # (time, class, trial)
        return torch.cat([each @ rows[0], each @ rows[1], of_readout.flatten()])

    def gradient_alignment(self, weights):
        if self.rule in ("backpropagation", "node_perturbation"):
            return 1.0 if self.rule == "backpropagation" else math.nan
        return cosine(self.directions(weights, self.rule), self.directions(weights, "backpropagation"))

    @cached_property
    def rule_kernels(self):
        """J J~' of the recurrent weights before and after, outputs in the order (time, class, trial)."""
        sides = (self.before, self.after)
        how = (self.kernel_trials, self.kernel_times)
        rows = [[self.rule_gradients(one, *how, rule)[0] for rule in ("backpropagation", None)] for one in sides]
        return [exact @ of_rule.T for exact, of_rule in rows]

    def centred_rates(self, weights, last=False):
        """Activity as samples about their mean, (samples, N)."""
        rates = self.rates(weights).numpy()
        samples = (rates[-1] if last else rates).reshape(-1, rates.shape[-1])
        return samples - samples.mean(0)


@oracle_of_probe
def probe_loss(case):
    return case.loss_of(case.after)


@oracle_of_probe
def guess_accuracy(case):
    if not case.has_classes:
        return math.nan
    asked = case.targets.numpy()[case.decision.numpy()].tolist()
    return max(asked.count(answer) for answer in asked) / len(asked)


@oracle_of_probe
def accuracy(case):
    outputs = case.rates(case.after) @ case.after.readout.T
    if not case.has_classes:
        return math.nan
    due = [(t, b) for t, b in np.ndindex(*case.decision.shape) if case.decision[t, b]]
    return np.mean([int(np.argmax(outputs[t, b].numpy())) == int(case.targets[t, b]) for t, b in due])


@oracle_of_probe
def weight_change_norm(case):
    return math.sqrt(sum(float(((b - a) ** 2).sum()) for a, b in zip(case.before, case.after, strict=True)))


@oracle_of_probe
def weight_change_norm_recurrent(case):
    return math.sqrt((case.change**2).sum()) if case.is_recurrent else math.nan


@oracle_of_probe
def representation_alignment(case):
    last = [case.rates(weights)[-1] for weights in (case.before, case.after)]
    return cosine(*(states @ states.T for states in last))


@oracle_of_probe
def kernel_alignment(case):
    return cosine(case.kernels[0][1], case.kernels[1][1])


@oracle_of_probe
def kernel_alignment_recurrent(case):
    return cosine(case.kernels[0][0], case.kernels[1][0]) if case.is_recurrent else math.nan


@oracle_of_probe
def kernel_alignment_predicted(case):
    """X'(W_1' W_1 + |w|² I)X before learning, X'(b b' / |b|² + I)X up to scale after it (Eqs. 7 and 8)."""
    if not case.is_linear_two_layer:
        return math.nan
    first, readout, trials = case.before.input, case.before.readout, case.inputs[0]
    beta = torch.linalg.lstsq(trials, case.targets[0]).solution[:, 0]
    direction = beta / beta.norm()
    size = trials.shape[1]
    initial = trials @ (first.T @ first + readout.square().sum() * torch.eye(size, dtype=torch.float64)) @ trials.T
    final = trials @ (torch.outer(direction, direction) + torch.eye(size, dtype=torch.float64)) @ trials.T
    return cosine(initial, final)


@oracle_of_probe
def sign_similarity(case):
    first, second = case.rates(case.before).numpy(), case.rates(case.after).numpy()
    due = case.decision.numpy()
    return np.mean(np.sign(first[due]) == np.sign(second[due]))


def effective_rank_by_eigenvalues(matrix):
    moduli = np.abs(np.linalg.eigvals(matrix))
    return moduli.mean() / moduli.max()


@oracle_of_probe
def effective_rank_eigenvalues_initial(case):
    return effective_rank_by_eigenvalues(case.structured(case.before)) if case.is_recurrent else math.nan


@oracle_of_probe
def effective_rank_eigenvalues(case):
    return effective_rank_by_eigenvalues(case.structured(case.after)) if case.is_recurrent else math.nan


def effective_rank_by_singular_values(matrix):
    values = np.linalg.svd(matrix, compute_uv=False)
    return values.mean() / values.max()


@oracle_of_probe
def effective_rank_singular_values_initial(case):
    return effective_rank_by_singular_values(case.structured(case.before))


@oracle_of_probe
def effective_rank_singular_values(case):
    return effective_rank_by_singular_values(case.structured(case.after))


@oracle_of_probe
def stable_rank_initial(case):
    matrix = case.structured(case.before)
    return (matrix**2).sum() / np.linalg.norm(matrix, 2) ** 2


@oracle_of_probe
def stable_rank(case):
    matrix = case.structured(case.after)
    return (matrix**2).sum() / np.linalg.norm(matrix, 2) ** 2


@oracle_of_probe
def functional_rank(case):
    """By asking the network with each truncation: all ranks of a matrix this small are below the largest, 25."""
    if not case.is_recurrent:
        return math.nan
    left, values, right = np.linalg.svd(case.change)
    first = case.before.recurrent.numpy()
    losses = [case.loss_with(first + (left[:, :r] * values[:r]) @ right[:r]) for r in range(len(values) + 1)]
    return next((rank for rank, loss in enumerate(losses) if loss < 0.05 * losses[0]), math.inf)


@oracle_of_probe
def relative_weight_change_recurrent(case):
    return (
        np.sqrt((case.change**2).sum() / (case.before.recurrent.numpy() ** 2).sum()) if case.is_recurrent else math.nan
    )


@oracle_of_probe
def stable_rank_change(case):
    return (case.change**2).sum() / np.linalg.norm(case.change, 2) ** 2 if case.is_recurrent else math.nan


@oracle_of_probe
def leading_singular_value_change(case):
    return np.linalg.norm(case.change, 2) if case.is_recurrent else math.nan


@oracle_of_probe
def loss_ratio_shuffled_initial(case):
    if not case.is_recurrent:
        return math.nan
    first = case.before.recurrent.numpy()
    order = generator(case.seed, "shuffling").permutation(first.size)
    shuffled = first.ravel()[order].reshape(first.shape)
    return case.loss_with(shuffled + case.change) / case.loss_of(case.before)


def trace_over_norm(kernel):
    return float(np.trace(kernel) / np.linalg.norm(kernel, 2))


@oracle_of_probe
def kernel_effective_rank_initial(case):
    return trace_over_norm(case.kernels[0][1].numpy())


@oracle_of_probe
def kernel_effective_rank(case):
    return trace_over_norm(case.kernels[1][1].numpy())


@oracle_of_probe
def task_effective_rank(case):
    if case.is_linear_two_layer:
        trials = case.inputs[0].numpy()
        beta = np.linalg.lstsq(trials, case.targets[0, :, 0].numpy(), rcond=None)[0]
        core = np.outer(beta, beta) / (beta @ beta) + np.eye(len(beta))
        return trace_over_norm(trials @ core @ trials.T)
    times, outputs, trials = case.wanted.shape
    features = np.zeros((times * outputs * trials, outputs * outputs))  # one block of Y for each output
    for t, k, b in np.ndindex(times, outputs, trials):
        features[(t * outputs + k) * trials + b, k * outputs : (k + 1) * outputs] = case.wanted[t, :, b]
    return trace_over_norm(features @ features.T)


@oracle_of_probe
def kernel_task_effective_rank_approach(case):
    goal = task_effective_rank(case)
    before, after = kernel_effective_rank_initial(case), kernel_effective_rank(case)
    return abs(np.log(before) - np.log(goal)) - abs(np.log(after) - np.log(goal))


def task_alignment(case, kernel):
    y = case.wanted.ravel()
    return float(y @ kernel.numpy() @ y / (y @ y * np.trace(kernel.numpy())))


@oracle_of_probe
def kernel_task_alignment_initial(case):
    return task_alignment(case, case.kernels[0][1])


@oracle_of_probe
def kernel_task_alignment(case):
    return task_alignment(case, case.kernels[1][1])


@oracle_of_probe
def centred_kernel_alignment_initial(case):
    return oracles.centred_alignment(case.kernels[0][1].numpy(), case.wanted)


@oracle_of_probe
def centred_kernel_alignment(case):
    return oracles.centred_alignment(case.kernels[1][1].numpy(), case.wanted)


def one_step(case, state, drive):
    """States with the nonlinearity inside the recurrence: tanh units, or linear ones."""
    rates = state.tanh() if case.has_tanh_units else state
    return case.leak_factor * state + (1 - case.leak_factor) * (case.before.recurrent @ rates + drive)


@oracle_of_probe
def lyapunov_exponent_initial(case):
    """From the product of derivatives of one step, each by automatic differentiation, and without renormalisation."""
    if not (case.is_recurrent and case.has_tanh_units):
        return math.nan
    size = len(case.before.recurrent)
    state, product, lengths = torch.zeros(size, dtype=torch.float64), torch.eye(size, dtype=torch.float64), []
    start = torch.full((size,), 1 / math.sqrt(size), dtype=torch.float64)
    for trial in range(min(64, case.inputs.shape[1])):
        for current in case.inputs[:, trial]:
            drive = case.before.input @ current
            step = torch.autograd.functional.jacobian(lambda at, drive=drive: one_step(case, at, drive), state)
            state, product = one_step(case, state, drive), step @ product
            lengths.append(float((product @ start).norm()))
    settled = len(lengths) // 4
    return (math.log(lengths[-1]) - math.log(lengths[settled - 1])) / (len(lengths) - settled)


@oracle_of_probe
def outlier_eigenvalues_initial(case):
    if not case.is_recurrent:
        return math.nan
    matrix = case.before.recurrent.numpy()
    variance = (matrix**2).mean()
    return sum(abs(value) > 1.2 * math.sqrt(len(matrix) * variance) for value in np.linalg.eigvals(matrix))


@oracle_of_probe
def relative_loss_initial(case):
    silent = Weights(case.before.recurrent, case.before.input, torch.zeros_like(case.before.readout))
    return case.loss_of(case.before) / case.loss_of(silent)


@oracle_of_probe
def amplification_initial(case):
    """|W_1| / z* of Eq. 11, the matrix itself."""
    if not (case.is_recurrent and case.is_linear and case.has_single_channels):
        return math.nan
    recurrent, drive, readout = (matrix.numpy() for matrix in case.before)
    inverse = np.linalg.inv(np.eye(len(recurrent)) - recurrent)
    first = inverse.T @ (readout / np.linalg.norm(readout)).T @ (drive / np.linalg.norm(drive)).T @ inverse.T
    return np.linalg.norm(first)


def drop_after(case, component):
    if not case.is_recurrent:
        return math.nan
    values = np.sqrt(np.linalg.eigvalsh(case.change.T @ case.change)[::-1])
    return values[component - 1] / values[component]


@oracle_of_probe
def singular_value_drop_after_2(case):
    return drop_after(case, 2)


@oracle_of_probe
def singular_value_drop_after_6(case):
    return drop_after(case, 6)


@oracle_of_probe
def outlier_eigenvalues(case):
    if not case.is_recurrent:
        return math.nan
    before, after = (np.abs(np.linalg.eigvals(w.recurrent.numpy())) for w in (case.before, case.after))
    return sum(float(value > max(before)) for value in after)


def dimension(samples):
    """By the eigenvalues of their covariance."""
    values = np.linalg.eigvalsh(np.cov(samples, rowvar=False))
    return values.sum() ** 2 / (values**2).sum()


@oracle_of_probe
def participation_ratio_initial(case):
    return dimension(case.centred_rates(case.before))


@oracle_of_probe
def participation_ratio(case):
    return dimension(case.centred_rates(case.after))


@oracle_of_probe
def centred_representation_alignment(case):
    """By the similarity of trials, centred on both sides."""
    last = [case.centred_rates(weights, last=True) for weights in (case.before, case.after)]
    first, second = (states @ states.T for states in last)
    return (first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum())


def aligned(case, weights):
    """By singular values: |X w'| over the root of the norms of both Gram matrices, for their dimensions."""
    activity, readout = case.centred_rates(weights), weights.readout.numpy()
    squares = [np.linalg.svd(matrix, compute_uv=False) ** 2 for matrix in (activity, readout)]
    dimensions = [(each.sum() / np.sqrt((each**2).sum())) ** 2 for each in squares]
    plain = np.linalg.norm(activity @ readout.T) / np.sqrt(np.prod([np.sqrt((each**2).sum()) for each in squares]))
    ratio = dimensions[0] / dimensions[1]
    return plain * max(ratio, 1 / ratio) ** 0.25


@oracle_of_probe
def readout_alignment_initial(case):
    return aligned(case, case.before)


@oracle_of_probe
def readout_alignment(case):
    return aligned(case, case.after)


@oracle_of_probe
def gradient_alignment_initial(case):
    return case.gradient_alignment(case.before)


@oracle_of_probe
def gradient_alignment(case):
    return case.gradient_alignment(case.after)


@oracle_of_probe
def feedback_weight_alignment(case):
    return cosine(getattr(case.after, case.replaced), case.feedback(case.replaced)) if case.replaced else math.nan


@oracle_of_probe
def rule_kernel_alignment_recurrent(case):
    known = case.is_recurrent and case.rule != "node_perturbation"
    return cosine(*case.rule_kernels) if known else math.nan


@oracle_of_probe
def rule_kernel_asymmetry(case):
    if not case.is_recurrent or case.rule == "node_perturbation":
        return math.nan
    kernel = case.rule_kernels[1].numpy()
    return (
        0.0 if case.rule == "backpropagation" else np.linalg.norm(kernel - kernel.T) / np.linalg.norm(kernel + kernel.T)
    )


@oracle_of_probe
def readout_change_share(case):
    squares = [float(((b - a) ** 2).sum()) for a, b in zip(case.before, case.after, strict=True)]
    return squares[2] / math.fsum(squares)


@oracle_of_probe
def lesion_loss_rise(case):
    """Rows and columns of the silent units deleted, in a smaller network."""
    rng, size, losses = generator(case.seed, "lesions"), case.after.readout.shape[1], []
    for _ in range(10):
        left = np.sort(rng.permutation(size)[max(1, round(size / 10)) :])
        recurrent = case.after.recurrent[np.ix_(left, left)] if case.is_recurrent else case.after.recurrent
        losses.append(case.loss_of(Weights(recurrent, case.after.input[left], case.after.readout[:, left])))
    return np.mean(losses) - case.loss_of(case.after)


@oracle_of_probe
def noise_loss_rise(case):
    rng, losses = generator(case.seed, "disturbances"), []
    scale = math.sqrt((case.inputs**2).mean()) / 2
    for _ in range(10):
        noisy = case.inputs + scale * torch.from_numpy(rng.standard_normal(tuple(case.inputs.shape)))
        losses.append(replace(case, inputs=noisy).loss_of(case.after))
    return np.mean(losses) - case.loss_of(case.after)


# What is followed in training

for function in (
    kernel_alignment,
    kernel_alignment_recurrent,
    kernel_task_alignment,
    centred_kernel_alignment,
    kernel_effective_rank,
    weight_change_norm,
    weight_change_norm_recurrent,
    leading_singular_value_change,
):
    oracle_of_snapshot(function)


@oracle_of_snapshot
def second_singular_value_change(case):
    return np.linalg.svd(case.change, compute_uv=False)[1] if case.is_recurrent else math.nan


def in_plane(case, row, column):
    """An entry of A, from the change as [w m] A [w m]' plus what is outside of the plane, w first."""
    if not (case.is_recurrent and case.has_single_channels):
        return math.nan
    directions = [case.before.readout.numpy()[0], case.before.input.numpy()[:, 0]]
    basis = np.array([direction / np.linalg.norm(direction) for direction in directions])
    return (basis @ case.change @ basis.T)[row, column]


@oracle_of_snapshot
def change_input_to_output(case):
    return in_plane(case, 0, 1)


@oracle_of_snapshot
def change_output_to_input(case):
    return in_plane(case, 1, 0)


@oracle_of_snapshot
def change_output_to_output(case):
    return in_plane(case, 0, 0)


@oracle_of_snapshot
def change_input_to_input(case):
    return in_plane(case, 1, 1)


def fixed_points_of(case):
    """Stable ones, by waiting for each last state of the probe to stand still; with the eigenvalue of each."""
    recurrent, rho = case.after.recurrent.numpy(), case.leak_factor
    found = []
    for state in np.arctanh(case.rates(case.after).flip(0).flatten(0, 1).numpy())[:128]:
        for _ in range(5000):
            state = rho * state + (1 - rho) * recurrent @ np.tanh(state)
        if np.abs(recurrent @ np.tanh(state) - state).max() < 1e-8 and not any(
            np.abs(np.tanh(state) - np.tanh(other)).max() < 1e-3 for other in found
        ):
            found.append(state)
    steps = [rho * np.eye(len(h)) + (1 - rho) * recurrent @ np.diag(1 / np.cosh(h) ** 2) for h in found]
    return [max(abs(np.linalg.eigvals(step))) for step in steps]


@oracle_of_probe
def stable_fixed_points(case):
    return len(fixed_points_of(case)) if case.is_recurrent and case.has_tanh_units else math.nan


@oracle_of_probe
def fixed_point_eigenvalue(case):
    found = fixed_points_of(case) if case.is_recurrent and case.has_tanh_units else []
    return np.mean(found) if found else math.nan


# What was recorded in training


@dataclass(frozen=True)
class RunCase:
    """A run by gradient descent and its loss curve, whose points are single batches.

    Attributes:
        target: z* where the expansion is about the run, None elsewhere.
        crossings: updates and measures by the levels to which the loss came down, None where it is not matched.
    """

    run: dict
    losses: list
    followed: dict
    target: float | None
    fraction: float
    crossings: dict | None = None

    @property
    def is_expanded(self):
        return self.target is not None

    @property
    def beta(self):
        return 1 / (1 - self.run["gain"] ** 2)

    @property
    def updates(self):
        return self.run["convergence_iterations"]

    def rescaled(self, updates):
        """Time of the expansion, T, which stays where the output has reached the target."""
        times = self.beta**2 * self.run["learning_rate"] * np.linspace(0, updates, 1_000_001)
        output = times - times**2 / 2 + (1 + 8 * self.target**2 * self.beta) * times**3 / 6
        return times[np.argmax(output >= 1)] if (output >= 1).any() else times[-1]

    @property
    def gradients(self):
        """|dL/dW| between batches, from dL/dtau = -|dL/dW|²."""
        return [
            math.sqrt((a - b) / self.run["learning_rate"]) for a, b in zip(self.losses, self.losses[1:], strict=False)
        ]

    def expansion(self, order):
        """Loss of each batch by the expansion, of an output that stays where it first is the target."""
        found, reached = [], False
        for batch in range(len(self.losses)):
            time = self.beta**2 * self.run["learning_rate"] * batch
            terms = [time, -(time**2) / 2, (1 + 8 * self.target**2 * self.beta) * time**3 / 6]
            share = sum(terms[:order])
            reached = reached or share >= 1
            found.append(0.0 if reached else (self.target * (1 - share)) ** 2 / 2)
        return found


@oracle_of_run
def final_loss(case):
    return case.run["final_loss"]


@oracle_of_run
def convergence_iterations(case):
    return case.updates


@oracle_of_run
def kernel_task_alignment_iterations(case):
    """Where a straight line between snapshots has come nine tenths of its way, on a fine grid."""
    if not case.followed:
        return math.nan
    at, values = case.followed["iterations"], case.followed["kernel_task_alignment"]
    grid = np.linspace(0, at[-1], 100_001)
    course = np.interp(grid, at, values)
    return grid[np.argmax(course >= values[0] + 0.9 * (max(values) - values[0]))]


@oracle_of_run
def loss_curve_roughness(case):
    return sum(max(0, b - a) for a, b in zip(case.losses, case.losses[1:], strict=False)) / case.losses[0]


@oracle_of_run
def convergence_time(case):
    return case.run["learning_rate"] * case.updates


@oracle_of_run
def convergence_time_predicted(case):
    """z = z* beta² tau until z* - z is the square root of the fraction of z*."""
    return (1 - math.sqrt(case.fraction)) / case.beta**2 if case.is_expanded else math.nan


@oracle_of_run
def rescaled_convergence_time(case):
    return case.run["learning_rate"] * case.updates * case.beta**2 if case.is_expanded else math.nan


@oracle_of_run
def weight_change_norm_recurrent_predicted(case):
    return case.target / case.beta if case.is_expanded else math.nan


@oracle_of_run
def gradient_norm_recurrent(case):
    return np.mean(case.gradients[: case.updates]) if case.is_expanded else math.nan


@oracle_of_run
def gradient_norm_recurrent_predicted(case):
    return case.target * case.beta if case.is_expanded else math.nan


@oracle_of_run
def gradient_growth(case):
    return max(case.gradients) / case.gradients[0] if case.is_expanded else math.nan


@oracle_of_run
def loss_ratio_shuffled_initial_predicted(case):
    """(1 - 1/beta²)² = (2 g² - g⁴)²."""
    return (1 - case.beta**-2) ** 2 if case.is_expanded else math.nan


@oracle_of_run
def prediction_error_shuffled_initial(case):
    return abs(case.run["loss_ratio_shuffled_initial"] - loss_ratio_shuffled_initial_predicted(case))


def deviation(case, order):
    if not case.is_expanded:
        return math.nan
    each = [abs(a - b) for a, b in zip(case.losses, case.expansion(order), strict=True)]
    return np.mean(each[: case.updates + 1]) / (case.target**2 / 2)


@oracle_of_run
def loss_deviation_first_order(case):
    return deviation(case, 1)


@oracle_of_run
def loss_deviation_third_order(case):
    return deviation(case, 3)


@oracle_of_run
def leading_singular_value_deviation(case):
    if not case.is_expanded:
        return math.nan
    times = case.beta**2 * np.linspace(0, case.run["learning_rate"] * case.run["iterations"], 1_000_001)
    output = times - times**2 / 2 + (1 + 8 * case.target**2 * case.beta) * times**3 / 6
    end = times[np.argmax(output >= 1)] if (output >= 1).any() else times[-1]
    series = end - end**2 / 2 + (1 + 3.5 * case.target**2 * case.beta) * end**3 / 6
    expected = case.target / case.beta * series
    return abs(case.run["leading_singular_value_change"] - expected) / expected


def share_in_agreement(case, *theory_of):
    """Share of updates at which interpolated deviations are at most a tenth, by a loop over updates.

    Args:
        theory_of: name of what was followed, and its expansion at a rescaled time.
    """
    if not (case.is_expanded and case.followed):
        return math.nan
    at = case.followed["iterations"]
    deviations = [0.0]
    for place, iteration in list(enumerate(at))[1:]:
        time = case.rescaled(iteration)
        theory = np.array([expansion(time) for _, expansion in theory_of])
        value = np.array([case.followed[name][place] for name, _ in theory_of])
        deviations.append(math.sqrt(((value - theory) ** 2).sum() / (theory**2).sum()))
    within = [np.interp(update, at, deviations) <= 0.1 for update in range(1, case.updates + 1)]
    return sum(within) / case.updates


@oracle_of_run
def leading_singular_value_agreement(case):
    z, beta = case.target, case.beta
    return share_in_agreement(
        case,
        (
            "leading_singular_value_change",
            lambda t: z / beta * (t - t**2 / 2 + (1 + 7 / 2 * z**2 * beta) * t**3 / 6),
        ),
    )


@oracle_of_run
def second_singular_value_agreement(case):
    return share_in_agreement(case, ("second_singular_value_change", lambda t: case.target**3 * t**3 / 12))


@oracle_of_run
def change_in_plane_agreement(case):
    if case.is_expanded and case.run["gain"] != 0:
        return math.nan
    z = case.target
    return share_in_agreement(
        case,
        ("change_output_to_output", lambda t: z**2 / 2 * (t**2 - t**3)),
        ("change_input_to_output", lambda t: z * (t - t**2 / 2 + t**3 / 6 * (1 + 2 * z**2))),
        ("change_output_to_input", lambda t: z**3 * t**3 / 3),
        ("change_input_to_input", lambda t: z**2 / 2 * (t**2 - t**3)),
    )


@oracle_of_run
def second_singular_value_order(case):
    if not (case.is_expanded and case.followed):
        return math.nan
    first, second = case.followed["second_singular_value_change"][1:3]
    return math.log(second / first, case.followed["iterations"][2] / case.followed["iterations"][1])


def without_initial_weights(target, fraction, step=1e-3):
    """Learning time, mean gradient until then, and final change: two units, of which one is read and one reads."""

    def error_and_gradient(change):
        inverse = np.linalg.inv(np.eye(2) - change)
        error = target - inverse[0, 1]
        return error, error * inverse.T @ np.outer([1, 0], [0, 1]) @ inverse.T

    change, gradients, converged = np.zeros((2, 2)), [], None
    for _ in range(round(15 / step)):
        error, gradient = error_and_gradient(change)
        if converged is None and error**2 < fraction * target**2:
            converged = step * len(gradients), np.mean(gradients)
        gradients.append(np.linalg.norm(gradient))
        change = change + step * error_and_gradient(change + step / 2 * gradient)[1]
    return *converged, np.linalg.norm(change)


@oracle_of_run
def convergence_time_collapse_error(case):
    if not case.is_expanded:
        return math.nan
    time, _, _ = without_initial_weights(case.target, case.fraction)
    return abs(case.run["learning_rate"] * case.updates / time * case.beta**2 - 1)


@oracle_of_run
def weight_change_collapse_error(case):
    if not case.is_expanded:
        return math.nan
    _, _, change = without_initial_weights(case.target, case.fraction)
    return abs(case.run["weight_change_norm_recurrent"] / change * case.beta - 1)


@oracle_of_run
def gradient_collapse_error(case):
    if not case.is_expanded:
        return math.nan
    _, gradient, _ = without_initial_weights(case.target, case.fraction)
    return abs(gradient_norm_recurrent(case) / gradient / case.beta - 1)


@oracle_of_run
def amplification_error(case):
    if not case.is_expanded:
        return math.nan
    return abs(case.run["amplification_initial"] * (1 - case.run["gain"] ** 2) - 1)


@oracle_of_run
def generalisation_gap(case):
    return case.run["probe_loss"] - case.run["final_loss"]


# Of tasks that are learned one after another: performance[stage][task], stage 0 before training


def of_stages(oracle):
    """A formula of the performance and the number of tasks; nan for networks of one task."""

    def of_case(case):
        known = case.run["curriculum"]
        return oracle(known["performance"], len(known["performance"][0])) if known else math.nan

    of_case.__name__ = oracle.__name__
    return oracle_of_run(of_case)


@of_stages
def forgetting(performance, tasks):
    lost = [
        max(performance[stage][task] for stage in range(1, tasks)) - performance[tasks][task]
        for task in range(tasks - 1)
    ]
    return sum(lost) / len(lost)


@of_stages
def backward_transfer(performance, tasks):
    gained = [performance[tasks][task] - performance[task + 1][task] for task in range(tasks - 1)]
    return sum(gained) / len(gained)


@of_stages
def forward_transfer(performance, tasks):
    gained = [performance[task][task] - performance[0][task] for task in range(1, tasks)]
    return sum(gained) / len(gained)


@of_stages
def first_task_performance(performance, tasks):
    return performance[1][0]


@oracle_of_run
def relearning_time_ratio(case):
    known = case.run["curriculum"]
    if not known or known["stages"][-1] != 0:
        return math.nan
    length = len(case.losses) // len(known["stages"])
    first, again = case.losses[:length], case.losses[-length:]
    last_fifth = first[-round(length / 5) :]
    end = sum(last_fifth) / len(last_fifth)
    there = [next(at for at, loss in enumerate(part, 1) if loss - end <= (0.5 - end) / 4) for part in (again, first)]
    return there[0] / there[1]


# At levels of the loss


def at_level(name, level):
    def oracle(case):
        if case.crossings is None:
            return math.nan
        unknown = math.inf if name == "updates" else math.nan
        return case.crossings[level][name] if level in case.crossings else unknown

    return oracle


for level in ("shared_loss", "convergence"):
    RUN[f"updates_to_{level}"] = at_level("updates", level)
    RUN |= {f"{name}_at_{level}": at_level(name, level) for name in at_matched_loss.OF_CHANGE}


# Two networks


def spectrum_of(case, weights):
    """Of the operator between principal components, by normal equations of all that is known of a step."""
    rates, inputs = case.rates(weights).numpy(), case.inputs.numpy()
    units = rates.shape[-1]
    flat = rates.reshape(-1, units) - rates.reshape(-1, units).mean(0)
    _, singular, axes = np.linalg.svd(flat)
    state = ((rates - rates.reshape(-1, units).mean(0)) @ axes[:10].T) / np.sqrt((singular**2).sum() / len(flat))
    rows = [
        (np.concatenate([state[step - 1, trial], inputs[step, trial]]), state[step, trial])
        for step in range(1, len(rates))
        for trial in range(rates.shape[1])
    ]
    now, then = (np.array(column) for column in zip(*rows, strict=True))
    now, then = now - now.mean(0), then - then.mean(0)
    weighted = np.vstack([now, np.sqrt(1e-8 * len(now)) * np.eye(now.shape[1])])
    fitted = np.linalg.lstsq(weighted, np.vstack([then, np.zeros((now.shape[1], then.shape[1]))]))[0]
    return np.linalg.eigvals(fitted[: state.shape[-1]].T)


def best_assignment(costs):
    """Of rows to columns, by the best choice for each set of columns that the rows before may have taken."""
    best = {0: (0.0, ())}
    for row in costs:
        found = {}
        for taken, (cost, places) in best.items():
            for place, more in enumerate(row):
                key = taken | 1 << place
                if not taken >> place & 1 and (key not in found or cost + more < found[key][0]):
                    found[key] = (cost + more, (*places, place))
        best = found
    return next(iter(best.values()))


def distance_of_spectra(first, second, moment):
    pair = (spectrum_of(case, getattr(case, moment)) for case in (first, second))
    left, right = pair
    return best_assignment([[abs(one - other) for other in right] for one in left])[0] / len(left)


def distance_of_weights(first, second, moment):
    received = []
    for case in (first, second):
        weights, rates = getattr(case, moment), case.rates(getattr(case, moment))
        before = torch.cat([torch.zeros_like(rates[:1]), rates[:-1]])
        drive = before @ weights.recurrent.T + case.inputs @ weights.input.T
        received.append(drive.flatten(0, 1).numpy())
    units = len(received[0].T)
    correlations = np.corrcoef(received[0].T, received[1].T)[:units, units:]
    order = best_assignment(-correlations)[1]
    one, other = (getattr(case, moment).recurrent.numpy() for case in (first, second))
    squares = sum((one[i, j] - other[order[i], order[j]]) ** 2 for i in range(units) for j in range(units))
    return math.sqrt(squares / ((one**2).sum() + (other**2).sum()))


@oracle_of_pair
def dynamical_distance_initial(first, second):
    return distance_of_spectra(first, second, "before")


@oracle_of_pair
def dynamical_distance(first, second):
    return distance_of_spectra(first, second, "after")


@oracle_of_pair
def weight_distance_initial(first, second):
    return distance_of_weights(first, second, "before")


@oracle_of_pair
def weight_distance(first, second):
    return distance_of_weights(first, second, "after")


@oracle_of_pair
def answer_distance(first, second):
    one, other = ((case.rates(case.after) @ case.after.readout.T)[first.decision].numpy() for case in (first, second))
    if not first.has_classes:
        return math.sqrt(((one - other) ** 2).sum() / ((one**2).sum() + (other**2).sum()))
    shares = [np.exp(logits) / np.exp(logits).sum(-1, keepdims=True) for logits in (one, other)]
    # What is left of certainty that two draws agree, if they agree as often as they can.
    return 1 - np.minimum(*shares).sum(-1).mean()


# Unseen trials


def answers_when_due(case):
    """Outputs, and what is asked for, step by step and trial by trial where something is."""
    outputs = case.rates(case.after) @ case.after.readout.T
    for step, trial in np.ndindex(*outputs.shape[:2]):
        if case.has_classes and case.decision[step, trial]:
            yield outputs[step, trial], int(case.targets[step, trial])
        elif not case.has_classes:
            known = ~case.targets[step, trial].isnan()
            yield from zip(outputs[step, trial][known], case.targets[step, trial][known], strict=True)


def loss_when_due(case):
    if case.has_classes:
        return np.mean(
            [math.log(sum(math.exp(y - answer[asked]) for y in answer)) for answer, asked in answers_when_due(case)]
        )
    return np.mean([float(answer - asked) ** 2 / 2 for answer, asked in answers_when_due(case)])


def accuracy_when_due(case):
    if not case.has_classes:
        return math.nan
    return np.mean([all(answer[asked] >= y for y in answer) for answer, asked in answers_when_due(case)])


@oracle_of_asked("unseen_timing_loss_rise", "unseen_noise_loss_rise", "unseen_stimuli_loss_rise")
def loss_rise(unseen, seen):
    return loss_when_due(unseen) - loss_when_due(seen)


@oracle_of_asked("unseen_timing_accuracy_fall", "unseen_noise_accuracy_fall", "unseen_stimuli_accuracy_fall")
def accuracy_fall(unseen, seen):
    return accuracy_when_due(seen) - accuracy_when_due(unseen)
