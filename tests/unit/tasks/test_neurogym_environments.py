"""Tasks: what a trial shows and asks for, what users are told, and the best possible performance."""

import itertools
import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neurogym.envs.native.contextdecisionmaking import ContextDecisionMaking
from neurogym.envs.native.delaymatchsample import DelayMatchSample
from neurogym.envs.native.perceptualdecisionmaking import PerceptualDecisionMaking

import oracles
from richlazy.tasks import neurogym_environments, neurogym_trials

CHOICE, MATCH, CONTEXT = "PerceptualDecisionMaking-v0", "DelayMatchSample-v0", "ContextDecisionMaking-v0"
PAPER_TASKS = (CHOICE, MATCH, CONTEXT)
VARIABLE_DELAY = [300, 500, 900]


def environment(name, semantics="paper", time_step_ms=100, timing_ms=None, **arguments):
    return neurogym_environments.make_environment(
        name, semantics, time_step_ms, oracles.PAPER_TIMINGS[name] | (timing_ms or {}), arguments
    )


def some_trials(env, count=200, **fixed):
    """Observations (count, T, channels), classes (count, T) and descriptions of trials."""
    env.seed(0)
    described = [(env.new_trial(**fixed), env.ob.copy(), env.gt.copy()) for _ in range(count)]
    descriptions, observations, classes = zip(*described, strict=True)
    return np.array(observations), np.array(classes), descriptions


# What a trial shows, without noise


def test_choice_shows_the_coherence_and_falls_silent_at_the_decision():
    seen = set()
    for observation, classes, trial in zip(*some_trials(environment(CHOICE, sigma=0.0)), strict=True):
        # The fall of the fixation channel is the cue to answer (NeuroGym 0.0.2).
        assert observation[:, 0].tolist() == [1, 1, 1, 1, 1, 1, 1, 0]
        chosen, other = (1, 2) if trial["ground_truth"] == 0 else (2, 1)
        np.testing.assert_allclose(observation[:7, chosen], 0.5 + trial["coh"] / 200, rtol=1e-6)
        np.testing.assert_allclose(observation[:7, other], 0.5 - trial["coh"] / 200, rtol=1e-6)
        assert not observation[7].any()
        assert classes.tolist() == [0] * 7 + [chosen]
        seen.add((chosen, trial["coh"]))
    assert seen == set(itertools.product((1, 2), (0, 6.4, 12.8, 25.6, 51.2)))


def test_match_shows_the_sample_and_then_its_equal_or_opposite():
    seen = set()
    for observation, classes, _ in zip(*some_trials(environment(MATCH, sigma=0.0)), strict=True):
        assert observation[:, 0].tolist() == [1, 1, 1, 1, 1, 1, 1, 0]
        sample, test = observation[0, 1:], observation[6, 1:]
        assert sorted(sample.round(6)) == sorted(test.round(6)) == [0, 1]
        assert not observation[1:6, 1:].any()
        assert not observation[7].any()
        matching = np.allclose(sample, test, atol=1e-6)
        assert classes.tolist() == [0] * 7 + [1 if matching else 2]
        seen.add((matching, int(sample.argmax())))
    assert len(seen) == 4


def test_context_shows_two_modalities_and_asks_for_the_cued_one():
    env = environment(CONTEXT, sigma=0.0)
    assert env.observation_space.shape == (7,)
    seen = set()
    for observation, classes, trial in zip(*some_trials(env, 400), strict=True):
        assert observation[:, 0].tolist() == [1, 1, 1, 1, 1, 1, 1, 0]
        # One of the two context channels is on at all steps, the decision included.
        context = trial["context"]
        assert observation[:, 5 + context].tolist() == [1] * 8
        assert not observation[:, 6 - context].any()
        shown = []
        for modality, coherence in enumerate((trial["coh_1"], trial["coh_2"])):
            channels = observation[:, 1 + 2 * modality : 3 + 2 * modality]
            shown.append(1 + int(channels[0].argmax()))
            np.testing.assert_allclose(channels[:2].max(1), 0.5 + coherence / 200, rtol=1e-6)
            np.testing.assert_allclose(channels[:2].min(1), 0.5 - coherence / 200, rtol=1e-6)
            assert not channels[2:].any()
        assert classes.tolist() == [0] * 7 + [shown[context]]
        assert shown == [trial["ground_truth"], trial["other_choice"]][:: -1 if context else 1]
        seen.add((context, *shown))
    assert len(seen) == 8  # contexts and both choices are independent


