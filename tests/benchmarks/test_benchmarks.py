"""The references of the benchmarks compute what the library computes; the table says what was measured. No timing."""

import importlib.util
import json
import math
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

import oracles
from engines import needs_compiled
from richlazy.measures import measuring as library_measuring
from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights

from . import __main__ as program
from . import (
    dry_run,
    measuring,
    memory,
    peers,
    together,
    training_autograd,
    training_engine,
    training_lstm,
    training_step,
    whole_run,
)
from . import tangent_kernel as tangent_kernel_benchmark
from .measuring import Comparison, Row, Settings, Spread
from .references import MatrixProducts, PlainNetwork, TanhNetwork, TorchNetwork, per_output_kernel

SHAPES = (
    training_step.Shape("small", 12, 3, 3, 5, 4, calls=1, required=0.8, moonshot=0.9),
    training_step.Shape("small, last step", 12, 7, 4, 6, 3, "last", calls=1),
)
# Of Schuessler et al.: targets are numbers, of which some are not asked for.
FLIP_FLOP = training_step.Shape("small flip-flop", 12, 2, 2, 9, 4, tanh=True, calls=1)
SMALL_LSTM = training_lstm.Shape(5, 4, 6, 40, 4.0, 2.0, 8, calls=1, learning_rate=0.01)
ONCE = Settings(repeats=1, quick=True)
NETWORKS = (PlainNetwork, TorchNetwork)
BOTH_SIDES = pytest.mark.parametrize(
    ("shape", "network"),
    [*((shape, network) for shape in SHAPES for network in NETWORKS), (FLIP_FLOP, TanhNetwork)],
    ids=lambda value: getattr(value, "name", None) or value.__name__,
)


@pytest.fixture
def small_config():
    """The repository's configuration, reduced to seconds."""
    config = whole_run.paper_scale()
    config["connectivity"]["size"] = 16
    config["training"] |= {"iterations": 250, "batch_size": 8}
    config["probe"] |= {"trials": 20, "kernel_trials": 3}
    return config


@BOTH_SIDES
def test_both_sides_of_a_training_step_give_the_same_weights(shape, network):
    ours = training_step.LibraryStep(shape, torch.float64)
    reference = training_autograd.AutogradStep(shape, network, torch.float64)
    before = ours.weights.map(torch.clone)
    for _ in range(training_step.STORED_BATCHES + 2):  # all batches, and the first ones again
        ours()
        reference()
    trained = reference.training.network.state_dict().values()
    expected = {matrix.shape: matrix for matrix in trained}
    for matrix, initial in zip(ours.weights, before, strict=True):
        assert not torch.equal(matrix, initial)
        # Adam divides by the root of the square, so that rounding of small gradients weighs more.
        torch.testing.assert_close(matrix[0], expected[matrix[0].shape], rtol=1e-9 if shape.tanh else 1e-12, atol=1e-14)


@BOTH_SIDES
def test_both_sides_of_a_training_step_see_the_same_loss(shape, network):
    ours = training_step.LibraryStep(shape, torch.float64)
    reference = training_autograd.AutogradStep(shape, network, torch.float64)
    for _ in range(3):
        ours()
        inputs, targets = next(reference.batches)
        loss = reference.training.step(torch.from_numpy(inputs), torch.from_numpy(targets))
        assert loss == pytest.approx(-float(ours.staged.log_likelihood.mean()), rel=1e-12)


@pytest.mark.parametrize("leak_factor", [0.0, 0.3])
@pytest.mark.parametrize("loss_steps", ["all", "last"])
def test_outputs_of_the_plain_network_follow_the_equation(leak_factor, loss_steps):
    rng = np.random.default_rng(0)
    weights = oracles.random_weights(rng, 9, 3, 4)
    inputs, _ = oracles.random_trials(rng, 6, 5, 3, 4)
    expected = oracles.network_outputs(weights, inputs, leak_factor, "after_leak")
    outputs = PlainNetwork(weights, leak_factor)(inputs, loss_steps)
    torch.testing.assert_close(outputs, expected if loss_steps == "all" else expected[-1:], rtol=1e-12, atol=1e-14)


