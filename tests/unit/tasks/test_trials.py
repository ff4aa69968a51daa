"""Samplers: trials drawn all at once have the distribution of the environment that they stand for."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neurogym.envs.native.delaymatchsample import DelayMatchSample
from neurogym.utils.ngym_random import TruncExp
from scipy import stats

import oracles
from richlazy.storage import seeds
from richlazy.tasks import neurogym_environments, neurogym_trials

CHOICE, MATCH, CONTEXT = "PerceptualDecisionMaking-v0", "DelayMatchSample-v0", "ContextDecisionMaking-v0"
PAPER_TASKS = (CHOICE, MATCH, CONTEXT)
VARIABLE_DELAY = [300, 500, 900]
# Chance of a false alarm of a whole comparison; seeds are fixed, so that a test that passes keeps passing.
ALARM = 1e-3


def environment(name, semantics="paper", time_step_ms=100, timing_ms=None, **arguments):
    return neurogym_environments.make_environment(
        name, semantics, time_step_ms, oracles.PAPER_TIMINGS[name] | (timing_ms or {}), arguments
    )


def distractor_task():
    """A task whose trials have no decision period."""
    return neurogym_environments.make_environment("DelayMatchSampleDistractor1D-v0", "installed", 100, {})


def equal(first, second):
    names = ("inputs", "targets", "decision")
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names)


def trials_by_neurogym(env, count, seed):
    """Trials straight from NeuroGym's own interface: inputs (T, m, N_in) and classes (T, m)."""
    env.seed(seed)
    drawn = []
    for _ in range(count):
        env.new_trial()
        drawn.append((env.ob.copy(), env.gt.copy()))
    return tuple(np.stack(arrays, axis=1) for arrays in zip(*drawn, strict=True))


# The distribution


def conditions(env, inputs, classes):
    """Class of each trial together with its context or sample, as far as they show in the inputs."""
    shown = np.zeros(inputs.shape[1], int)
    if isinstance(env, neurogym_environments.CuedContextDecisionMaking):
        shown = inputs[-1].argmax(1)  # nothing but the context is on at the decision
    if isinstance(env, DelayMatchSample):
        shown = inputs[env.start_ind["sample"], :, 1:].argmax(1)
    return classes[-1].astype(int) * 100 + shown


def compare_distributions(env, ours, theirs):
    """Fail unless two samples (inputs, classes) can come from one distribution of trials of an environment."""
    samples = []
    for inputs, classes in (ours, theirs):
        steps, count, channels = inputs.shape
        samples.append((inputs.transpose(1, 0, 2).reshape(count, steps * channels).astype(float), classes))
    (our_inputs, our_classes), (their_inputs, their_classes) = samples
    assert our_inputs.shape[1] == their_inputs.shape[1]

    # Channel by channel and step by step: what is constant in one is the same constant in the other.
    varies = [values.std(0) > 0 for values in (our_inputs, their_inputs)]
    np.testing.assert_array_equal(*varies)
    np.testing.assert_allclose(our_inputs[0, ~varies[0]], their_inputs[0, ~varies[0]], rtol=1e-6)
    our_inputs, their_inputs = (values[:, varies[0]] for values in (our_inputs, their_inputs))
    features = our_inputs.shape[1]
    for feature in range(features):
        result = stats.ks_2samp(our_inputs[:, feature], their_inputs[:, feature], method="asymp")
        assert result.pvalue > ALARM / features, f"channel and step number {feature} of those that vary"

    # Classes at every step, and with the context or sample that goes with them.
    np.testing.assert_array_equal(our_classes[:-1].max(1), their_classes[:-1].max(1))
    our_groups, their_groups = conditions(env, *ours), conditions(env, *theirs)
    labels = np.unique(our_groups)
    np.testing.assert_array_equal(labels, np.unique(their_groups))
    counts = [[(group == label).sum() for label in labels] for group in (our_groups, their_groups)]
    assert stats.chi2_contingency(counts).pvalue > ALARM
    assert stats.chisquare(counts[0]).pvalue > ALARM  # equal chances

    # Within each of these groups: means, covariances, and random projections of everything (Cramer and Wold).
    rng = np.random.default_rng(0)
    pairs = np.triu_indices(features)
    projections = rng.standard_normal((features, 20))
    for label in labels:
        a, b = our_inputs[our_groups == label], their_inputs[their_groups == label]
        centred = [values - values.mean(0) for values in (a, b)]
        products = [values[:, pairs[0]] * values[:, pairs[1]] for values in centred]
        for first, second in ((a, b), products):
            spread = np.sqrt(first.var(0) / len(first) + second.var(0) / len(second))
            difference = np.abs(first.mean(0) - second.mean(0))
            bound = stats.norm.isf(ALARM / (2 * first.shape[1]))
            assert (difference <= bound * spread + 1e-7).all(), f"moments of group {label}"
        for first, second in zip((a @ projections).T, (b @ projections).T, strict=True):
            assert stats.ks_2samp(first, second, method="asymp").pvalue > ALARM / 20