@pytest.mark.parametrize("name", [CHOICE, CONTEXT])
def test_fixation_lasts_until_the_decision_through_every_period(name):
    env = environment(name, timing_ms={"fixation": 200, "stimulus": 300, "delay": 400, "decision": 200}, sigma=0.0)
    observations, classes, _ = some_trials(env)
    assert observations.shape[1] == 11
    assert (observations[:, :, 0] == [1] * 9 + [0] * 2).all()
    stimulus = slice(1, 3) if name == CHOICE else slice(1, 5)
    assert observations[:, 2:5, stimulus].all()
    assert not observations[:, :2, stimulus].any()
    assert not observations[:, 5:, stimulus].any()
    assert not classes[:, :9].any()
    assert (classes[:, 9] == classes[:, 10]).all()
    assert set(classes[:, 9]) == {1, 2}


# Noise


@pytest.mark.parametrize(
    ("name", "noisy_steps", "noisy_channels"),
    [(CHOICE, range(7), range(1, 3)), (MATCH, (0, 6), range(1, 3)), (CONTEXT, range(2), range(7))],
)
@pytest.mark.parametrize("time_step_ms", [100, 20])
def test_noise_falls_on_the_right_channels_and_steps(name, noisy_steps, noisy_channels, time_step_ms):
    env = environment(name, time_step_ms=time_step_ms)
    fixed = {"ground_truth": 1} | {CHOICE: {"coh": 0}, MATCH: {"sample_theta": 0.0}, CONTEXT: {"context": 0}}[name]
    if name == CONTEXT:
        fixed |= {"other_choice": 1, "coh_1": 5, "coh_2": 5}
    observations, _, _ = some_trials(env, 500, **fixed)
    spread = observations.std(0, ddof=1)
    finer = 100 // time_step_ms
    expected = np.zeros((8 * finer, env.observation_space.shape[0]))
    for step, channel in itertools.product(noisy_steps, noisy_channels):
        # Input noise has the same power in all time: 1 / sqrt(dt), .1 at 100 ms and .2236 at 20 ms (methods.md D1).
        expected[step * finer : (step + 1) * finer, channel] = 1 / math.sqrt(time_step_ms)
    np.testing.assert_allclose(spread, expected, rtol=0.16, atol=1e-7)  # 5 standard errors
    noise = observations[:, expected > 0]
    correlations = np.corrcoef(noise.T)[np.triu_indices(noise.shape[1], 1)]
    assert np.abs(correlations).max() < 5.5 / math.sqrt(500)


def test_noise_at_a_fine_time_step_is_larger():
    for name in PAPER_TASKS:
        assert environment(name).sigma == pytest.approx(0.1)
        assert environment(name, time_step_ms=20).sigma == pytest.approx(0.2236, abs=1e-4)


# Timing


@pytest.mark.parametrize(("time_step_ms", "length"), [(100, 8), (50, 16), (20, 40), (10, 80)])
@pytest.mark.parametrize("name", PAPER_TASKS)
def test_periods_have_the_steps_of_neurogym(name, time_step_ms, length):
    env = environment(name, time_step_ms=time_step_ms)
    periods = neurogym_environments.period_slices(env)
    steps = {period: where.stop - where.start for period, where in periods.items()}
    assert [where.start for where in periods.values()] == list(np.cumsum([0, *steps.values()])[:-1])
    assert len(env.ob) == sum(steps.values()) == length
    assert list(steps) == list(oracles.PAPER_TIMINGS[name])
    assert steps["decision"] == 100 // time_step_ms


def test_durations_are_cut_to_whole_steps():
    env = environment(CHOICE, time_step_ms=30)
    assert neurogym_environments.period_slices(env)["stimulus"] == slice(0, 23)
    assert neurogym_environments.period_slices(env)["decision"] == slice(23, 26)
    assert len(env.ob) == 26


def test_fixed_and_variable_trials_are_told_apart():
    assert neurogym_environments.has_fixed_trials(environment(CHOICE))
    assert not neurogym_environments.has_fixed_trials(environment(CHOICE, timing_ms={"delay": VARIABLE_DELAY}))
    assert not neurogym_environments.has_fixed_trials(environment(CHOICE, timing_ms={"delay": ("uniform", (100, 900))}))


# Semantics