def test_products_of_the_reference_are_those_of_the_step():
    steps, batch_size, size = 5, 4, 12
    recurrent = oracles.random_weights(np.random.default_rng(0), size, 3, 3)[0]
    products = MatrixProducts(recurrent, steps, batch_size)
    products.run()
    products.run()  # the arrays are used again, so that a second call must give the same
    rates, deltas = (torch.ones(batch_size, size, dtype=torch.float64) for _ in range(2))
    gradient = torch.zeros(size, size, dtype=torch.float64)
    all_deltas = [deltas := deltas @ recurrent if step else deltas for step in range(steps)][::-1]
    for step in range(steps):
        if step:
            gradient += all_deltas[step].T @ rates
            rates = rates @ recurrent.T
        torch.testing.assert_close(products.rates[step], rates, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(products.deltas[step], all_deltas[step], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(products.gradient, gradient, rtol=1e-12, atol=1e-13)


def test_products_of_the_reference_give_the_library_its_gradient():
    shape = SHAPES[0]
    step = training_step.LibraryStep(shape, torch.float64)
    products = MatrixProducts(step.weights.recurrent[0], shape.steps, shape.batch_size)
    before, backpropagation = step.weights.recurrent.clone(), step.staged.descent.directions
    step()
    for ours, theirs in ((products.rates, backpropagation.rates), (products.deltas, backpropagation.deltas)):
        for target, source in zip(ours, theirs, strict=True):
            target.copy_(source[0])
    torch.mm(products.later_deltas_transposed, products.earlier_rates, out=products.gradient)
    factor = training_step.LEARNING_RATE / backpropagation.loss_rows
    torch.testing.assert_close(
        step.weights.recurrent[0], before[0] - factor * products.gradient, rtol=1e-13, atol=1e-15
    )


@pytest.mark.parametrize("leak_factor", [0.0, 0.3])
@pytest.mark.parametrize("one_graph", [True, False])
@pytest.mark.parametrize("times", ["all", "last"])
def test_kernel_of_the_reference_is_that_of_the_library(leak_factor, one_graph, times):
    rng = np.random.default_rng(0)
    weights = Weights(*oracles.random_weights(rng, 7, 3, 3))
    inputs, _ = oracles.random_trials(rng, 5, 4, 3, 3)
    ours = tangent_kernel(weights, inputs, Dynamics(leak_factor), times)
    recurrent, every = per_output_kernel(PlainNetwork(weights, leak_factor), inputs, one_graph, times)
    assert oracles.relative_error(ours.recurrent, recurrent) < 1e-12
    assert oracles.relative_error(ours.all, every) < 1e-12


def test_appends_are_timed_from_the_first_to_the_last(monkeypatch):
    lengths = []
    concatenate = torch.cat

    def recorded(parts):
        lengths.append(len(parts[0]))
        return concatenate(parts)

    monkeypatch.setattr(torch, "cat", recorded)
    monkeypatch.setattr(tangent_kernel_benchmark, "seconds", lambda function: len(function()))
    # Each append "takes" as many seconds as the matrix then has rows: the sum over all appends is known.
    assert tangent_kernel_benchmark.seconds_of_growing(40, 3, 8) == pytest.approx(40 * 41 / 2, rel=0.02)
    assert lengths == [2, 7, 12, 17, 22, 27, 32, 37]


@pytest.mark.parametrize("subject", [training_step, training_autograd])
def test_training_steps_are_measured(subject):
    check(subject.rows(ONCE, (*SHAPES, FLIP_FLOP)), subject.NAME)


@pytest.mark.parametrize("subject", [training_step, training_autograd])
@pytest.mark.parametrize("shape", training_step.SHAPES, ids=lambda shape: shape.name)
def test_training_steps_of_every_shape_of_make_benchmark_are_measured(subject, shape):
    """At one call: the numbers mean nothing."""
    check(subject.rows(ONCE, [replace(shape, calls=1)]), subject.NAME)


@pytest.fixture
def numbers_of_numpy():
    """JAX draws from the global generator of numpy when it is first used."""
    state = np.random.get_state()
    yield
    np.random.set_state(state)


needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed: envs/peers.txt")


@pytest.mark.parametrize("shape", [*SHAPES, FLIP_FLOP], ids=lambda shape: shape.name)
@pytest.mark.parametrize(
    "peer", [peers.TorchFuncStep, peers.CompiledTorchStep, pytest.param(peers.JaxSteps, marks=needs_jax)]
)
def test_a_peer_takes_the_step_of_the_library(numbers_of_numpy, monkeypatch, shape, peer):
    if peer is peers.CompiledTorchStep:  # the same graph without a minute of compilation
        monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    ours, theirs = training_step.LibraryStep(shape, torch.float64), peer(shape, torch.float64)
    for _ in range(training_step.STORED_BATCHES):
        ours()
    for _ in range(1 if peer is peers.JaxSteps else training_step.STORED_BATCHES):
        theirs()
    for matrix, other in zip(ours.weights, theirs.weights, strict=True):
        expected = np.asarray(other.detach() if isinstance(other, torch.Tensor) else other)
        np.testing.assert_allclose(matrix[0], expected, rtol=1e-9 if shape.tanh else 1e-12, atol=1e-14)


@needs_compiled
def test_peers_are_timed_against_both_engines(monkeypatch):
    monkeypatch.setattr(peers, "peers", lambda: {"torch.func.grad": peers.TorchFuncStep})
    found = peers.rows(ONCE, SHAPES[:1])
    check(found, peers.NAME)
    assert [row.what for row in found] == [
        "small, compiled / torch.func.grad", "small, torch / torch.func.grad",
    ]  # fmt: skip


def test_tangent_kernel_is_measured_and_compared():
    found = tangent_kernel_benchmark.rows(ONCE, *SHAPES)
    check(found, "tangent_kernel")
    assert found[0].what.startswith("60 outputs")
    assert [row.what for row in found[-2:]] == [
        "12 outputs, direct form against factored", "12 outputs, direct form against autograd.grad loop",
    ]  # fmt: skip
    assert (found[0].required, found[0].moonshot) == (50, 200)


@pytest.mark.parametrize("part", [tangent_kernel_benchmark.short_trials, tangent_kernel_benchmark.long_trials])
def test_kernels_that_differ_stop_the_benchmark(monkeypatch, part):
    monkeypatch.setattr(tangent_kernel_benchmark, "Dynamics", lambda leak_factor: Dynamics(0.1))
    with pytest.raises(AssertionError, match="kernels differ"):
        part(ONCE, SHAPES[0])


def test_a_whole_run_is_measured(small_config):
    found = whole_run.rows(ONCE, small_config)
    check(found, "whole_run")
    named = {row.what: row for row in found}
    parts = [row for row in found if row.what.startswith("part: ")]
    total, trials = named["run with trials"], named["part: trials"]
    assert len(parts) == 4
    assert total.ours == pytest.approx(sum(part.ours for part in parts), rel=1e-6)
    assert named["run without trials"].ours == pytest.approx(total.ours - trials.ours, rel=1e-6)
    assert named["run with trials, kernels with growing torch.cat"].reference > total.reference
    assert (total.required, total.moonshot) == (8, 12)
    assert library_measuring.tangent_kernel is tangent_kernel, "the library's kernel is back in its place"


def test_the_reference_draws_the_trials_of_the_task(small_config, tmp_path):
    run = whole_run.Run(small_config, tmp_path)
    run.plot_trials()
    ours, classes = np.load(tmp_path / "inputs.npy"), np.load(tmp_path / "targets.npy")
    dataset = run.dataset()
    batches = [tuple(array.copy() for array in dataset()) for _ in range(300)]
    inputs, targets = (np.stack(arrays) for arrays in zip(*batches, strict=True))
    assert inputs.shape[1:] == ours.shape[1:]
    assert targets.shape[1:] == classes.shape[1:]
    for drawn in (ours, inputs):
        np.testing.assert_allclose(drawn.mean((0, 2)), ours.mean((0, 2)), atol=0.02)
        np.testing.assert_allclose(drawn.std((0, 2)), ours.std((0, 2)), atol=0.02)
    again = run.dataset()
    assert np.array_equal(again()[0], batches[0][0]), "the same seed gives the same trials"


def test_memory_of_a_training_job_is_measured(small_config):
    found = memory.rows(ONCE, small_config)
    check(found, "memory")
    assert found[0].unit == "MB"
    assert 50 < found[0].ours < 5000


def test_both_sides_of_an_update_of_the_lstm_give_the_same_weights():
    shape = replace(SMALL_LSTM, dropout=0.0)
    sentences = training_lstm.Sentences(shape, np.float64)
    ours, reference = (side(shape, sentences) for side in (training_lstm.LibraryStep, training_lstm.TorchStep))
    for _ in range(len(sentences.batches) + 2):  # all batches, and the first ones again
        assert ours() == pytest.approx(reference(), rel=1e-12)
    for name, parameter in reference.network.by_name().items():
        assert not np.array_equal(parameter.detach(), sentences.weights[name])
        # Adam divides by the root of the square, so that rounding of small gradients weighs more.
        torch.testing.assert_close(ours.network.weights[name], parameter.detach(), rtol=1e-9, atol=1e-12)


def test_an_update_of_the_lstm_is_measured():
    check(training_lstm.rows(ONCE, SMALL_LSTM), "training_lstm")


@needs_compiled
def test_both_engines_are_timed_on_the_same_networks():
    cases = [training_engine.Case("2AF", 12, 1, calls=1)]
    shapes = [(shape, None, None) for shape in (*SHAPES, FLIP_FLOP)]
    found = training_engine.rows(ONCE, cases, shapes, updates=20)
    check(found, "training_engine")
    assert [row.what for row in found] == [
        "2AF, N=12, rank 1, after 0 updates", "2AF, N=12, rank 1, after 20 updates",
        *(shape.name for shape, _, _ in shapes),
    ]  # fmt: skip
    sides = training_engine.both(lambda engine: training_step.LibraryStep(SHAPES[0], engine=engine))
    for side in sides:
        side()
        side()
    for ours, reference in zip(*(side.weights for side in sides), strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-6)


def test_networks_together_are_timed_against_one_alone():
    found = together.rows(ONCE, SHAPES[0], networks=3, iterations=20)
    check(found, "together")
    assert "networks of 10000 iterations per second" in found[0].note


def test_announced_jobs_are_counted():
    lines = [
        "job           count",
        "----------  -------",
        "all               1",
        "train            40",
        "total            41",
    ]
    assert dry_run.jobs("\n".join([*lines, "", "total ruin"])) == 41
    assert dry_run.jobs("Nothing to be done") == 0


@pytest.mark.parametrize("with_rerun", [False, True])
def test_a_plan_and_on_request_a_rerun_are_timed(monkeypatch, with_rerun):
    outputs = iter(["total  707", "total  45", "Nothing to be done"])
    monkeypatch.setattr(dry_run, "snakemake", lambda folder, *arguments: (2.0, next(outputs)))
    found = dry_run.rows(replace(ONCE, with_rerun=with_rerun))
    check(found, "dry_run")
    assert len(found) == 1 + with_rerun
    assert "707 jobs" in found[0].note
    assert not with_rerun or "45 jobs" in found[1].note


def test_a_rerun_that_builds_again_stops_the_benchmark(monkeypatch):
    monkeypatch.setattr(dry_run, "snakemake", lambda folder, *arguments: (2.0, "total  45"))
    with pytest.raises(AssertionError, match="total  45"):
        dry_run.rows(replace(ONCE, with_rerun=True))


def check(rows, subject):
    """Rows that name their subject, with finite and positive numbers, and that a table can show."""
    assert rows
    for row in rows:
        assert row.subject == subject
        values = [row.ours]
        if row.ratio is not None:
            values += [row.reference, row.ratio.median, row.ratio.low, row.ratio.high]
            assert row.ratio.low <= row.ratio.median <= row.ratio.high
        assert all(math.isfinite(value) and value > 0 for value in values), row
        assert row.what in measuring.table(rows)


def test_two_sides_are_timed_in_turns():
    calls = []
    comparison = measuring.interleaved(lambda: calls.append("a"), lambda: calls.append("b"), 3, calls=2)
    assert "".join(calls) == "ab" + "aabb" * 3
    assert len(comparison.ours) == len(comparison.reference) == 3
    calls.clear()
    measuring.interleaved(lambda: calls.append("a"), lambda: calls.append("b"), 2, calls=3, reference_calls=1)
    assert "".join(calls) == "ab" + "aaab" * 2


def test_the_ratio_is_the_median_of_pairwise_ratios():
    comparison = Comparison([1.0, 2.0, 4.0], [8.0, 2.0, 8.0])
    assert comparison.ratio == Spread(2.0, 1.0, 8.0)
    row = Row.of("subject", "what", comparison, required=2)
    assert (row.ours, row.reference, row.unit) == (2.0, 8.0, "s")


@pytest.mark.parametrize(
    ("ratio", "ours", "met"),
    [
        (9.0, 1.0, "moonshot"),
        (8.0, 1.0, "moonshot"),
        (4.0, 9.0, "yes"),
        (3.9, 1.0, "no"),
        (None, 4.0, "moonshot"),
        (None, 8.0, "yes"),
        (None, 8.1, "no"),
    ],
)
def test_requirements_are_least_ratios_or_greatest_values(ratio, ours, met):
    spread = None if ratio is None else Spread(ratio, 0.0, 100.0)
    limits = (4.0, 8.0) if spread else (8.0, 4.0)
    row = Row("subject", "what", ours, "s", 1.0, spread, *limits)
    assert row.met == met
    assert replace(row, required=None).met == "-"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.8512e-3, "s", "1.85 ms"),
        (0.06, "s", "60 ms"),
        (12.3, "s", "12.3 s"),
        (251.7, "s", "252 s"),
        (2.5e-7, "s", "0.25 µs"),
        (325.4, "MB", "325 MB"),
        (None, "s", "-"),
    ],
)
def test_quantities_have_three_digits_and_a_unit(value, unit, text):
    assert measuring.quantity(value, unit) == text