@pytest.mark.parametrize(
    ("name", "time_step_ms", "timing_ms", "arguments", "count"),
    [
        (CHOICE, 100, {}, {}, 6000),
        (MATCH, 100, {}, {}, 6000),
        (CONTEXT, 100, {}, {}, 6000),
        # Weak noise: what differs between trials of a class is then seen beside it.
        (CHOICE, 100, {}, {"sigma": 0.1}, 3000),
        (MATCH, 100, {}, {"sigma": 0.1}, 3000),
        (CONTEXT, 100, {}, {"sigma": 0.1}, 6000),
        # Other periods, time steps, rings and coherences.
        (CHOICE, 50, {"fixation": 100, "stimulus": 200, "delay": 150, "decision": 150}, {"cohs": [10, 90]}, 3000),
        (MATCH, 50, {"fixation": 100, "delay": 100, "decision": 150}, {}, 3000),
        (CONTEXT, 50, {"fixation": 100, "stimulus": 100, "delay": 100, "decision": 150}, {}, 3000),
        (CHOICE, 100, {}, {"dim_ring": 3}, 3000),
        (MATCH, 100, {}, {"dim_ring": 4}, 3000),
        (CONTEXT, 100, {}, {"dim_ring": 3}, 6000),
    ],
)
def test_vectorised_trials_have_the_distribution_of_the_environment(name, time_step_ms, timing_ms, arguments, count):
    env = environment(name, time_step_ms=time_step_ms, timing_ms=timing_ms, **arguments)
    drawn = neurogym_trials.vectorised(env, count, np.random.default_rng(1))
    compare_distributions(env, (drawn.inputs, drawn.targets), trials_by_neurogym(env, count, seed=2))


def test_vectorised_matching_has_the_distribution_of_the_installed_environment():
    # Delayed match to sample is NeuroGym's own in both semantics.
    env = environment(MATCH, "installed")
    drawn = neurogym_trials.vectorised(environment(MATCH), 4000, np.random.default_rng(3))
    compare_distributions(env, (drawn.inputs, drawn.targets), trials_by_neurogym(env, 4000, seed=4))


@pytest.mark.parametrize("name", PAPER_TASKS)
def test_comparison_of_distributions_sees_small_differences(name):
    # The comparison is worth something only if it can fail.
    env = environment(name)
    theirs = trials_by_neurogym(env, 4000, seed=2)
    drawn = neurogym_trials.vectorised(env, 4000, np.random.default_rng(1))
    extra = 0.05 * np.random.default_rng(5).standard_normal(drawn.inputs.shape)
    noisier = drawn.inputs + np.where(drawn.inputs % 1 == 0, 0, extra)  # .112 instead of .1 where there is noise
    other_answers = drawn.targets.copy()
    other_answers[-1, :400] = 3 - other_answers[-1, :400]
    early = np.roll(drawn.inputs, 1, axis=0)
    for wrong in ((noisier, drawn.targets), (drawn.inputs, other_answers), (early, drawn.targets)):
        with pytest.raises(AssertionError):
            compare_distributions(env, wrong, theirs)


