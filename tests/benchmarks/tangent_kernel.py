"""Both forms of the tangent kernel against one backward pass per output, and against each other on long trials."""

import statistics

import torch

import oracles
from richlazy.measures.tangent_kernel import WORKSPACE_MB, tangent_kernel
from richlazy.models.rate_network import Dynamics

from .measuring import Comparison, Row, Settings, interleaved, seconds
from .references import PlainNetwork, per_output_kernel
from .training_step import SHAPES, Shape, problem

NAME = "tangent_kernel"
TOLERANCE = 1e-4
# Of the long trials, those on which outputs are differentiated one by one: on all of them J alone would take 0.8 GB.
LOOP_TRIALS = 20


def rows(settings: Settings, shape: Shape = SHAPES[0], long: Shape = SHAPES[2]) -> list[Row]:
    """Short trials in the factored form, and long ones, of which the last outputs count, in the direct form.

    Raises:
        AssertionError: where two sides differ by more than 1e-4 of the kernel.
    """
    return short_trials(settings, shape) + long_trials(settings, long)


def check(pairs) -> float:
    """Largest difference of pairs of kernels relative to their norm.

    Raises:
        AssertionError: where it is more than 1e-4.
    """
    error = max(oracles.relative_error(*pair) for pair in pairs)
    assert error < TOLERANCE, f"kernels differ by {error:.2g} of their norm"
    return error


def agreement(error: float) -> str:
    """Sentence for a note."""
    return f"Kernels of both sides agree to {error:.1g} of their norm (float32)."


def long_trials(settings: Settings, shape: Shape) -> list[Row]:
    """Speed-up of the direct form over the factored form, and on fewer trials over the loop."""
    weights, inputs, _ = problem(shape)
    trials = torch.from_numpy(inputs[0])
    few = trials[:, :LOOP_TRIALS]
    network = PlainNetwork(weights)
    results = {}

    def library(form, trials):
        def compute():
            kernel = tangent_kernel(weights, trials, Dynamics(0.0), "last", form)
            results[form] = (kernel.recurrent, kernel.all)

        return compute

    def loop():
        results["loop"] = per_output_kernel(network, few, times="last")

    against_factored = interleaved(library("direct", trials), library("factored", trials), settings.few)
    error = check(zip(results["direct"], results["factored"], strict=True))
    count = len(results["direct"][1])
    against_loop = interleaved(library("direct", few), loop, settings.few)
    loop_error = check(zip(results["direct"], results["loop"], strict=True))
    few_count = len(results["loop"][1])
    where = f"{shape.name}, outputs of the last step"
    return [
        Row.of(
            NAME, f"{count} outputs, direct form against factored", against_factored,
            note=f"{where}. Ours: rows of J in blocks of {WORKSPACE_MB} MB. {agreement(error)}",
        ),
        Row.of(
            NAME, f"{few_count} outputs, direct form against autograd.grad loop", against_loop,
            note=f"{where}, {few.shape[1]} of the trials. {agreement(loop_error)}",
        ),
    ]  # fmt: skip


def short_trials(settings: Settings, shape: Shape) -> list[Row]:
    """Speed-up over three ways to write the loop."""
    weights, inputs, _ = problem(shape)
    trials = torch.from_numpy(inputs[0])
    network = PlainNetwork(weights)
    results = {}

    def ours():
        kernel = tangent_kernel(weights, trials, Dynamics(0.0))
        results["ours"] = (kernel.recurrent, kernel.all)

    def reference(one_graph):
        def compute():
            results["reference"] = per_output_kernel(network, trials, one_graph)

        return compute

    comparisons, pairs = [], []
    for one_graph in (True, False):
        comparisons.append(interleaved(ours, reference(one_graph), settings.few, calls=5, reference_calls=1))
        pairs += zip(results["ours"], results["reference"], strict=True)
    error = check(pairs)
    pairs.clear()

    count, entries = len(results["ours"][1]), sum(matrix.numel() for matrix in weights)
    results.clear()
    samples = 8 if settings.quick else 16
    appended = seconds_of_growing(count, entries, samples)
    one_graph = comparisons[0]
    grown = Comparison(one_graph.ours, [time + appended for time in one_graph.reference])
    return [
        Row.of(
            NAME, f"{count} outputs, autograd.grad loop", one_graph, required=50, moonshot=200,
            note="All weights. Reference: torch.autograd.grad for each entry of the network's output, rows stacked "
            f"once, one product J J'. {agreement(error)}",
        ),
        Row.of(
            NAME, f"{count} outputs, loop on each step's own graph", comparisons[1],
            note="The same loop with the readout applied step by step, so that no backward pass visits later steps.",
        ),
        Row.of(
            NAME, f"{count} outputs, loop with growing torch.cat", grown,
            note="The authors' script: J grows by torch.cat row by row. Not run whole: the loop above was, and of the "
            f"{count} appends {samples}, evenly spaced from the first to the last, were timed and taken "
            f"{count / samples:.0f} times each.",
        ),
    ]  # fmt: skip


def seconds_of_growing(count: int, entries: int, samples: int) -> float:
    """Seconds of all appends to a matrix of ``entries`` columns that grows from nothing to ``count`` rows.

    Args:
        count, entries: final rows, and columns.
        samples: appends that are timed.
    """
    row = torch.ones(1, entries)
    times = []
    for sample in range(samples):
        matrix = torch.ones(int((sample + 0.5) * count / samples), entries)
        times.append(seconds(lambda matrix=matrix: torch.cat([matrix, row])))
    return statistics.mean(times) * count
