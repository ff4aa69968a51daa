"""How much learning changed a network, and how its weights and kernel are structured.

Every measure of change compares the network before and after training. Lazier learning shows as a small
change of the weights and as alignments near 1 (Liu et al. 2024, section 2.2).
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import linalg

from richlazy.measures import low_rank_change, task_kernels
from richlazy.measures.tangent_kernel import TangentKernel, tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights, respond
from richlazy.theory import two_layer


def alignment(first: torch.Tensor, second: torch.Tensor) -> float:
    """Cosine between two symmetric matrices, Tr(A B) / (|A| |B|), in [-1, 1] (Eqs. 5 and 6)."""
    first, second = first.double(), second.double()
    return float((first * second).sum() / (first.norm() * second.norm()))


def weight_change_norms(initial: Weights, final: Weights) -> tuple[float, float]:
    """Frobenius norm of the change of the recurrent weights alone, and of all trained weights (Eq. 4)."""
    changes = [float((after.double() - before.double()).norm()) for before, after in zip(initial, final, strict=True)]
    return changes[0], float(np.linalg.norm(changes))


def representation(rates: torch.Tensor) -> torch.Tensor:
    """Similarity R = H'H of trials by their activity at the last step, (m, m), not centred (Eq. 5).

    Where there is a single trial its time points are compared instead, (T, T).

    Args:
        rates: (T, m, N).
    """
    samples = rates[-1] if rates.shape[1] > 1 else rates[:, 0]
    return samples @ samples.T


def sign_similarity(first: torch.Tensor, second: torch.Tensor, steps: torch.Tensor) -> float:
    """Share of units with equal sign of activity before and after, over the given steps (authors' script).

    Args:
        first, second: rates (T, m, N).
        steps: (T, m), the steps that count.
    """
    return float((first[steps].sign() == second[steps].sign()).double().mean())


def eigenvalue_effective_rank(weights: np.ndarray) -> float:
    """Relative effective rank sum|lambda_i| / (|lambda_1| N) (section 3, Figure 2)."""
    return _relative_sum(np.abs(linalg.eigvals(weights)))


def singular_value_effective_rank(weights: np.ndarray) -> float:
    """Relative effective rank sum s_i / (s_1 N) (Figure 16)."""
    return _relative_sum(linalg.svdvals(weights))


def _relative_sum(magnitudes: np.ndarray) -> float:
    """Sum over the largest and the number; nan where all are 0."""
    largest = magnitudes.max()
    return float(magnitudes.sum() / (largest * len(magnitudes))) if largest > 0 else float("nan")


def stable_rank(weights: np.ndarray) -> float:
    """|W|_F² / s_1²; nan where all weights are 0."""
    largest = linalg.svdvals(weights)[0]
    return float((np.linalg.norm(weights) / largest) ** 2) if largest > 0 else float("nan")


def kernel_effective_rank(kernel: torch.Tensor) -> float:
    """Trace of the kernel over its largest eigenvalue (Figure 15); nan where the kernel has overflowed."""
    kernel = kernel.double()
    if not torch.isfinite(kernel).all():
        return float("nan")
    return float(kernel.trace() / torch.linalg.eigvalsh(kernel)[-1])


def kernel_task_alignment(kernel: torch.Tensor, targets: torch.Tensor) -> float:
    """y'K y / (|y|² Tr K) with y the targets as one-hot vectors over all outputs (Figure 14B).

    Args:
        kernel: (R, R), outputs in the order (time, class, trial).
        targets: one-hot targets (times, classes, m).
    """
    target = targets.flatten().double()
    kernel = kernel.double()
    return float(target @ kernel @ target / (target @ target * kernel.trace()))


def centred_kernel_alignment(kernel: torch.Tensor, targets: torch.Tensor) -> float:
    """y'K_c y / (|K_c| |y|²) after Baratin et al. 2021, Eq. 7 (Figure 14D).

    The kernel is centred over trials within each pair of outputs (time, class); y is the one-hot target
    minus its mean over trials.

    Args:
        kernel: (R, R), outputs in the order (time, class, trial).
        targets: one-hot targets (times, classes, m).

    Returns:
        The alignment, or nan where every trial has the same targets.
    """
    trials = targets.shape[-1]
    target = (targets.double() - targets.double().mean(-1, keepdim=True)).flatten()
    blocks = kernel.double().unflatten(0, (-1, trials)).unflatten(2, (-1, trials))
    blocks = blocks - blocks.mean(1, keepdim=True)
    blocks = blocks - blocks.mean(3, keepdim=True)
    centred = blocks.reshape(kernel.shape)
    return float(target @ centred @ target / (centred.norm() * (target @ target)))


def one_hot(targets: torch.Tensor, classes: int) -> torch.Tensor:
    """Targets (times, m) of integer classes as one-hot vectors (times, classes, m)."""
    return torch.nn.functional.one_hot(targets.long(), classes).transpose(1, 2)


def output_targets(targets: torch.Tensor, outputs: int) -> torch.Tensor:
    """Targets of every output (times, N_out, m): one-hot for classes (times, m), else as given (times, m, N_out).

    An output that is not asked for (nan) has the target 0, as if it were not there.
    """
    return targets.nan_to_num().transpose(1, 2) if targets.is_floating_point() else one_hot(targets, outputs)


def loss_and_accuracy(
    weights: Weights, rates: torch.Tensor, targets: torch.Tensor, decision: torch.Tensor, loss_steps: str = "all",
    loss: str | None = None,
) -> tuple[float, float]:  # fmt: skip
    """Mean loss, and the share of correct decisions (nan where targets are numbers).

    Args:
        weights: of one network.
        rates: (T, m, N).
        targets: classes (T, m), whose loss is the cross-entropy in nats; or numbers (T, m, N_out), whose loss is half
            the squared error, summed over outputs.
        decision: (T, m), the steps on which a decision is due.
        loss_steps: ``all`` steps of a trial, or the ``last`` one.
        loss: with ``masked_squared_error``, that of numbers is half the mean squared error over those that are not nan.
    """
    outputs = rates @ weights.readout.T
    first = 0 if loss_steps == "all" else -1
    if targets.is_floating_point():
        squares = (outputs[first:].double() - targets[first:].double()).square()
        if loss == "masked_squared_error":
            return float(squares[~targets[first:].isnan()].mean() / 2), float("nan")
        return float(squares.sum(-1).mean() / 2), float("nan")
    cross_entropy = torch.nn.functional.cross_entropy(
        outputs[first:].flatten(0, 1).double(), targets[first:].flatten().long()
    )
    correct = (outputs.argmax(-1) == targets)[decision]
    return float(cross_entropy), float(correct.double().mean())


def predicted_kernel_alignment(initial: Weights, inputs: torch.Tensor, targets: torch.Tensor) -> float:
    """Closed form of the kernel alignment of a linear two-layer network with small initial weights (Eqs. 7 and 8).

    Args:
        initial: weights before training, without recurrent ones.
        inputs: (1, m, d), at least as many trials as inputs.
        targets: (1, m, 1), a linear function of the inputs.
    """
    first_layer, readout = initial.input.double().numpy(), initial.readout.double().numpy()
    trials = inputs[0].double().numpy()
    beta = np.linalg.lstsq(trials, targets[0, :, 0].double().numpy())[0]
    return two_layer.kernel_alignment(first_layer, readout, beta, trials.T @ trials)


# Every measure of a run with its unit and meaning; the tables carry these words with them.
MEASURES: dict[str, str] = {
    "probe_loss": "nats, or half squared error; mean loss on the probe after training, at the steps that count",
    "accuracy": "share of correct decisions on the probe after training; null where targets are numbers",
    "weight_change_norm": "Frobenius norm of the change of all trained weights (Eq. 4)",
    "weight_change_norm_recurrent": "Frobenius norm of the change of the recurrent weights; null without them",
    "representation_alignment": "cosine of last-step similarity matrices before and after (Eq. 5)",
    "kernel_alignment": "cosine of tangent kernels of all weights before and after (Eq. 6)",
    "kernel_alignment_recurrent": "cosine of tangent kernels of the recurrent weights before and after; likewise",
    "kernel_alignment_predicted": "closed form of kernel_alignment (Eqs. 7, 8); null but for linear two-layer networks",
    "sign_similarity": "share of units whose sign of activity at the decision is unchanged",
    "effective_rank_eigenvalues_initial": "sum|lambda| / (max|lambda| N) of the initial recurrent weights; likewise",
    "effective_rank_eigenvalues": "sum|lambda| / (max|lambda| N) of the final recurrent weights; likewise",
    "effective_rank_singular_values_initial": "sum s / (s_1 N) of the initial recurrent weights, or of the first layer",
    "effective_rank_singular_values": "sum s / (s_1 N) of the final recurrent weights, or of the first layer",
    "stable_rank_initial": "|W|_F^2 / s_1^2 of the initial recurrent weights, or of the first layer",
    "stable_rank": "|W|_F^2 / s_1^2 of the final recurrent weights, or of the first layer",
    "functional_rank": "components of the change of W_h that bring the loss below 5 % of that without it; 26 for more",
    "relative_weight_change_recurrent": "|dW| / |W_0| of the recurrent weights; null without initial ones",
    "stable_rank_change": "|dW|_F^2 / s_1^2 of the change of the recurrent weights",
    "leading_singular_value_change": "largest singular value of the change of the recurrent weights",
    "loss_ratio_shuffled_initial": "probe loss with the initial recurrent weights shuffled, over that before training",
    "kernel_effective_rank_initial": "Tr K / lambda_1 of the kernel of all weights before training",
    "kernel_effective_rank": "Tr K / lambda_1 of the kernel of all weights after training",
    "task_effective_rank": "Tr K / lambda_1 of the kernel of the task: of targets, or by Eq. 8 (module task_kernels)",
    "kernel_task_effective_rank_approach": "how much nearer to it kernel_effective_rank came in training (log)",
    "kernel_task_alignment_initial": "y'K y / (|y|^2 Tr K), kernel of all weights before training",
    "kernel_task_alignment": "y'K y / (|y|^2 Tr K), kernel of all weights after training",
    "centred_kernel_alignment_initial": "centred alignment of kernel and targets before training (Baratin et al. 2021)",
    "centred_kernel_alignment": "centred alignment of kernel and targets after training (Baratin et al. 2021)",
}


@dataclass(frozen=True)
class Trained:
    """One network before and after training with its probe, or K of them with a leading network axis.

    Attributes:
        initial, final: weights before and after training.
        inputs: probe trials (T, m, N_in).
        targets: classes (T, m), or numbers (T, m, N_out).
        decision: (T, m), whether a decision is due.
    """

    initial: Weights
    final: Weights
    inputs: torch.Tensor
    targets: torch.Tensor
    decision: torch.Tensor

    def map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> "Trained":
        """The same function of each array."""
        weights = (self.initial.map(function), self.final.map(function))
        return Trained(*weights, *(function(array) for array in (self.inputs, self.targets, self.decision)))

    @staticmethod
    def stacked(networks: Iterable["Trained"]) -> "Trained":
        """Several networks with a leading network axis."""
        one_by_one = list(networks)
        arrays = (torch.stack([getattr(one, name) for one in one_by_one]) for name in ("inputs", "targets", "decision"))
        return Trained(
            Weights.stacked(one.initial for one in one_by_one),
            Weights.stacked(one.final for one in one_by_one),
            *arrays,
        )


# Rates that are held together to find losses of networks with other recurrent weights.
_RATES_TOGETHER = 2**24


def probe_losses(
    network: Trained, recurrent: torch.Tensor, dynamics: Dynamics, loss_steps: str = "all", loss: str | None = None
) -> list[float]:
    """Loss on the probe of one network with each of K other recurrent weights (K, N, N), all else being final."""
    steps, trials, _ = network.inputs.shape
    found = []
    for part in recurrent.split(max(1, _RATES_TOGETHER // (steps * trials * recurrent.shape[-1]))):
        rest = (matrix.expand(len(part), -1, -1) for matrix in (network.final.input, network.final.readout))
        rates, _ = respond(Weights(part, *rest), network.inputs.expand(len(part), -1, -1, -1), dynamics)
        found += [
            loss_and_accuracy(network.final, one, network.targets, network.decision, loss_steps, loss)[0]
            for one in rates
        ]
    return found


def measure(
    initial: Weights,
    final: Weights,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    decision: torch.Tensor,
    dynamics: Dynamics,
    kernel_trials: int,
    kernel_times: str = "all",
    loss_steps: str = "all",
    loss: str | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """All measures of one trained network.

    Args:
        initial, final: weights before and after training, float32.
        inputs: probe trials (T, m, N_in); targets: classes (T, m), or numbers (T, m, N_out); decision: (T, m) booleans.
        dynamics: leak and place of the rectifier.
        kernel_trials: the kernel is measured on this many first trials of the probe.
        kernel_times: ``all`` outputs of a trial, or those at the ``last`` step.
        loss_steps: likewise, for the loss.
        loss: as ``loss_and_accuracy`` takes it.
        seed: of the run, for what is shuffled.

    Returns:
        A value for each key of ``MEASURES``, nan where a measure has no meaning for the network; all nan for weights
        that are not finite.
    """
    single = Trained(initial, final, inputs, targets, decision).map(lambda array: array[None])
    return measure_together(single, dynamics, kernel_trials, kernel_times, loss_steps, loss, [seed])[0]


def measure_together(
    trained: Trained,
    dynamics: Dynamics,
    kernel_trials: int,
    kernel_times: str = "all",
    loss_steps: str = "all",
    loss: str | None = None,
    seeds: Sequence[int] | None = None,
) -> list[dict[str, float]]:
    """All measures of each of K networks, as ``measure`` gives them for one; seeds are 0 where none are given.

    Responses and kernels are computed for all networks at once where their arrays lie, the rest on the CPU.
    """
    sides = (trained.initial, trained.final)
    responses = [respond(weights, trained.inputs, dynamics)[0].cpu() for weights in sides]
    kernels = [
        tangent_kernel(weights, trained.inputs[:, :, :kernel_trials], dynamics, kernel_times) for weights in sides
    ]
    kernels = [TangentKernel(kernel.recurrent.cpu(), kernel.all.cpu()) for kernel in kernels]
    placed, trained = trained, trained.map(torch.Tensor.cpu)
    found = []
    for network in range(len(trained.inputs)):
        one = trained.map(lambda array, network=network: array[network])  # type: ignore[misc]
        before, after = (TangentKernel(kernel.recurrent[network], kernel.all[network]) for kernel in kernels)
        kernel_targets = targets_of_kernel(one.targets[:, :kernel_trials], one.final.readout.shape[0], kernel_times)
        rates_before, rates_after = (rates[network] for rates in responses)
        values = _measures(one, rates_before, rates_after, before, after, kernel_targets, loss_steps, loss)
        two_layers = dynamics.linear and not one.initial.recurrent.numel() and len(one.final.readout) == 1
        if _is_finite(one.final):
            task_rank = task_kernels.effective_rank_of_targets(kernel_targets)
            if one.initial.recurrent.numel():
                initial_loss, _ = loss_and_accuracy(
                    one.initial, rates_before, one.targets, one.decision, loss_steps, loss
                )
                there = placed.map(lambda array, network=network: array[network])  # type: ignore[misc]
                values |= low_rank_change.measures(
                    there.initial.recurrent, there.final.recurrent,
                    functools.partial(probe_losses, there, dynamics=dynamics, loss_steps=loss_steps, loss=loss),
                    initial_loss, seeds[network] if seeds is not None else 0,
                )  # fmt: skip
            if two_layers:
                values["kernel_alignment_predicted"] = predicted_kernel_alignment(one.initial, one.inputs, one.targets)
                trials, answers = one.inputs[0].double().numpy(), one.targets[0, :, 0].double().numpy()
                task_rank = task_kernels.effective_rank_of_linear_task(trials, answers)
            kernel_ranks = (values["kernel_effective_rank_initial"], values["kernel_effective_rank"])
            values["task_effective_rank"] = task_rank
            values["kernel_task_effective_rank_approach"] = task_kernels.approach(*kernel_ranks, task_rank)
        found.append({name: values.get(name, float("nan")) for name in MEASURES})
    return found


def _is_finite(weights: Weights) -> bool:
    return all(bool(torch.isfinite(matrix).all()) for matrix in weights)


def targets_of_kernel(targets: torch.Tensor, outputs: int, kernel_times: str) -> torch.Tensor:
    """Targets of the outputs of a kernel, in its order (times, N_out, m); targets as ``output_targets`` takes them."""
    return output_targets(targets if kernel_times == "all" else targets[-1:], outputs)


def _measures(
    network: Trained,
    rates_before: torch.Tensor,
    rates_after: torch.Tensor,
    before: TangentKernel,
    after: TangentKernel,
    kernel_targets: torch.Tensor,
    loss_steps: str,
    loss: str | None,
) -> dict[str, float]:
    """Measures of one network from its responses (T, m, N), its kernels and the targets of their outputs."""
    initial, final = network.initial, network.final
    if not _is_finite(final):
        return dict.fromkeys(MEASURES, float("nan"))
    probe_loss, accuracy = loss_and_accuracy(final, rates_after, network.targets, network.decision, loss_steps, loss)
    recurrent_change, all_change = weight_change_norms(initial, final)
    is_recurrent = bool(final.recurrent.numel())
    values = {
        "probe_loss": probe_loss,
        "accuracy": accuracy,
        "weight_change_norm": all_change,
        "weight_change_norm_recurrent": recurrent_change if is_recurrent else float("nan"),
        "representation_alignment": alignment(representation(rates_before), representation(rates_after)),
        "kernel_alignment": alignment(before.all, after.all),
        "kernel_alignment_recurrent": alignment(before.recurrent, after.recurrent),
        "sign_similarity": sign_similarity(rates_before, rates_after, network.decision),
    }
    for suffix, weights, kernel in (("_initial", initial, before.all), ("", final, after.all)):
        structured = (weights.recurrent if is_recurrent else weights.input).double().numpy()
        values |= {
            f"effective_rank_eigenvalues{suffix}": eigenvalue_effective_rank(structured)
            if is_recurrent
            else float("nan"),
            f"effective_rank_singular_values{suffix}": singular_value_effective_rank(structured),
            f"stable_rank{suffix}": stable_rank(structured),
            f"kernel_effective_rank{suffix}": kernel_effective_rank(kernel),
            f"kernel_task_alignment{suffix}": kernel_task_alignment(kernel, kernel_targets),
            f"centred_kernel_alignment{suffix}": centred_kernel_alignment(kernel, kernel_targets),
        }
    return values