def test_context_channels_and_modalities_occur_together_as_they_should():
    env = environment(CONTEXT, sigma=0.0)
    count = 4000
    drawn = neurogym_trials.vectorised(env, count, np.random.default_rng(0))
    assert drawn.inputs.shape[2] == 7
    # Exactly one context, at all steps and through the decision.
    assert (drawn.inputs[:, :, 5:].sum(2) == 1).all()
    assert (drawn.inputs[:, :, 5:] == drawn.inputs[:1, :, 5:]).all()
    assert (drawn.inputs[:, :, 0] == np.array([[1.0]] * 7 + [[0.0]])).all()
    context = drawn.inputs[-1, :, 6].astype(int)
    shown = 1 + np.stack([drawn.inputs[0, :, 1:3].argmax(1), drawn.inputs[0, :, 3:5].argmax(1)])
    assert (drawn.targets[-1] == shown[context, np.arange(count)]).all()
    # Context, both choices and both coherences are independent and each value equally likely.
    strength = [np.abs(drawn.inputs[0, :, place] - 0.5).round(4) for place in (1, 3)]
    levels = [np.unique(values, return_inverse=True)[1] for values in strength]
    combinations = np.stack([context, shown[0], shown[1], *levels])
    _, counts = np.unique(combinations, axis=1, return_counts=True)
    assert len(counts) == 2 * 2 * 2 * 3 * 3
    assert stats.chisquare(counts).pvalue > ALARM


def test_coherences_of_choices_are_equally_likely_and_constant_within_a_trial():
    drawn = neurogym_trials.vectorised(environment(CHOICE, sigma=0.0), 4000, np.random.default_rng(0))
    assert (drawn.inputs[:7] == drawn.inputs[:1]).all()
    signed = (drawn.inputs[0, :, 1] - drawn.inputs[0, :, 2]).round(4)
    levels, counts = np.unique(signed, return_counts=True)
    np.testing.assert_allclose(levels, [-0.512, -0.256, -0.128, -0.064, 0, 0.064, 0.128, 0.256, 0.512], atol=1e-6)
    expected = np.array([1, 1, 1, 1, 2, 1, 1, 1, 1]) / 10 * 4000
    assert stats.chisquare(counts, expected).pvalue > ALARM
    assert (drawn.targets[-1] == np.where(signed > 0, 1, 2))[signed != 0].all()


# Shape and type


@pytest.mark.parametrize("sampler", neurogym_trials.SAMPLERS)
@pytest.mark.parametrize("name", PAPER_TASKS)
@given(count=st.integers(1, 20), time_step_ms=st.sampled_from([100, 50, 20]))
def test_trials_have_the_promised_shapes_and_types(name, sampler, count, time_step_ms):
    env = environment(name, time_step_ms=time_step_ms)
    drawn = neurogym_trials.draw(env, count, 0, "trials", sampler)
    steps, last = 800 // time_step_ms, 100 // time_step_ms
    assert drawn.inputs.shape == (steps, count, 7 if name == CONTEXT else 3)
    assert drawn.targets.shape == drawn.decision.shape == (steps, count)
    assert (drawn.inputs.dtype, drawn.targets.dtype, drawn.decision.dtype) == (np.float32, np.uint8, bool)
    assert all(array.flags.c_contiguous for array in (drawn.inputs, drawn.targets, drawn.decision))
    # The decision takes the last 100 ms, and only there is anything but fixation asked for.
    assert drawn.decision[-last:].all()
    assert not drawn.decision[:-last].any()
    assert set(np.unique(drawn.targets[-last:])) <= {1, 2}
    assert not drawn.targets[:-last].any()


@pytest.mark.parametrize("name", PAPER_TASKS)
def test_fine_time_steps_have_more_noise(name):
    env = environment(name, time_step_ms=20)
    inputs = neurogym_trials.vectorised(env, 4000, np.random.default_rng(0)).inputs
    stimulus = {CHOICE: range(35), MATCH: [*range(5), *range(30, 35)], CONTEXT: range(10)}[name]
    # Differences of neighbouring steps leave noise alone: the stimulus is constant within its period.
    pairs = [(step, step + 1) for step in stimulus if step + 1 in stimulus]
    differences = np.stack([inputs[later] - inputs[sooner] for sooner, later in pairs])
    channels = range(7) if name == CONTEXT else (1, 2)
    for channel in channels:
        assert differences[:, :, channel].std() / np.sqrt(2) == pytest.approx(0.2236, rel=0.02)