def test_paper_semantics_are_neurogym_tasks():
    kinds = {CHOICE: PerceptualDecisionMaking, MATCH: DelayMatchSample, CONTEXT: ContextDecisionMaking}
    for name, kind in kinds.items():
        for semantics in neurogym_environments.SEMANTICS:
            assert isinstance(environment(name, semantics), kind)
    assert type(environment(MATCH)) is type(environment(MATCH, "installed")) is DelayMatchSample
    assert type(environment(CHOICE, "installed")) is PerceptualDecisionMaking
    assert type(environment(CONTEXT, "installed")) is ContextDecisionMaking


def test_installed_choice_has_no_cue_to_answer():
    env = environment(CHOICE, "installed")
    observations, classes, _ = some_trials(env)
    assert not observations[:, :, 0].any()
    assert set(classes[:, -1]) == {1, 2}
    observations, _, _ = some_trials(environment(CHOICE, "installed", timing_ms={"fixation": 200, "delay": 100}))
    assert (observations[:, :, 0] == [1, 1] + [0] * 9).all()


def test_installed_context_has_one_context_and_no_channels_for_it():
    env = environment(CONTEXT, "installed", sigma=0.0)
    observations, classes, descriptions = some_trials(env)
    assert observations.shape[2] == 5
    assert {trial["context"] for trial in descriptions} == {0}
    assert (1 + observations[:, 0, 1:3].argmax(1) == classes[:, -1]).all()  # always the first modality
    assert not observations[:, :, 0].any()


def test_installed_context_can_be_cued_but_without_cue_to_answer_and_noise_on_cues():
    env = environment(CONTEXT, "installed", use_expl_context=True, timing_ms={"fixation": 100})
    observations, _, descriptions = some_trials(env)
    assert observations.shape[2] == 7
    contexts = np.array([trial["context"] for trial in descriptions])
    assert set(contexts) == {0, 1}
    assert (observations[:, :, 5] == (contexts == 0)[:, None]).all()
    assert (observations[:, :, 6] == (contexts == 1)[:, None]).all()
    assert (observations[:, :, 0] == [1] + [0] * 8).all()


def test_arguments_reach_the_task():
    env = environment(CHOICE, cohs=[10, 90], sigma=5.0, dim_ring=4)
    assert env.cohs == [10, 90]
    assert env.sigma == pytest.approx(0.5)
    assert env.observation_space.shape == (5,)
    assert env.action_space.n == 5
    assert environment(CONTEXT, dim_ring=3).observation_space.shape == (9,)


def test_a_task_that_the_papers_do_not_use():
    env = neurogym_environments.make_environment(
        "MultiSensoryIntegration-v0", "installed", 100, {"fixation": 100, "stimulus": 300}
    )
    observations, classes, _ = some_trials(env)
    assert observations.shape == (200, 5, 5)
    assert (observations[:, :, 0] > 0)[:, 0].all()
    assert not classes[:, :4].any()
    assert set(classes[:, 4]) == {1, 2}


def test_configuration_stays_as_it_is():
    timing, arguments = dict(oracles.PAPER_TIMINGS[CHOICE]), {"cohs": [10, 90]}
    neurogym_environments.make_environment(CHOICE, "paper", 100, timing, arguments)
    assert timing == oracles.PAPER_TIMINGS[CHOICE]
    assert arguments == {"cohs": [10, 90]}


def test_description_is_ready_for_json():
    described = neurogym_environments.describe(environment(CONTEXT))
    assert json.loads(json.dumps(described)) == described
    assert described["environment"] == "CuedContextDecisionMaking"
    assert (described["input_units"], described["outputs"]) == (7, 3)
    assert described["bayes_accuracy"] == pytest.approx(0.875, abs=2e-3)
    described = neurogym_environments.describe(environment(CHOICE, "installed"))
    assert described["bayes_loss"] is None
    assert described["bayes_accuracy"] is None
    json.dumps(described)


# Errors are one sentence for the user


