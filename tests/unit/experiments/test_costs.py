"""What jobs ask of a cluster covers what was measured, and grows with size and attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy import job_needs
from richlazy.experiments import resources
from richlazy.experiments.rate_network_jobs import CHANNELS
from richlazy.measures.kernel_cost import KernelShape
from richlazy.tasks import registry

# Peak memory in MB of one process and CPU time in s, with 32 trials in a batch (the table in costs.py), and the two
# Snakemake processes that run it in a job of a cluster.
SNAKEMAKE_MB = 2 * 190
TRAINING = [(100, 8, 254, 0.6), (300, 8, 256, 1.8), (600, 8, 263, 8.8), (100, 40, 266, 2.0), (600, 40, 277, 34)]
MEASURING = [(100, 8, 283, 1.4), (300, 8, 316, 6.4), (600, 8, 330, 5.2), (100, 40, 918, 39), (600, 40, 1188, 103)]
# Units, steps that count, steps, trials, classes: MB and s since the direct form of the kernel.
KERNELS = [
    (100, 8, 8, 32, 3, 297, 0.3),
    (300, 8, 8, 32, 3, 292, 0.4),
    (100, 40, 40, 32, 3, 853, 12),
    (300, 40, 40, 32, 3, 870, 46),
    (600, 40, 40, 32, 3, 976, 103),
    (300, 1, 28, 200, 10, 710, 13),
]


def shape(size, steps, trials=32, classes=3):
    """A kernel whose outputs count at all steps."""
    return KernelShape(size, CHANNELS, classes, trials, steps, 0)


SIZES, STEPS = st.integers(2, 2000), st.integers(1, 200)


@pytest.mark.parametrize(("size", "steps", "memory_mb", "milliseconds"), TRAINING)
def test_training_asks_for_more_than_was_measured_and_not_for_ten_times_as_much(size, steps, memory_mb, milliseconds):
    asked = resources.training_memory_mb(size, steps, 32)
    assert 1.2 * (memory_mb + SNAKEMAKE_MB) <= asked <= 2 * (memory_mb + SNAKEMAKE_MB)
    minutes = 100_000 * milliseconds / 60_000
    assert 2 * minutes <= resources.training_minutes(size, steps, 32, 100_000) <= 10 * minutes


@pytest.mark.parametrize(("size", "steps", "memory_mb", "seconds"), MEASURING)
def test_measuring_asks_for_more_than_was_measured_and_not_for_ten_times_as_much(size, steps, memory_mb, seconds):
    kernel = shape(size, steps)
    asked = resources.measuring_memory_mb(kernel)
    assert 1.2 * (memory_mb + SNAKEMAKE_MB) <= asked <= 2 * (memory_mb + SNAKEMAKE_MB)
    assert seconds / 60 + 0.5 <= resources.measuring_minutes(kernel) <= 10 * seconds / 60 + 2


@pytest.mark.parametrize(("size", "steps", "trial_steps", "trials", "classes", "memory_mb", "seconds"), KERNELS)
def test_measuring_asks_for_what_kernels_of_every_shape_take(
    size, steps, trial_steps, trials, classes, memory_mb, seconds
):
    kernel = KernelShape(size, CHANNELS, classes, trials, trial_steps, trial_steps - steps)
    asked = resources.measuring_memory_mb(kernel)
    assert 1.2 * (memory_mb + SNAKEMAKE_MB) <= asked <= 2 * (memory_mb + SNAKEMAKE_MB)
    assert seconds / 60 + 0.5 <= resources.measuring_minutes(kernel) <= 10 * seconds / 60 + 2


@pytest.mark.parametrize(("size", "steps", "trials", "seconds"), [(300, 8, 320, (2, 3)), (1024, 100, 256, (25, 75))])
def test_fixed_points_and_disturbed_answers_take_their_time(size, steps, trials, seconds):
    """Seconds for fixed points were measured; an answer is a product for each trial and step."""
    kernel = shape(size, steps, trials=1)
    alone = resources.measuring_seconds(kernel)
    found = resources.measuring_seconds(kernel, fixed_points=True) - alone
    assert seconds[0] / 2 <= found <= 2 * seconds[1]
    answered = resources.measuring_seconds(kernel, 20 * trials) - alone
    assert answered == pytest.approx(20 * trials * steps * size * (size + CHANNELS) / resources.MULTIPLY_ADDS)
    assert resources.measuring_minutes(kernel, 10, 1, 20 * trials, True) >= (10 * (alone + found + answered)) / 60


def test_more_classes_take_more():
    for need in (resources.measuring_memory_mb, resources.measuring_minutes):
        assert need(shape(300, 40)) < need(shape(300, 40, classes=10))


def test_a_network_of_the_paper_fits_in_a_gigabyte():
    assert resources.training_memory_mb(300, 8, 32) <= 1000
    assert resources.measuring_memory_mb(shape(300, 8)) <= 1000


@given(SIZES, STEPS, st.integers(1, 300), st.integers(1, 50))
def test_needs_grow_with_size_steps_and_networks(size, steps, batch_size, networks):
    assert resources.training_memory_mb(size, steps, batch_size) <= resources.training_memory_mb(
        size + 50, steps, batch_size
    )
    one = resources.training_memory_mb(size, steps, batch_size, networks)
    assert one <= resources.training_memory_mb(size, steps + 5, batch_size, networks + 1)
    time = resources.training_minutes(size, steps, batch_size, 1000, networks)
    assert time <= resources.training_minutes(size + 50, steps + 5, batch_size, 2000, networks + 1)
    small, large = shape(size, steps, trials=8), shape(size + 50, steps + 5, trials=16)
    assert resources.measuring_memory_mb(small) <= resources.measuring_memory_mb(large)
    assert resources.measuring_minutes(small) <= resources.measuring_minutes(large, networks)


@pytest.mark.parametrize("attempt", [2, 3])
def test_every_attempt_asks_for_as_many_times_the_first(attempt):
    for need, arguments in [
        (resources.training_memory_mb, (300, 8, 32, 1)),
        (resources.training_minutes, (300, 8, 32, 10_000, 1)),
        (resources.measuring_memory_mb, (shape(300, 8), 1)),
        (resources.measuring_minutes, (shape(300, 8), 1)),
        (job_needs.memory_mb, (300.0,)),
        (job_needs.minutes, (36.0,)),
    ]:
        assert need(*arguments, attempt) == attempt * need(*arguments, 1)


def need_of_trials(trials, timing, **entry):
    """What 100 batches of training trials need, with steps of a millisecond."""
    run = {"iterations": 100, "batch_size": trials // 100, "time_step_ms": 1.0}
    return registry.task(entry | {"timing_ms": timing}).training_need(run)


@pytest.mark.parametrize(("sampler", "seconds"), [("neurogym", 36), ("vectorised", 3.7)])
def test_drawing_asks_for_what_was_measured(sampler, seconds):
    need = need_of_trials(320_000, {"decision": 8}, environment="A-v0", sampler=sampler)
    assert need.memory_mb >= 1.2 * (484 + SNAKEMAKE_MB)
    assert need.minutes * 60 >= 2 * seconds


# Trials, steps, inputs and outputs together of a task: MB of one process, and seconds.
NUMBERS = [
    (32_000, 100, 4, "flip_flop", 135, 0.6),
    (64_000, 96, 5, "mante", 269, 0.6),
    (192_000, 56, 3, "romo", 297, 0.9),
]


@pytest.mark.parametrize(("trials", "steps", "channels", "name", "memory_mb", "seconds"), NUMBERS)
def test_drawing_numbers_over_time_asks_for_what_was_measured(trials, steps, channels, name, memory_mb, seconds):
    entry = {"continuous": name} | ({"channels": 2} if name == "flip_flop" else {})
    task = registry.task(entry)
    assert task.input_units + task.outputs == channels
    # One period of all steps; romo shows its stimulus twice, so half of them are that.
    timing = {"fixation": 0, "stimulus": steps / 2} if name == "romo" else {"fixation": steps, "stimulus": 0}
    need = need_of_trials(trials, timing, **entry)
    assert 1.2 * (memory_mb + SNAKEMAKE_MB) <= need.memory_mb <= 2.5 * (memory_mb + SNAKEMAKE_MB)
    assert need.minutes * 60 >= 2 * seconds