# Seeding


@pytest.mark.parametrize("sampler", neurogym_trials.SAMPLERS)
@pytest.mark.parametrize("name", PAPER_TASKS)
def test_equal_seeds_give_equal_trials(name, sampler):
    env = environment(name)
    first = neurogym_trials.draw(env, 10, 5, "trials", sampler)
    # Neither earlier use of the environment nor a new one changes the trials of a seed.
    assert equal(first, neurogym_trials.draw(env, 10, 5, "trials", sampler))
    assert equal(first, neurogym_trials.draw(environment(name), 10, 5, "trials", sampler))


@pytest.mark.parametrize("sampler", neurogym_trials.SAMPLERS)
@pytest.mark.parametrize("name", PAPER_TASKS)
def test_seeds_and_streams_give_different_trials(name, sampler):
    env = environment(name)
    drawn = [neurogym_trials.draw(env, 10, seed, stream, sampler) for seed in (0, 1) for stream in ("trials", "probe")]
    for first, second in itertools.combinations(drawn, 2):
        assert not np.array_equal(first.inputs, second.inputs)


def test_samplers_draw_from_the_named_stream():
    env = environment(CHOICE)
    expected = neurogym_trials.vectorised(env, 10, seeds.generator(3, "probe"))
    assert equal(neurogym_trials.draw(env, 10, 3, "probe", "vectorised"), expected)
    expected = neurogym_trials.from_neurogym(env, 10, seeds.legacy_seed(3, "probe"))
    assert equal(neurogym_trials.draw(env, 10, 3, "probe", "neurogym"), expected)


def test_more_trials_of_neurogym_start_with_the_same_ones():
    env = environment(CONTEXT)
    few, many = (neurogym_trials.from_neurogym(env, count, 7) for count in (5, 12))
    assert np.array_equal(few.inputs, many.inputs[:, :5])
    assert np.array_equal(few.targets, many.targets[:, :5])


def test_unknown_sampler_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown sampler 'dataset'; choose one of vectorised, neurogym"):
        neurogym_trials.draw(environment(CHOICE), 10, 0, "trials", "dataset")


# NeuroGym's environments, one trial after the other


@pytest.mark.parametrize("semantics", neurogym_environments.SEMANTICS)
@pytest.mark.parametrize("name", PAPER_TASKS)
def test_sequences_are_the_trials_of_the_environment(name, semantics):
    env = environment(name, semantics)
    drawn = neurogym_trials.from_neurogym(env, 10, seed=11)
    inputs, classes = trials_by_neurogym(env, 10, seed=11)
    assert np.array_equal(drawn.inputs, inputs)
    assert np.array_equal(drawn.targets, classes)
    assert drawn.decision[-1].all()
    assert not drawn.decision[:-1].any()


def concatenated(env, length, seed):
    """Inputs, classes and decision steps of trials that follow each other, at least ``length`` steps of them."""
    env.seed(seed)
    inputs, classes, decision = [], [], []
    while len(classes) < length:
        env.new_trial()
        inputs.extend(env.ob)
        classes.extend(env.gt)
        start = env.start_t["decision"] // env.dt if "decision" in env.start_t else len(env.gt) - 1
        stop = env.end_t["decision"] // env.dt if "decision" in env.start_t else len(env.gt)
        decision.extend(start <= step < stop for step in range(len(env.gt)))
    return inputs[:length], classes[:length], decision[:length]


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda: environment(CHOICE, timing_ms={"delay": VARIABLE_DELAY, "decision": 200}), 15),
        (lambda: environment(CHOICE, timing_ms={"delay": VARIABLE_DELAY, "decision": 200}), 4),
        (lambda: environment(CONTEXT, "installed", timing_ms={"delay": TruncExp(600, 300, 3000)}), 20),
        (lambda: environment(CHOICE), 5),
        (distractor_task, 70),
    ],
    ids=["longer than most", "shorter than a trial", "exponential delay", "fixed trials", "no decision period"],
)
def test_trials_of_varying_length_are_cut_into_windows(make, steps):
    count = 12
    drawn = neurogym_trials.from_neurogym(make(), count, seed=3, sequence_steps=steps)
    inputs, classes, decision = concatenated(make(), count * steps, seed=3)
    assert drawn.inputs.shape[:2] == drawn.targets.shape == drawn.decision.shape == (steps, count)
    # Window after window, nothing is lost at the seams.
    assert np.array_equal(drawn.inputs.swapaxes(0, 1).reshape(count * steps, -1), np.array(inputs, np.float32))
    assert np.array_equal(drawn.targets.T.ravel(), classes)
    assert np.array_equal(drawn.decision.T.ravel(), decision)
    assert drawn.decision.any()
    assert all(array.flags.c_contiguous for array in (drawn.inputs, drawn.targets, drawn.decision))