def test_the_table_shows_every_number_and_each_note_once():
    rows = [
        Row("speed", "step", 0.0018, "s", 0.0146, Spread(8.11, 7.5, 8.5), 8.0, 12.0, "Against a loop."),
        Row("speed", "other step", 1.0, "s", 3.0, Spread(3.0, 2.0, 4.0), note="Against a loop."),
        Row("memory", "job", 325.0, "MB", required=600.0, moonshot=400.0, note="In a process."),
    ]
    assert measuring.table(rows).splitlines() == [
        "what                ours  reference  ratio  min-max   required   moonshot      met?",
        "-----------------------------------------------------------------------------------",
        "speed",
        "  step [1]        1.8 ms    14.6 ms   8.11  7.5-8.5       >= 8      >= 12       yes",
        "  other step [1]     1 s        3 s      3      2-4          -          -         -",
        "memory",
        "  job [2]         325 MB          -      -        -  <= 600 MB  <= 400 MB  moonshot",
        "[1] Against a loop.",
        "[2] In a process.",
    ]


@pytest.fixture
def one_subject(monkeypatch):
    """The program with a single subject that takes no time."""
    asked = []

    def rows(settings):
        asked.append(settings)
        return [Row("nothing", "a thing", 1.0, "s", 3.0, Spread(3.0, 2.0, 4.0), 2.0, 5.0)]

    monkeypatch.setattr(program, "SUBJECTS", {"nothing": rows})
    return asked


