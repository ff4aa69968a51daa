"""The factored tangent kernel against one backward pass per output."""

import statistics

import torch

import oracles
from richlazy.kernels import tangent_kernel
from richlazy.networks import Dynamics

from .measuring import Comparison, Row, Settings, interleaved, seconds
from .references import PlainNetwork, per_output_kernel
from .training_step import SHAPES, Shape, problem

NAME = "tangent_kernel"
TOLERANCE = 1e-4


def rows(settings: Settings, shape: Shape = SHAPES[0]) -> list[Row]:
    """Speed-up over three ways to write the loop.

    Raises:
        AssertionError: where library and reference differ by more than 1e-4 of the kernel.
    """
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

    comparisons, errors = [], []
    for one_graph in (True, False):
        comparisons.append(interleaved(ours, reference(one_graph), settings.few, calls=5, reference_calls=1))
        errors += [oracles.relative_error(*pair) for pair in zip(results["ours"], results["reference"], strict=True)]
    assert max(errors) < TOLERANCE, f"kernels differ by {max(errors):.2g} of their norm"

    count, entries = len(results["ours"][1]), sum(matrix.numel() for matrix in weights)
    results.clear()
    samples = 8 if settings.quick else 16
    appended = seconds_of_growing(count, entries, samples)
    one_graph = comparisons[0]
    grown = Comparison(one_graph.ours, [time + appended for time in one_graph.reference])
    agreement = f"Kernels of both sides agree to {max(errors):.1g} of their norm (float32)."
    return [
        Row.of(
            NAME, f"{count} outputs, autograd.grad loop", one_graph, required=50, moonshot=200,
            note="All weights. Reference: torch.autograd.grad for each entry of the network's output, rows stacked "
            f"once, one product J J'. {agreement}",
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