def test_a_task_without_decision_period_decides_at_its_last_step():
    drawn = neurogym_trials.from_neurogym(distractor_task(), 4, seed=0)
    assert drawn.decision[-1].all()
    assert not drawn.decision[:-1].any()


def test_a_task_that_the_papers_do_not_use():
    env = neurogym_environments.make_environment("MultiSensoryIntegration-v0", "installed", 100, {})
    assert not neurogym_trials.can_vectorise(env)
    first, second = (neurogym_trials.from_neurogym(env, 20, seed=1) for _ in range(2))
    assert equal(first, second)
    assert first.inputs.shape == (11, 20, 5)
    assert set(first.targets[-1]) == {1, 2}
    assert not first.targets[:-1].any()


def test_sequences_of_fixed_trials_are_one_trial_long():
    for name, time_step_ms in itertools.product(PAPER_TASKS, (100, 20)):
        env = environment(name, time_step_ms=time_step_ms)
        assert neurogym_trials.sequence_length(env, None) == 800 // time_step_ms
        assert neurogym_trials.sequence_length(env, 30) == 30


def test_trials_of_varying_length_need_a_length_of_sequences():
    env = environment(CHOICE, timing_ms={"delay": VARIABLE_DELAY})
    with pytest.raises(
        ValueError, match=r"trials of GoCue\w+ last 11 to 17 steps: set sequence_steps of this task"
    ) as caught:
        neurogym_trials.from_neurogym(env, 10, seed=0)
    assert "\n" not in str(caught.value)
    assert neurogym_trials.sequence_length(env, 25) == 25


# Which tasks can be drawn at once


def test_only_the_papers_tasks_with_fixed_periods_are_drawn_at_once():
    assert all(neurogym_trials.can_vectorise(environment(name)) for name in PAPER_TASKS)
    assert neurogym_trials.can_vectorise(environment(MATCH, "installed"))
    refused = [
        environment(CHOICE, "installed"),  # other semantics are another distribution
        environment(CONTEXT, "installed"),
        environment(CHOICE, timing_ms={"delay": VARIABLE_DELAY}),
        neurogym_environments.make_environment("MultiSensoryIntegration-v0", "installed", 100, {}),
    ]
    for env in refused:
        assert not neurogym_trials.can_vectorise(env)
        with pytest.raises(
            ValueError, match=f"{type(env).__name__} has no vectorised sampler .*; use sampler: neurogym"
        ):
            neurogym_trials.vectorised(env, 10, np.random.default_rng(0))


# Batches


@given(steps=st.integers(1, 4), iterations=st.integers(1, 5), batch_size=st.integers(1, 4))
def test_batches_follow_the_order_of_the_sequences(steps, iterations, batch_size):
    sequences = np.arange(steps * iterations * batch_size * 2).reshape(steps, iterations * batch_size, 2)
    batches = neurogym_trials.as_batches(sequences, iterations, batch_size)
    assert batches.shape == (iterations, steps, batch_size, 2)
    assert batches.flags.c_contiguous
    for iteration in range(iterations):
        chosen = slice(iteration * batch_size, (iteration + 1) * batch_size)
        assert np.array_equal(batches[iteration], sequences[:, chosen])
    assert np.array_equal(neurogym_trials.as_batches(sequences[..., 0], iterations, batch_size), batches[..., 0])