@pytest.mark.parametrize(
    ("name", "semantics", "timing_ms", "arguments", "message"),
    [
        ("NoSuchTask-v0", "paper", {}, {}, "NoSuchTask-v0"),
        ("NoSuchTask-v0", "installed", {}, {}, "NoSuchTask-v0"),
        ("NoSuchTask", "installed", {}, {}, "NoSuchTask"),
        ("MultiSensoryIntegration-v0", "paper", {}, {}, "MultiSensoryIntegration-v0"),  # not among the papers' tasks
        (CHOICE, "paper", {"sample": 100}, {}, "has no period sample; it has fixation, stimulus, delay, decision"),
        (MATCH, "installed", {"stimulus": 100, "go": 1}, {}, "has no period stimulus, go; it has fixation, sample"),
        (CHOICE, "paper", {"delay": "long"}, {}, "check environment, timing_ms and arguments"),
        (CHOICE, "paper", {}, {"coherences": [1]}, "unexpected keyword argument 'coherences'"),
        (CHOICE, "installed", {}, {"coherences": [1]}, "unexpected keyword argument 'coherences'"),
        (CONTEXT, "paper", {}, {"dim_ring": "two"}, "check environment, timing_ms and arguments"),
        (CONTEXT, "paper", {}, {"use_expl_context": False}, "use_expl_context"),  # the context is always cued
        (
            "EconomicDecisionMaking-v0",
            "installed",
            {},
            {},
            "no row of observation channels with a class for every step",
        ),
        ("Bandit-v0", "installed", {}, {}, "no row of observation channels with a class for every step"),
        ("ReachingDelayResponse-v0", "installed", {}, {}, "has no classes as targets: its actions are Box"),
    ],
)
def test_a_task_that_cannot_be_made_is_explained_in_one_sentence(name, semantics, timing_ms, arguments, message):
    with warnings.catch_warnings(), pytest.raises(ValueError) as caught:
        warnings.simplefilter("ignore")
        neurogym_environments.make_environment(name, semantics, 100, timing_ms, arguments)
    assert message in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_period_is_not_offered_as_one_of_the_task():
    with pytest.raises(ValueError) as caught:
        environment(CHOICE, timing_ms={"sample": 100})
    assert str(caught.value).endswith("it has fixation, stimulus, delay, decision")


# The stimulus on a ring


@given(st.integers(2, 8), st.integers(0, 7), st.floats(0, 100))
def test_stimulus_on_a_ring_peaks_at_its_angle(channels, place, coherence):
    preferred = 2 * np.pi * np.arange(channels) / channels
    stimulus = neurogym_environments.ring_stimulus(preferred, preferred[place % channels], coherence)
    assert stimulus.shape == (channels,)
    assert stimulus[place % channels] == pytest.approx(0.5 + coherence / 200)
    assert stimulus.max() == pytest.approx(stimulus[place % channels])
    assert stimulus.mean() == pytest.approx(0.5)


def test_stimuli_of_many_trials_at_once():
    preferred = np.array([0, np.pi])
    stimuli = neurogym_environments.ring_stimulus(preferred, np.array([[0.0], [np.pi]]), np.array([[50.0], [100.0]]))
    np.testing.assert_allclose(stimuli, [[0.75, 0.25], [0, 1]], atol=1e-12)


# Ceilings


@pytest.mark.parametrize(
    ("name", "loss", "accuracy"), [(CHOICE, 0.0317, 0.875), (CONTEXT, 0.0338, 0.875), (MATCH, 0.0, 1.0)]
)
def test_ceilings_of_the_papers_tasks(name, loss, accuracy):
    # methods.md D1
    ceiling = neurogym_environments.bayes_ceiling(environment(name))
    assert ceiling.loss == pytest.approx(loss, abs=1e-4)
    assert ceiling.accuracy == pytest.approx(accuracy, abs=2e-3)


def observer(inputs, means, sigma):
    """Probability of each hypothesis given all samples of Gaussian noise: (m, hypotheses).

    Args:
        inputs: (T, m, channels).
        means: for each hypothesis the mean input (T, channels).
        sigma: of the noise of each sample.
    """
    log_likelihoods = np.stack(
        [-((inputs - mean[:, None]) ** 2).sum((0, 2)) / (2 * sigma**2) for mean in means], axis=1
    )
    log_likelihoods -= log_likelihoods.max(1, keepdims=True)
    likelihoods = np.exp(log_likelihoods)
    return likelihoods / likelihoods.sum(1, keepdims=True)


