"""Trials with numbers over time: what they ask for follows from what they show, as it is published."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from richlazy.models import rate_network
from richlazy.storage import seeds
from richlazy.tasks import registry, time_series, time_series_trials
from shipped import CONFIG

ROOT = Path(__file__).parents[3]
TASKS = {name: task for name, task in CONFIG["tasks"].items() if "continuous" in task}
FRESH = ["flip_flop", "flip_flop_memory", "mante", "romo"]
ONE_TRIAL = [name for name in TASKS if name not in FRESH]
run_seeds = st.integers(0, 10_000)


def published(name, count=40, seed=0, stream="trials", **changes):
    """Trials of a task of config.yaml at its own time step, with some of its options changed."""
    task = TASKS[name] | changes
    return time_series_trials.draw(task, TASKS[name]["defaults"]["time_step_ms"], count, seed, stream)


def asked(trials):
    """Steps at which each trial asks for all its outputs; none asks for some of them."""
    mask = ~np.isnan(trials.targets)
    assert (mask.all(-1) == mask.any(-1)).all()
    np.testing.assert_array_equal(trials.decision, mask.any(-1))
    return mask.all(-1)


# What holds for all of them


def test_every_task_has_a_generator_and_an_entry():
    assert set(time_series_trials.GENERATORS) == set(time_series.KINDS)
    assert {task["continuous"] for task in TASKS.values()} == set(time_series.KINDS)
    for name, task in TASKS.items():
        kind = time_series.kind(task)
        assert tuple(task["timing_ms"]) == kind.periods
        assert set(task) - {"continuous", "timing_ms", "defaults", "probe"} == set(kind.options)
        assert kind.one_trial == (name in ONE_TRIAL)


@pytest.mark.parametrize("name", TASKS)
def test_trials_have_the_shape_that_is_said_of_them_before(name):
    task, step = TASKS[name], TASKS[name]["defaults"]["time_step_ms"]
    trials = published(name, count=3)
    shape = (registry.task(task).steps(step), 1 if name in ONE_TRIAL else 3)
    described = time_series.describe(task)
    assert trials.inputs.shape == (*shape, described["input_units"])
    assert trials.targets.shape == (*shape, described["outputs"]) == (*shape, registry.task(task).outputs)
    assert trials.inputs.dtype == trials.targets.dtype == np.float32
    assert np.isfinite(trials.inputs).all()
    assert described["bayes_loss"] is None and described["environment"] == f"continuous, {task['continuous']}"
    assert asked(trials).any(0).all()


def test_steps_are_those_that_are_published():
    found = {name: registry.task(task).steps(task["defaults"]["time_step_ms"]) for name, task in TASKS.items()}
    responses = dict.fromkeys(["step_response_half", "step_response_one", "step_response_two"], 202)
    responses |= dict.fromkeys(["step_response_two_long", "step_response_four_long"], 402)
    longest = {"flip_flop": 100, "flip_flop_memory": 100, "mante": 96, "romo": 56}
    # The cosine has 200 steps, and the one before them that sets the state.
    assert found == longest | responses | {"pattern_generation": 50, "cosine": 201}
    assert registry.task(TASKS["romo"]).steps(25.0) == 112


@pytest.mark.parametrize("name", FRESH)
@given(seed=run_seeds, counts=st.tuples(st.integers(1, 6), st.integers(7, 12)))
def test_a_trial_is_the_same_however_many_are_drawn(name, seed, counts):
    few, many = (published(name, count, seed) for count in counts)
    np.testing.assert_array_equal(few.inputs, many.inputs[:, : counts[0]])
    np.testing.assert_array_equal(few.targets, many.targets[:, : counts[0]])


@pytest.mark.parametrize("name", FRESH)
def test_seeds_streams_and_trials_differ(name):
    drawn = [published(name, 2, seed, stream) for seed in (0, 1) for stream in ("trials", "probe")]
    shown = [trials.inputs[:, place].tobytes() for trials in drawn for place in range(2)]
    assert len(set(shown)) == 8


@pytest.mark.parametrize("name", ONE_TRIAL)
def test_one_trial_is_the_batch_and_the_probe(name):
    task, step = TASKS[name], TASKS[name]["defaults"]["time_step_ms"]
    probe = published(name, count=9, stream="probe")
    batches = time_series_trials.batches(task, step, 1, 1000, 0)
    assert batches.inputs.shape[::2] == (1, 1) and probe.inputs.shape[1] == 1
    np.testing.assert_array_equal(batches.inputs[0], probe.inputs)
    np.testing.assert_array_equal(batches.targets[0], probe.targets)


@pytest.mark.parametrize("name", FRESH)
def test_batches_are_fresh_trials_one_after_the_other(name):
    task = TASKS[name]
    batches = time_series_trials.batches(task, 50.0, 4, 3, 7)
    trials = time_series_trials.draw(task, 50.0, 12, 7, "trials")
    for found, drawn in zip(batches, trials, strict=True):
        assert found.flags.c_contiguous and found.shape[:3] == (3, len(drawn), 4)
        for iteration in range(3):
            np.testing.assert_array_equal(found[iteration], drawn[:, 4 * iteration : 4 * iteration + 4])


@pytest.mark.parametrize(
    ("name", "timing"),
    [("flip_flop", {"trial": 600}), ("romo", {"decision": 0, "fixation": 0, "stimulus": 0, "delay": 0})],
)
def test_trials_that_ask_for_nothing_are_refused(name, timing):
    task = TASKS[name] | {"timing_ms": TASKS[name]["timing_ms"] | timing}
    with pytest.raises(ValueError, match="no output is asked for at any step of 50 ms; lengthen the periods"):
        time_series_trials.draw(task, 50.0, 5, 0, "trials")


def test_pulses_in_the_same_step_are_refused():
    task = TASKS["flip_flop"] | {"timing_ms": TASKS["flip_flop"]["timing_ms"] | {"decision_delay": 0, "interval": 40}}
    with pytest.raises(ValueError, match="pulses in the same step; lengthen decision_delay or interval"):
        time_series_trials.draw(task, 50.0, 5, 0, "trials")


@given(st.integers(1, 400), st.sampled_from([0.1, 0.3, 1.0, 10.0, 20.0, 50.0, 100.0]))
def test_whole_numbers_of_steps_survive_rounding(count, step):
    assert time_series.in_steps(count * step, step) == count
    assert time_series.in_steps((count + 0.9) * step, step) == count


# Flip-flop


def flip_flop_targets(inputs, delay, reading):
    """Targets of one trial (T, K) from its inputs alone, step by step."""
    steps, channels = inputs.shape
    targets = np.full((steps, channels), np.nan)
    last_sign, last_onset, last_channel = np.zeros(channels), None, None
    for step in range(steps):
        for channel in range(channels):
            if inputs[step, channel] and (step == 0 or inputs[step - 1, channel] == 0):
                last_sign[channel], last_onset, last_channel = inputs[step, channel], step, channel
        if last_onset is not None and step - last_onset >= delay:
            for channel in range(channels):
                remembers = reading == "text" or channel == last_channel
                targets[step, channel] = 0.5 * last_sign[channel] if remembers else 0.0
    return targets


@given(
    seed=run_seeds,
    reading=st.sampled_from(time_series.FLIP_FLOP_TARGETS),
    channels=st.integers(1, 3),
    step=st.sampled_from([20.0, 25.0, 50.0, 100.0]),
    shortest=st.sampled_from([200, 500, 730]),
    spread=st.sampled_from([0, 400, 2000]),
)
def test_what_flip_flop_asks_for_follows_from_its_pulses(seed, reading, channels, step, shortest, spread):
    timing = TASKS["flip_flop"]["timing_ms"] | {"interval": [shortest, shortest + spread]}
    task = TASKS["flip_flop"] | {"timing_ms": timing, "channels": channels, "target": reading}
    trials = time_series_trials.draw(task, step, 6, seed, "trials")
    for place in range(6):
        expected = flip_flop_targets(trials.inputs[:, place], round(500 / step), reading)
        np.testing.assert_array_equal(trials.targets[:, place], expected)


def test_pulses_of_flip_flop_are_as_published():
    inputs = published("flip_flop", 2000).inputs
    assert set(np.unique(inputs)) == {-1, 0, 1}
    assert (np.abs(inputs).sum(-1) <= 1).all()
    onsets = [np.flatnonzero(np.diff(np.abs(trial).sum(-1), prepend=0) == 1) for trial in inputs.swapaxes(0, 1)]
    ends = [np.flatnonzero(np.diff(np.abs(trial).sum(-1), prepend=0) == -1) for trial in inputs.swapaxes(0, 1)]
    assert all(trial[0] == 2 for trial in onsets)  # the fixation of one unit of time
    lengths = np.concatenate([end - onset[: len(end)] for onset, end in zip(onsets, ends, strict=True)])
    assert (lengths == 2).all()
    # floor(U(10, 30) / 0.5) is uniform on the integers from 20 to 59; the first interval is cut by no end of a trial
    # where it is below 98 steps.
    first = np.array([trial[1] - trial[0] for trial in onsets])
    assert first.min() == 20 and first.max() == 59
    assert stats.chisquare(np.bincount(first, minlength=60)[20:]).pvalue > 1e-3
    counts = [int((inputs == sign)[:, :, channel].sum()) for sign in (1, -1) for channel in (0, 1)]
    assert stats.chisquare(np.array(counts) / 2).pvalue > 1e-3


def test_the_readings_of_flip_flop_differ_where_another_channel_was_last():
    code, text = (published(name, 200) for name in ("flip_flop", "flip_flop_memory"))
    np.testing.assert_array_equal(code.inputs, text.inputs)
    np.testing.assert_array_equal(np.isnan(code.targets), np.isnan(text.targets))
    differs = (code.targets != text.targets) & ~np.isnan(code.targets)
    assert (code.targets[differs] == 0).all()
    assert (np.abs(text.targets[differs]) == 0.5).all()
    # The channel of the last pulse is the same in both; in code no other channel has a target.
    assert (np.count_nonzero(np.nan_to_num(code.targets), axis=-1)[asked(code)] == 1).all()
    assert 0.1 < differs[asked(code)].mean() < 0.4
    # Of one channel there is only one reading.
    one = [published(name, 20, channels=1).targets for name in ("flip_flop", "flip_flop_memory")]
    np.testing.assert_array_equal(*one)


# Context-dependent integration


def test_masks_of_mante_are_as_published():
    mask = asked(published("mante"))
    expected = [step < 46 or step >= 56 for step in range(96)]
    np.testing.assert_array_equal(mask, np.repeat(np.array(expected)[:, None], mask.shape[1], axis=1))


@given(seed=run_seeds)
def test_the_context_selects_the_signal(seed):
    trials = published("mante", 12, seed, noise=0.0)
    for place in range(12):
        context, signals = np.split(trials.inputs[:, place], 2, axis=-1)
        shown = (np.arange(96) >= 6) & (np.arange(96) < 46)
        assert not context[~shown].any() and not signals[~shown].any()
        assert (context[shown] == context[6]).all() and sorted(context[6]) == [0, 1]
        assert (signals[shown] == signals[6]).all()
        assert all(abs(signal) in (0.125, 0.25, 0.5, 1) for signal in signals[6])
        relevant = sum(context[6, channel] * signals[6, channel] for channel in range(2))
        target = trials.targets[:, place, 0]
        assert (target[:46] == 0).all() and np.isnan(target[46:56]).all()
        assert (target[56:] == (0.5 if relevant > 0 else -0.5)).all()


def test_coherences_and_contexts_of_mante_are_drawn_evenly_and_apart():
    inputs = published("mante", 4000, noise=0.0).inputs[10]
    signs_and_sizes, counts = np.unique(inputs[:, 2:], return_counts=True)
    np.testing.assert_array_equal(signs_and_sizes, time_series_trials.COHERENCES)
    assert stats.chisquare(counts).pvalue > 1e-3
    assert abs(inputs[:, 1].mean() - 0.5) < 0.03
    assert abs(np.corrcoef(inputs.T[1:])[np.triu_indices(3, 1)]).max() < 0.06


@pytest.mark.parametrize("step", [25.0, 50.0, 100.0])
def test_noise_of_mante_has_the_published_scale_at_every_step(step):
    noisy, silent = (
        time_series_trials.draw(TASKS["mante"] | {"noise": noise}, step, 400, 3, "trials") for noise in (0.05, 0.0)
    )
    residual = (noisy.inputs - silent.inputs).astype(float)
    assert not residual[:, :, :2].any()
    scale = 0.05 / math.sqrt(step / 100)
    assert residual[:, :, 2:].std() == pytest.approx(scale, rel=0.01)
    by_step = residual[:, :, 2:].std((1, 2))
    assert by_step.min() > 0.85 * scale and by_step.max() < 1.15 * scale
    steps = residual[:, :, 2]
    assert abs(np.corrcoef(steps[:-1].ravel(), steps[1:].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(steps.ravel(), residual[:, :, 3].ravel())[0, 1]) < 0.03
    np.testing.assert_array_equal(noisy.targets, silent.targets)


# Delayed discrimination


def romo_pulses(inputs):
    """Onset, end and amplitude of each pulse of one trial (T,), step by step."""
    pulses = []
    for step, value in enumerate(inputs):
        if value and pulses and pulses[-1][1] == step and pulses[-1][2] == value:
            pulses[-1][1] = step + 1
        elif value:
            pulses.append([step, step + 1, value])
    return pulses


@given(seed=run_seeds, difference=st.sampled_from([0.0, 0.2, 0.7]))
def test_what_romo_asks_for_follows_from_its_pulses(seed, difference):
    trials = published("romo", 10, seed, minimum_difference=difference)
    for place in range(10):
        (onset, end, first), (next_onset, next_end, second) = romo_pulses(trials.inputs[:, place, 0])
        assert (onset, end, next_end - next_onset) == (6, 8, 2)
        assert 4 <= next_onset - end <= 15
        assert abs(float(first) - float(second)) >= difference - 1e-6
        assert 0.5 <= first <= 1.5 and 0.5 <= second <= 1.5
        expected = np.full((56, 2), np.nan)
        for step in range(56):
            if step < next_end:
                expected[step] = 0
            elif next_end + 10 <= step < next_end + 30:
                expected[step] = (0.5, 0) if first > second else (0, 0.5)
        np.testing.assert_array_equal(trials.targets[:, place], expected)


def test_amplitudes_of_romo_are_those_of_rejection():
    inputs = published("romo", 4000).inputs[:, :, 0].T
    pulses = np.array([[amplitude for *_, amplitude in romo_pulses(trial)] for trial in inputs])
    rng = seeds.generator(1, "probe")
    square = rng.uniform(0.5, 1.5, (20_000, 2))
    kept = square[np.abs(square[:, 0] - square[:, 1]) >= 0.2]
    for quantity in (lambda pair: pair[:, 0], lambda pair: pair[:, 1], lambda pair: pair[:, 0] - pair[:, 1], np.sum):
        found, expected = (quantity(pairs) if quantity is not np.sum else pairs.sum(1) for pairs in (pulses, kept))
        assert stats.ks_2samp(found, expected).pvalue > 1e-3
    assert abs((pulses[:, 0] > pulses[:, 1]).mean() - 0.5) < 0.03
    delays = np.array([romo_pulses(trial)[1][0] - romo_pulses(trial)[0][1] for trial in inputs])
    # floor(U(2, 8) / 0.5) is uniform on the integers from 4 to 15.
    assert stats.chisquare(np.bincount(delays, minlength=16)[4:]).pvalue > 1e-3


def test_shorter_trials_of_romo_are_padded_with_silence():
    trials = published("romo", 300)
    mask = asked(trials)
    lasts = len(mask) - mask[::-1].argmax(0)
    assert lasts.min() == 44 and lasts.max() == 55
    for place, last in enumerate(lasts):
        assert not trials.inputs[last:, place].any()


def test_a_duration_without_a_range_is_the_same_in_all_trials():
    timing = TASKS["romo"]["timing_ms"] | {"delay": 300}
    inputs = published("romo", 20, timing_ms=timing).inputs[:, :, 0].T
    assert {romo_pulses(trial)[1][0] for trial in inputs} == {14}


# Pattern generation


@given(seed=run_seeds)
def test_the_pattern_is_a_sum_of_four_sines(seed):
    target = published("pattern_generation", seed=seed).targets[:, 0, 0].astype(float)
    assert target[0] == 0
    assert np.abs(target).max() == 1
    amplitudes = np.abs(np.fft.rfft(target)) / 25
    cycles = [1, 2, 3, 5]
    others = np.delete(amplitudes, [0, *cycles])
    assert others.max() < 1e-6
    # Weights lie between 0.5 and 2.
    assert 1 < amplitudes[cycles].max() / amplitudes[cycles].min() < 4.001


def test_the_pattern_is_the_same_for_other_time_steps():
    def target(step):
        return time_series_trials.draw(TASKS["pattern_generation"], step, 1, 5, "trials").targets[:, 0, 0].astype(float)

    fine, coarse = target(10.0)[::2], target(20.0)
    # Only the largest modulus depends on where the pattern is looked at.
    place = np.abs(coarse).argmax()
    np.testing.assert_allclose(fine * coarse[place] / fine[place], coarse, atol=1e-6)


def test_spikes_are_poisson_and_the_same_for_other_time_steps():
    fine, coarse = (
        time_series_trials.draw(TASKS["pattern_generation"] | {"channels": 2000}, step, 1, 5, "trials").inputs[:, 0]
        for step in (10.0, 20.0)
    )
    np.testing.assert_array_equal(fine.reshape(50, 2, 2000).sum(1), coarse)
    # 50 Hz in 20 ms: one spike a step, as many in a step as in any other.
    assert coarse.mean() == pytest.approx(1, abs=0.02)
    assert coarse.var() == pytest.approx(1, abs=0.03)
    share = [(coarse == count).mean() for count in range(4)]
    np.testing.assert_allclose(share, stats.poisson.pmf(range(4), 1), atol=0.01)
    assert coarse.mean(1).min() > 0.9 and coarse.mean(1).max() < 1.1
    assert abs(np.corrcoef(coarse[:-1].ravel(), coarse[1:].ravel())[0, 1]) < 0.02


# Linear networks


@pytest.mark.parametrize(("name", "value"), [("half", 0.5), ("one", 1.0), ("two", 2.0)])
def test_the_response_is_asked_for_in_the_last_unit_of_time(name, value):
    trials = published(f"step_response_{name}")
    assert trials.inputs[:, 0, 0].tolist() == [0, 0] + [1] * 200
    assert np.isnan(trials.targets[:200]).all()
    assert trials.targets[200:, 0, 0].tolist() == [value, value]


def test_the_cosine_is_asked_for_after_the_step_that_sets_the_state():
    trials = published("cosine")
    assert trials.inputs[:, 0, 0].tolist() == [10] + [0] * 200
    target = trials.targets[:, 0, 0]
    assert np.isnan(target[0]) and np.isnan(target[101:]).all()
    expected = [math.cos(2 * math.pi * 0.1 * step / 5) for step in range(100)]
    np.testing.assert_allclose(target[1:101], expected, atol=1e-6)


@pytest.mark.parametrize("rectification", ["none", "after_leak"])
@pytest.mark.parametrize("leak", ["euler", "exponential"])
def test_the_first_step_of_the_cosine_sets_the_state_to_the_input_weights(leak, rectification):
    """From then on the network does what one does that starts from its input weights and has no input."""
    rng = seeds.generator(0, "connectivity")
    recurrent, initial = rng.standard_normal((6, 6)) / 6, np.abs(rng.standard_normal((6, 1)))
    weights = rate_network.Weights(*(torch.from_numpy(matrix) for matrix in (recurrent, initial, initial.T / 6)))
    rho = 0.9 if leak == "euler" else math.exp(-0.1)
    trials = published("cosine", input_amplitude=1 / (1 - rho))
    found, _ = rate_network.respond(
        weights, torch.from_numpy(trials.inputs[:6].astype(float)), rate_network.Dynamics(rho, rectification)
    )
    state = initial[:, 0]
    for step in range(6):
        np.testing.assert_allclose(found[step, 0], state, rtol=1e-6)
        state = rho * state + (1 - rho) * recurrent @ state
        state = np.maximum(state, 0) if rectification == "after_leak" else state


def test_the_input_of_the_shipped_cosine_is_that_of_its_networks():
    defaults = TASKS["cosine"]["defaults"]
    assert defaults["leak"] == "euler"
    left = defaults["time_step_ms"] / defaults["time_constant_ms"]
    assert TASKS["cosine"]["input_amplitude"] == pytest.approx(1 / left)