def test_the_program_prints_the_table_and_writes_the_numbers(one_subject, tmp_path, capsys):
    program.main(["--json", str(tmp_path / "numbers.json"), "--repeats", "7", "--with-rerun"])
    assert one_subject == [Settings(7, False, True)]
    printed = capsys.readouterr().out
    assert "a thing" in printed
    assert f"torch {torch.__version__}" in printed
    values = json.loads((tmp_path / "numbers.json").read_text())
    assert values["settings"] == {"repeats": 7, "quick": False, "with_rerun": True}
    assert values["versions"]["torch"] == torch.__version__
    assert values["machine"]["cores"] >= 1
    (row,) = values["rows"]
    assert (row["what"], row["ours"], row["reference"], row["met"]) == ("a thing", 1.0, 3.0, "yes")
    assert row["ratio"] == {"median": 3.0, "low": 2.0, "high": 4.0}


def test_each_subject_prints_as_it_finishes(one_subject, monkeypatch, capsys):
    def failing(settings):
        raise RuntimeError("out of luck")

    monkeypatch.setitem(program.SUBJECTS, "failing", failing)
    with pytest.raises(RuntimeError):
        program.main([])
    assert "a thing" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "repeats"), [([], 20), (["--quick"], 4), (["--quick", "--repeats", "2"], 2)])
def test_quick_means_fewer_repeats(one_subject, arguments, repeats):
    program.main([*arguments, "--only", "nothing"])
    assert one_subject[0].repeats == repeats


def test_the_program_knows_its_subjects(capsys):
    assert list(program.SUBJECTS) == [
        "training_step", "training_engine", "training_autograd", "training_lstm", "peers", "tangent_kernel",
        "whole_run", "together", "memory", "dry_run",
    ]  # fmt: skip
    with pytest.raises(SystemExit):
        program.main(["--only", "coffee"])
    assert "training_step" in capsys.readouterr().err


@pytest.mark.slow
def test_every_subject_is_measured_at_its_own_scale(capsys):
    """Once, as `make benchmark` does it; some minutes."""
    program.main(["--quick", "--repeats", "1"])
    printed = capsys.readouterr().out
    assert all(re.search(f"^{name}$", printed, re.MULTILINE) for name in program.SUBJECTS)
