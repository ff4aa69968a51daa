"""Compiled passes: tiles, groups and chunks of every size, silent units, vectors, and many networks at once.

``models/test_backpropagation`` holds them, as the passes of PyTorch, to automatic differentiation.
"""

import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from engines import needs_compiled
from richlazy.compiled import library
from richlazy.compiled.backpropagation import CompiledBackpropagation
from richlazy.models.backpropagation import Backpropagation, laid_out
from richlazy.models.rate_network import RECTIFICATIONS, Dynamics, Weights
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings

pytestmark = needs_compiled
VECTORS = ("avx512", "avx2", "neon")


def problem(seed, networks=1, size=20, inputs=3, outputs=2, steps=4, trials=8, dtype=torch.float64):
    """Weights, inputs and classes of a batch, and what a gradient is added to."""
    generator = torch.Generator().manual_seed(seed)
    draw = functools.partial(torch.randn, generator=generator, dtype=dtype)
    weights = Weights(
        1.5 / size**0.5 * draw(networks, size, size), draw(networks, size, inputs), draw(networks, outputs, size)
    )
    batch = draw(networks, steps, trials, inputs)
    classes = torch.randint(0, outputs, (networks, steps, trials), generator=generator)
    return laid_out(weights), batch, classes, laid_out(weights.map(lambda matrix: matrix[..., :].sin()))


def results(passes, weights, batch, classes, target, rho=0.3, rectification="after_leak", loss_steps="all"):
    """Log-likelihoods, and a target with the gradient added."""
    _, steps, trials, _ = batch.shape
    one = passes(weights, steps, trials, Dynamics(rho, rectification), loss_steps)
    one.load(batch, classes)
    log_likelihoods = batch.new_zeros(len(batch), 1, one.loss_rows)
    added = laid_out(target)
    one.gradients(log_likelihoods, added, -0.7, keep=0.9)
    return (log_likelihoods, *added)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000), networks=st.integers(1, 2), size=st.integers(1, 120), inputs=st.integers(1, 60),
    outputs=st.integers(1, 11), steps=st.integers(1, 12), trials=st.integers(1, 100), rho=st.sampled_from([0.0, 0.4]),
    rectification=st.sampled_from(RECTIFICATIONS), loss_steps=st.sampled_from(["all", "last"]),
)  # fmt: skip
def test_passes_of_any_shape_equal_those_of_pytorch(
    seed, networks, size, inputs, outputs, steps, trials, rho, rectification, loss_steps
):
    arguments = problem(seed, networks, size, inputs, outputs, steps, trials)
    found, expected = (
        results(passes, *arguments, rho, rectification, loss_steps)
        for passes in (CompiledBackpropagation, Backpropagation)
    )
    for actual, wanted in zip(found, expected, strict=True):
        assert oracles.relative_error(actual, wanted) < 1e-10


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
def test_single_precision_is_as_near_to_double_precision_as_that_of_pytorch(rectification):
    shape = {"size": 130, "steps": 10, "trials": 40}
    exact = results(Backpropagation, *problem(0, **shape), rectification=rectification)
    errors = [
        max(
            oracles.relative_error(actual.double(), wanted)
            for actual, wanted in zip(
                results(passes, *_single(problem(0, **shape)), rectification=rectification), exact, strict=True
            )
        )
        for passes in (CompiledBackpropagation, Backpropagation)
    ]
    assert errors[0] < max(2e-6, 3 * errors[1])


def _single(arguments):
    weights, batch, classes, target = arguments
    return weights.map(torch.Tensor.float), batch.float(), classes, target.map(torch.Tensor.float)


def test_the_hyperbolic_tangent_is_right_to_two_units_in_the_last_place():
    state = torch.cat([torch.linspace(-12, 12, 200_001), torch.tensor([0.0, 1e-30, 100.0, -1e30])])
    size = len(state)
    weights = Weights(torch.zeros(1, 0, 0), state[None, :, None], torch.zeros(1, 2, size))
    one = CompiledBackpropagation(laid_out(weights), 1, 1, Dynamics(0.0, "tanh"))
    one.load(torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, dtype=torch.int64))
    one.forward(torch.zeros(1, 1, 1))
    rates = one.block_rates[0, 0, :, 0]
    exact = torch.tanh(state.double())
    spacing = torch.finfo(torch.float32).eps * 2.0 ** torch.floor(torch.log2(exact.abs().clamp(min=1e-37)))
    assert ((rates.double() - exact).abs() / spacing).max() < 2
    assert torch.equal(rates.signbit(), state.signbit())
    assert rates.abs().max() <= 1


