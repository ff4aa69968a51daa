"""Rank of the change of the recurrent weights: closed forms, constructed changes, and brute force, in float64."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from richlazy.measures import low_rank_change, trained_network
from richlazy.measures.base import declared
from richlazy.models.rate_network import Dynamics, Weights
from weight_changes import matrices, squares

sizes = st.integers(2, 30)
seeds = st.integers(0, 10_000)


def measures_of(initial, final, losses, initial_loss, seed):
    """Measures of the change of recurrent weights, whatever else the network is."""
    placed = SimpleNamespace(initial=SimpleNamespace(recurrent=initial), final=SimpleNamespace(recurrent=final))
    truncations = low_rank_change.truncations(initial, final)
    network = SimpleNamespace(
        is_recurrent=True, placed=placed, truncations=truncations, losses=losses, loss_before=initial_loss, seed=seed,
        values={},
    )  # fmt: skip
    return {name: measure(network) for name, measure in declared(low_rank_change).items()}


@given(size=sizes, seed=seeds)
def test_truncations_are_the_best_approximations_of_their_rank(size, seed):
    """Eckart and Young: the squared distance to the whole change is the sum of the squares that are left out."""
    initial, final = matrices(seed, size)
    recurrent, singular_values = low_rank_change.truncations(initial, final)
    assert recurrent.shape == (min(size, low_rank_change.LARGEST_RANK) + 1, size, size)
    assert torch.equal(recurrent[0], initial)
    np.testing.assert_allclose(singular_values, np.linalg.svd((final - initial).numpy())[1], atol=1e-12)
    for rank, one in enumerate(recurrent):
        left_out = (singular_values[rank:] ** 2).sum()
        np.testing.assert_allclose(float((final - one).square().sum()), left_out, atol=1e-10)
        assert np.linalg.matrix_rank((one - initial).numpy()) <= rank
    if size <= low_rank_change.LARGEST_RANK:
        torch.testing.assert_close(recurrent[-1], final, atol=1e-12, rtol=0)


@given(size=st.integers(4, 30), rank=st.integers(1, 3), seed=seeds)
def test_as_many_components_as_the_rank_of_a_constructed_change_are_all_of_it(size, rank, seed):
    initial, final = matrices(seed, size, rank)
    truncation = low_rank_change.truncate(
        initial, final, lambda recurrent: (recurrent - final).square().sum((1, 2)).tolist()
    )
    assert truncation.losses[rank] < 1e-20
    assert low_rank_change.functional_rank(truncation.losses) <= rank
    np.testing.assert_allclose(truncation.singular_values[rank:], 0, atol=1e-12)


@pytest.mark.parametrize("rank", [1, 3, 4, 5, 17])
def test_the_functional_rank_is_found_wherever_it_is(rank):
    """Of components with equal singular values all are needed but for those that hold less than 5 % of the squares."""
    initial, _ = matrices(0, 30)
    change = torch.zeros_like(initial)
    change[range(rank), range(rank)] = 1
    final = initial + change

    def losses(recurrent):
        return (recurrent - final).square().sum((1, 2)).tolist()

    found = measures_of(initial, final, losses, 1.0, 0)
    assert (
        found["functional_rank"]
        == low_rank_change.functional_rank(low_rank_change.truncate(initial, final, losses).losses)
        == rank
    )
    assert found["stable_rank_change"] == pytest.approx(rank)


def test_a_network_that_needs_more_components_than_are_tried_does_not_drop_out():
    initial = torch.zeros(40, 40, dtype=torch.float64)
    final = torch.eye(40, dtype=torch.float64)
    found = measures_of(initial, final, lambda recurrent: (recurrent - final).square().sum((1, 2)).tolist(), 1.0, 0)
    assert found["functional_rank"] == low_rank_change.LARGEST_RANK + 1


def test_a_change_of_rank_one():
    first, second = torch.tensor([3.0, 4.0, 0.0]).double(), torch.tensor([0.0, 0.0, 2.0]).double()
    initial = 2 * torch.eye(3, dtype=torch.float64)
    found = measures_of(initial, initial + torch.outer(first, second), squares, 24.0, 0)
    assert found["leading_singular_value_change"] == pytest.approx(10)  # 5 * 2
    assert found["stable_rank_change"] == pytest.approx(1)
    assert found["relative_weight_change_recurrent"] == pytest.approx(10 / math.sqrt(12))
    assert found["functional_rank"] == math.inf  # this loss grows with the change


def test_losses_with_all_components_and_none_are_those_of_networks():
    rng = np.random.default_rng(0)
    before, after = (Weights(*oracles.random_weights(rng, 12, 3, 3)) for _ in range(2))
    inputs, targets = oracles.random_trials(rng, 6, 9, 3, 3)
    network = trained_network.Trained(before, after, inputs, targets, torch.ones(6, 9, dtype=torch.bool))

    def losses(recurrent):
        return trained_network.probe_losses(network, recurrent, Dynamics(0.3, "tanh"))

    found = low_rank_change.truncate(before.recurrent, after.recurrent, losses).losses
    assert len(found) == 13
    for recurrent, loss in ((before.recurrent, found[0]), (after.recurrent, found[-1])):
        weights = Weights(recurrent, after.input, after.readout)
        assert loss == pytest.approx(float(oracles.network_loss(weights, inputs, targets, 0.3, "tanh")), rel=1e-10)


@pytest.mark.parametrize(
    ("losses", "rank"),
    [
        ([1.0, 0.5, 0.04], 2),
        ([1.0, 0.04, 0.5], 1),  # the first, though later ones are above
        ([2.0, 0.1, 0.09], 2),  # below, not at
        ([1.0, 0.5, 0.06], math.inf),
        ([0.0, 0.0], math.nan),
        ([math.nan, 0.1], math.nan),
        ([1.0, math.nan, 0.01], 2),
        ([math.inf, 1.0], 1),
    ],
    ids=str,
)
def test_functional_rank(losses, rank):
    assert low_rank_change.functional_rank(losses) == pytest.approx(rank, nan_ok=True)


@given(size=sizes, seed=seeds, scale=st.floats(1e-3, 1e3))
def test_sizes_of_a_change_scale_with_it_and_its_stable_rank_does_not(size, seed, scale):
    initial, final = matrices(seed, size)
    once = measures_of(initial, final, squares, 1.0, 0)
    scaled = measures_of(initial, initial + scale * (final - initial), squares, 1.0, 0)
    for name in ("relative_weight_change_recurrent", "leading_singular_value_change"):
        assert scaled[name] == pytest.approx(scale * once[name], rel=1e-8)
    assert scaled["stable_rank_change"] == pytest.approx(once["stable_rank_change"], rel=1e-7)
    assert 1 <= once["stable_rank_change"] <= size
    singular_values = np.linalg.svd((final - initial).numpy(), compute_uv=False)
    assert once["stable_rank_change"] == pytest.approx((singular_values**2).sum() / singular_values[0] ** 2)


@given(size=sizes, seed=seeds)
def test_shuffling_keeps_all_entries_of_the_initial_weights_and_the_change(size, seed):
    initial, final = matrices(seed, size)
    shuffled = low_rank_change.shuffled_initial(initial, final, seed) - (final - initial)
    np.testing.assert_allclose(np.sort(shuffled.ravel()), np.sort(initial.ravel()), atol=1e-12)
    assert size < 4 or not torch.allclose(shuffled, initial)
    assert torch.equal(
        low_rank_change.shuffled_initial(initial, final, seed), low_rank_change.shuffled_initial(initial, final, seed)
    )


def test_shuffling_moves_entries_across_rows_and_columns_and_differs_between_seeds():
    initial = torch.arange(400.0).double().view(20, 20)
    first, second = (low_rank_change.shuffled_initial(initial, initial, seed) for seed in (0, 1))
    assert not torch.equal(first, second)
    for lines in (initial, initial.T):
        kept = [set(line.tolist()) == set(other.tolist()) for line in lines for other in (*first, *first.T)]
        assert not any(kept)


def test_without_initial_weights_shuffling_changes_nothing_and_no_relative_change_is_known():
    _, final = matrices(0, 8)
    zero = torch.zeros_like(final)
    torch.testing.assert_close(low_rank_change.shuffled_initial(zero, final, 0), final)
    found = measures_of(zero, final, squares, 4.0, 0)
    assert math.isnan(found["relative_weight_change_recurrent"])
    assert found["loss_ratio_shuffled_initial"] == pytest.approx(float(final.square().sum()) / 4)


def test_without_a_change_it_has_no_rank():
    initial, _ = matrices(0, 8)
    found = measures_of(initial, initial, squares, 1.0, 0)
    assert found["functional_rank"] == math.inf
    assert math.isnan(found["stable_rank_change"])
    assert found["leading_singular_value_change"] == found["relative_weight_change_recurrent"] == 0
    assert found["loss_ratio_shuffled_initial"] == pytest.approx(float(initial.square().sum()))


def test_truncated_weights_keep_the_precision_of_the_initial_ones():
    initial, final = (matrix.float() for matrix in matrices(0, 30))
    recurrent, _ = low_rank_change.truncations(initial, final)
    assert recurrent.dtype == low_rank_change.shuffled_initial(initial, final, 0).dtype == torch.float32


def test_the_record_of_a_network_holds_its_truncations_and_nothing_of_one_that_was_lost():
    initial, final = matrices(3, 5, 2)

    def losses(recurrent):
        return (recurrent - final).square().sum((1, 2)).tolist()

    record = low_rank_change.record(initial, final, losses)
    values = np.linalg.svd((final - initial).numpy())[1]
    assert record["ranks"] == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose(record["singular_values"], values, atol=1e-12)
    np.testing.assert_allclose(record["losses"], [(values[rank:] ** 2).sum() for rank in range(6)], atol=1e-12)
    assert {type(number) for number in record["losses"] + record["singular_values"]} == {float}
    for lost in (math.nan, math.inf):
        broken = final.clone()
        broken[1, 2] = lost
        assert low_rank_change.record(initial, broken, losses) == {"ranks": [], "losses": [], "singular_values": []}
