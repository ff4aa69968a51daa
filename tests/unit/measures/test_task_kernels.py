"""The effective rank that a task asks of a kernel."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from richlazy.measures import task_alignment, task_kernels
from richlazy.theory import two_layer


@given(times=st.integers(1, 3), outputs=st.integers(1, 3), trials=st.integers(1, 6), seed=st.integers(0, 999))
def test_effective_rank_of_targets_is_that_of_the_whole_kernel(times, outputs, trials, seed):
    targets = torch.from_numpy(np.random.default_rng(seed).standard_normal((times, outputs, trials)))
    rows = targets.numpy().transpose(0, 2, 1).reshape(-1, outputs)
    eigenvalues = np.linalg.eigvalsh(np.kron(np.eye(outputs), rows @ rows.T))
    expected = eigenvalues.sum() / eigenvalues.max()
    assert task_kernels.effective_rank_of_targets(targets) == pytest.approx(expected)


def test_effective_rank_of_known_targets():
    balanced = task_alignment.one_hot(torch.arange(12)[None] % 4, 4)
    assert task_kernels.effective_rank_of_targets(balanced) == pytest.approx(16)
    assert task_kernels.effective_rank_of_targets(torch.linspace(-1, 2, 9).view(1, 1, 9)) == pytest.approx(1)


@pytest.mark.parametrize("entry", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [(1, 1), (1, 2)])
def test_a_kernel_of_which_an_entry_has_overflowed_has_no_effective_rank(entry, place):
    kernel = torch.eye(4, dtype=torch.float64)
    kernel[place] = kernel[place[::-1]] = entry
    assert math.isnan(task_kernels.kernel_effective_rank(kernel))


@pytest.mark.parametrize("inputs", [2, 5])
def test_effective_rank_of_a_linear_task_is_that_of_its_final_kernel(inputs):
    rng = np.random.default_rng(inputs)
    trials, beta = rng.standard_normal((9, inputs)), rng.standard_normal(inputs)
    kernel = trials @ two_layer.final_kernel_core(beta) @ trials.T
    found = task_kernels.effective_rank_of_linear_task(trials, trials @ beta)
    assert found == pytest.approx(np.trace(kernel) / np.linalg.eigvalsh(kernel)[-1])
    white = np.linalg.qr(trials)[0]
    assert task_kernels.effective_rank_of_linear_task(white, white @ beta) == pytest.approx((inputs + 1) / 2)


@given(before=st.floats(1, 1e3), goal=st.floats(1, 1e3))
def test_approach_to_a_goal(before, goal):
    distance = abs(math.log(before / goal))
    assert task_kernels.approach(before, goal, goal) == pytest.approx(distance, abs=1e-9)
    assert task_kernels.approach(before, before, goal) == 0
    assert task_kernels.approach(before, before**2 / goal, goal) == pytest.approx(-distance, abs=1e-9)
    assert task_kernels.approach(before, math.sqrt(before * goal), goal) == pytest.approx(distance / 2, abs=1e-9)