@pytest.mark.parametrize("rectification", RECTIFICATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("size", "trials"), [(67, 8), (300, 32), (130, 70)])
def test_narrow_vectors_give_the_bytes_of_wide_ones(monkeypatch, size, trials, dtype, rectification):
    arguments = problem(1, size=size, trials=trials, steps=9, dtype=dtype)
    expected = results(CompiledBackpropagation, *arguments, rectification=rectification)
    for name in VECTORS:
        with monkeypatch.context() as patch:
            try:
                passes = library.Passes(library.built(), name)
            except ValueError:
                continue
            patch.setattr(library, "passes", lambda passes=passes: passes)
            found = results(CompiledBackpropagation, *arguments, rectification=rectification)
        assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True)), name


def test_networks_together_have_the_bytes_of_each_alone():
    weights, batch, classes, target = problem(2, networks=3, size=50, trials=40)
    together = results(CompiledBackpropagation, weights, batch, classes, target)
    for place in range(3):
        part = slice(place, place + 1)
        own = (laid_out(one.map(lambda matrix, part=part: matrix[part])) for one in (weights, target))
        alone = results(CompiledBackpropagation, next(own), batch[part], classes[part], next(own))
        assert all(torch.equal(one[part], other) for one, other in zip(together, alone, strict=True))


@pytest.mark.parametrize("rectification", ["after_leak", "inside"])
@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_silent_units_change_no_byte(rho, rectification):
    """A network gives the bytes of one in which units that never fire stand between the others."""
    weights, batch, classes, target = problem(3, size=40, trials=40, steps=11, dtype=torch.float32)
    places = torch.randperm(100, generator=torch.Generator().manual_seed(0))[:40].sort().values

    def among_silent(matrices):
        recurrent, feed, readout = torch.zeros(1, 100, 100), torch.zeros(1, 100, 3), torch.ones(1, 2, 100)
        recurrent[0, places[:, None], places], feed[0, places] = matrices.recurrent[0], matrices.input[0]
        readout[..., places] = matrices.readout
        return laid_out(Weights(recurrent, feed, readout))

    more = among_silent(weights)
    for unit in set(range(100)) - set(places.tolist()):
        more.recurrent[0, :, unit] = 1.0  # would be heard if it fired
    expected = results(CompiledBackpropagation, weights, batch, classes, target, rho, rectification)
    found = results(CompiledBackpropagation, more, batch, classes, among_silent(target), rho, rectification)
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1][:, places[:, None], places], expected[1])
    assert torch.equal(found[2][:, places], expected[2])
    assert torch.equal(found[3][..., places], expected[3])


def test_silent_units_are_left_out():
    weights, batch, classes, _ = problem(4, size=60, trials=40)
    weights.input[:, :20] = 0
    weights.recurrent[:, :20] = 0
    one = CompiledBackpropagation(weights, 4, 40, Dynamics(0.0))
    one.load(batch, classes)
    one.forward(batch.new_zeros(1, 1, one.loss_rows))
    active = (one.block_rates[0] != 0).any(-1).sum(-1)
    assert torch.equal(one.counts[0].long(), active)
    assert active.max() <= 40


def test_training_gives_the_same_bytes_again_and_nearly_those_of_pytorch():
    weights, _, _, _ = problem(5, size=64, dtype=torch.float32)
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(50, 4, 16, 3, generator=generator).numpy()]
    targets = [(inputs[0].sum((1, 3)) > 0)[:, None].repeat(4, 1).astype("uint8")]
    final = {}
    for name in ("torch", "compiled", "again"):
        engine = "torch" if name == "torch" else "compiled"
        how = TrainingSettings(0.01, 0.9, iterations=300, engine=engine)
        final[name], history = loop.train(weights, inputs, targets, Dynamics(0.0), how)
    assert all(torch.equal(*pair) for pair in zip(final["compiled"], final["again"], strict=True))
    assert history.losses[-1] < 0.5 * history.losses[0]
    for actual, wanted in zip(final["compiled"], final["torch"], strict=True):
        assert oracles.relative_error(actual, wanted) < 1e-3


def test_arrays_that_the_passes_would_misread_are_refused():
    weights, *_ = problem(6)
    turned = Weights(weights.recurrent.transpose(1, 2), weights.input, weights.readout)
    with pytest.raises(ValueError, match="contiguous rows"):
        CompiledBackpropagation(turned, 4, 8, Dynamics(0.0))
    one = CompiledBackpropagation(weights, 4, 8, Dynamics(0.0))
    other = Weights(weights.recurrent.clone(), weights.input.contiguous(), weights.readout.clone())
    with pytest.raises(ValueError, match="needs their layout"):
        one.add_gradient(other, 1.0)
    with pytest.raises(ValueError, match="single or double precision"):
        CompiledBackpropagation(weights.map(torch.Tensor.half), 4, 8, Dynamics(0.0))