def hypotheses(env):
    """Every equally likely noise-free trial of a task: means (T, channels) from the environment, and its class."""
    noise, env.sigma = env.sigma, 0.0
    settings = {
        neurogym_environments.GoCuePerceptualDecisionMaking: {
            "ground_truth": [0, 1],
            "coh": getattr(env, "cohs", None),
        },
        DelayMatchSample: {"ground_truth": [1, 2], "sample_theta": env.theta},
        neurogym_environments.CuedContextDecisionMaking: {
            "ground_truth": [1, 2], "other_choice": [1, 2], "context": [0, 1],
            "coh_1": getattr(env, "cohs", None), "coh_2": getattr(env, "cohs", None),
        },
    }[type(env)]  # fmt: skip
    means, classes = [], []
    for values in itertools.product(*settings.values()):
        env.new_trial(**dict(zip(settings, values, strict=True)))
        means.append(env.ob.astype(float))
        classes.append(int(env.gt[-1]))
    env.sigma = noise
    return means, np.array(classes)


@pytest.mark.parametrize(
    ("name", "time_step_ms", "timing_ms", "arguments"),
    [
        (CHOICE, 100, {}, {}),
        (CHOICE, 20, {"delay": 100}, {"sigma": 2.0}),
        (CHOICE, 100, {"stimulus": 300, "decision": 200}, {"cohs": [10, 60]}),
        (CONTEXT, 100, {}, {}),
        (CONTEXT, 50, {"fixation": 100}, {"sigma": 3.0}),
        (MATCH, 100, {}, {"sigma": 10.0}),
        (MATCH, 50, {"sample": 200}, {"sigma": 12.0}),
    ],
)
def test_ceilings_are_reached_by_a_bayesian_observer(name, time_step_ms, timing_ms, arguments):
    # The observer sees every sample of every channel and knows the task's list of noise-free trials, nothing more.
    env = environment(name, time_step_ms=time_step_ms, timing_ms=timing_ms, **arguments)
    count = 20_000
    drawn = neurogym_trials.vectorised(env, count, np.random.default_rng(0))
    means, classes = hypotheses(env)
    probabilities = observer(drawn.inputs, means, env.sigma)
    correct = np.stack([probabilities[:, classes == answer].sum(1) for answer in (1, 2)], axis=1)
    answers = drawn.targets[-1]
    surprise = -np.log(correct[np.arange(count), answers - 1])
    hits = 1 + correct.argmax(1) == answers
    ceiling = neurogym_environments.bayes_ceiling(env)
    share = drawn.decision.mean()  # all other steps are certain
    assert ceiling.loss == pytest.approx(share * surprise.mean(), abs=4.5 * share * surprise.std() / math.sqrt(count))
    assert ceiling.accuracy == pytest.approx(hits.mean(), abs=4.5 * hits.std() / math.sqrt(count))
    assert 0 < share * surprise.mean() < share * math.log(2)  # a setting in which the formula matters


def test_ceilings_between_certainty_and_a_guess():
    blind = neurogym_environments.bayes_ceiling(environment(CHOICE, sigma=1e4))
    assert blind.loss == pytest.approx(math.log(2) / 8, rel=1e-3)
    assert blind.accuracy == pytest.approx(0.5, abs=1e-2)
    clear = neurogym_environments.bayes_ceiling(environment(CHOICE, cohs=[100], sigma=0.1))
    assert clear.loss == pytest.approx(0, abs=1e-12)
    assert clear.accuracy == pytest.approx(1)
    blind = neurogym_environments.bayes_ceiling(environment(MATCH, sigma=1e4))
    assert blind.loss == pytest.approx(math.log(2) / 8, rel=1e-3)
    assert blind.accuracy == pytest.approx(0.5, abs=1e-2)


def test_no_ceiling_is_claimed_where_no_formula_is_known():
    assert neurogym_environments.bayes_ceiling(environment(CHOICE, "installed")) is None
    assert neurogym_environments.bayes_ceiling(environment(CONTEXT, "installed")) is None
    assert neurogym_environments.bayes_ceiling(environment(CHOICE, dim_ring=3)) is None
    assert neurogym_environments.bayes_ceiling(environment(CONTEXT, dim_ring=3)) is None
    assert neurogym_environments.bayes_ceiling(environment(CHOICE, timing_ms={"delay": VARIABLE_DELAY})) is None
    assert (
        neurogym_environments.bayes_ceiling(
            neurogym_environments.make_environment("MultiSensoryIntegration-v0", "installed", 100, {})
        )
        is None
    )


def test_no_ceiling_is_claimed_for_matching_on_a_larger_ring():
    assert neurogym_environments.bayes_ceiling(environment(MATCH, dim_ring=4, sigma=5.0)) is None
