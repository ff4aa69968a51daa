"""Every measure of the registry, without being named: its declaration, its oracle, where it is defined, invariances."""

import math
from dataclasses import replace

import measure_oracles
import numpy as np
import pytest
import torch
from measure_oracles import ProbeCase, RunCase

import oracles
from richlazy.measures import (
    after_training,
    asked_network,
    at_matched_loss,
    during_training,
    following,
    measuring,
    on_probe,
    registry,
    solutions,
    unseen,
)
from richlazy.measures.learning_rule import LearningRule
from richlazy.measures.network_pair import NetworkPair
from richlazy.measures.trained_network import Trained
from richlazy.measures.trained_run import TrainedRun
from richlazy.models.rate_network import Dynamics, Weights

EVERY = {**{f"run: {name}": one for name, one in registry.MEASURES.items()},
         **{f"followed: {name}": one for name, one in during_training.QUANTITIES.items()}}  # fmt: skip


def network(seed, recurrent=True, outputs=3, inputs=3):
    weights = Weights(*oracles.random_weights(np.random.default_rng(seed), 10, inputs, outputs))
    return weights if recurrent else replace(weights, recurrent=torch.zeros(0, 0, dtype=torch.float64))


def probe_case(steps=5, recurrent=True, outputs=3, channels=3, **settings):
    """Classes, of which the last step and, for every other trial, the step before ask for a decision."""
    inputs, targets = oracles.random_trials(np.random.default_rng(0), steps, 8, channels, outputs)
    targets[:, :2] = torch.tensor([0, 1])  # not all trials alike
    decision = torch.zeros(steps, 8, dtype=torch.bool)
    decision[-1] = True
    decision[-2:-1, ::2] = True
    before, after = (network(seed, recurrent, outputs, channels) for seed in (0, 1))
    return ProbeCase(before, after, inputs, targets.to(torch.uint8), decision, **settings)


def masked(case):
    """The same networks on numbers, of which half are not asked for."""
    rng = np.random.default_rng(3)
    targets = torch.from_numpy(rng.standard_normal((*case.targets.shape, len(case.after.readout))))
    targets[torch.from_numpy(rng.random(targets.shape) < 0.5)] = math.nan
    return replace(case, targets=targets, loss="masked_squared_error")


def learned(case):
    """The same networks on numbers that the trained one answers."""
    return replace(case, targets=case.rates(case.after) @ case.after.readout.T + 1e-3, loss="squared_error")


def linear():
    """A linear network of two layers on a linear function of its inputs, learned from small weights."""
    settings = {"rectification": "none", "leak_factor": 0.0, "kernel_times": "last", "loss_steps": "last"}
    case = probe_case(steps=1, recurrent=False, outputs=1, loss="squared_error", **settings)
    targets = case.inputs @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    return replace(case, targets=targets[..., None])


FEEDFORWARD = {"steps": 1, "recurrent": False, "leak_factor": 0.0, "kernel_times": "last", "loss_steps": "last"}
PROBE_CASES = {
    "rectified after the leak": probe_case(),
    "rectified after the leak, last outputs": probe_case(kernel_times="last"),
    "rectified inside": probe_case(rectification="inside"),
    "rectified inside, last outputs": probe_case(rectification="inside", kernel_times="last", loss_steps="last"),
    "tanh, numbers now and then": masked(probe_case(rectification="tanh", seed=4)),
    "linear units, learned": learned(probe_case(rectification="none")),
    "linear units, one input and output": learned(probe_case(rectification="none", outputs=1, channels=1)),
    "feedforward": probe_case(**FEEDFORWARD),
    "feedforward, numbers": learned(probe_case(**FEEDFORWARD)),
    "linear feedforward": probe_case(rectification="none", **FEEDFORWARD),
    "linear feedforward, numbers": learned(probe_case(rectification="none", **FEEDFORWARD)),
    "linear of two layers": linear(),
    "symmetric e-prop": probe_case(rule="eligibility"),
    "random feedback, local": probe_case(rectification="inside", rule="rflo", seed=2),
    "feedback alignment, last outputs": probe_case(
        rule="feedback_alignment", feedback_correlation=0.5, kernel_times="last", loss_steps="last"
    ),
    "recurrent feedback of tanh units": masked(
        probe_case(rectification="tanh", rule="recurrent_feedback", feedback_correlation=0.3)
    ),
    "node perturbation": probe_case(rule="node_perturbation"),
    "truncated backpropagation": learned(probe_case(rectification="none", rule="truncated", truncation_steps=2)),
}


def measured(case):
    trained = Trained(case.before, case.after, case.inputs, case.targets, case.decision)
    settings = measuring.ProbeSettings(case.kernel_trials, case.kernel_times, case.loss_steps, case.loss)
    learning = LearningRule.of_run(vars(case))
    return measuring.measure(trained, Dynamics(case.leak_factor, case.rectification), settings, case.seed, learning)


@pytest.fixture(scope="module")
def found():
    """All measures of the probe in every case."""
    return {name: measured(case) for name, case in PROBE_CASES.items()}


# Declarations


@pytest.mark.parametrize("measure", EVERY.values(), ids=EVERY)
def test_a_measure_says_what_it_is(measure):
    for text in (measure.name, measure.unit, measure.meaning, measure.formula.__doc__):
        assert text and text == text.strip()
    assert measure.meaning.isascii()  # it becomes metadata of a table
    assert measure.lazier in (-1, 0, 1)
    assert measure.label or not measure.lazier  # a direction is one of a figure
    if measure.label is not None:
        assert all(0 < len(line.strip()) <= 40 for line in measure.label.split("\n"))
    assert measure.defined_for.__doc__.endswith(".")


@pytest.mark.parametrize(
    ("group", "stages"),
    [
        (on_probe.MEASURES, {"probe"}),
        (after_training.MEASURES, {"history", "theory"}),
        (during_training.QUANTITIES, {"snapshot"}),
        (solutions.MEASURES, {"pair"}),
        (unseen.MEASURES, {"unseen"}),
    ],
    ids=["probe", "finished runs", "snapshots", "pairs", "unseen trials"],
)
def test_measures_that_are_taken_together_say_the_stage_of_what_they_are_given(group, stages):
    assert {measure.stage for measure in group.values()} == stages


def test_labels_of_measures_that_may_stand_side_by_side_differ():
    for group in (registry.TESTED.values(), during_training.QUANTITIES.values()):
        labels = [measure.label for measure in group if measure.label]
        assert len(set(labels)) == len(labels)


def test_measures_come_in_the_order_of_their_columns(found):
    for values in found.values():
        assert list(values) == list(on_probe.MEASURES)


def test_a_name_is_declared_once():
    theme = after_training.outcome
    with pytest.raises(ValueError, match="two measures are called 'final_loss'; rename one of them"):
        after_training.declared(theme, theme)


# Oracles


@pytest.mark.parametrize("case", PROBE_CASES)
@pytest.mark.parametrize("name", on_probe.MEASURES)
def test_a_measure_of_the_probe_is_its_formula(found, name, case):
    expected = measure_oracles.PROBE[name](PROBE_CASES[case])
    assert type(found[case][name]) is float  # ready for JSON and tables
    assert found[case][name] == pytest.approx(expected, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", on_probe.MEASURES)
def test_a_measure_of_the_probe_has_a_value_in_some_case(found, name):
    assert any(math.isfinite(values[name]) for values in found.values())


def test_no_oracle_is_left_of_a_measure_that_is_gone():
    assert measure_oracles.PROBE.keys() == on_probe.MEASURES.keys()
    assert measure_oracles.RUN.keys() == after_training.MEASURES.keys()
    assert measure_oracles.SNAPSHOT.keys() == during_training.QUANTITIES.keys()
    assert measure_oracles.PAIR.keys() == solutions.MEASURES.keys()
    assert measure_oracles.ASKED.keys() == unseen.MEASURES.keys()


CROSSINGS = {
    level: {"updates": updates} | {name: 0.1 * place + updates for place, name in enumerate(at_matched_loss.OF_CHANGE)}
    for level, updates in (("shared_loss", 5), ("convergence", 12))
}


# Of two and of three tasks; the first is learned again or not.
STAGES = {
    "again": {"stages": [0, 1, 0], "performance": [[0.1, 0.3], [0.9, 0.2], [0.4, 0.8], [0.85, 0.5]]},
    "three": {"stages": [0, 1, 2], "performance": [[0.1, 0.3, 0.2], [0.9, 0.2, 0.4], [0.4, 0.8, 0.3], [0.5, 0.7, 0.9]]},
}


def run_case(target=1.2, followed=True, crossings=CROSSINGS, gain=0.4, stages=None):
    """A loss that falls, slower and slower but for a bump; converged after ten updates."""
    losses = [0.72 * math.exp(-0.25 * batch) + 0.01 for batch in range(30)]
    run = {
        "learning_rate": 0.01, "gain": gain, "iterations": 30, "optimiser": "gradient_descent",
        "convergence_iterations": 12, "final_loss": 0.011, "probe_loss": 0.02, "loss_ratio_shuffled_initial": 0.5,
        "leading_singular_value_change": 0.9, "weight_change_norm_recurrent": 0.8, "amplification_initial": 1.3,
        "guess_loss": 0.5, "curriculum": STAGES.get(stages),
    }  # fmt: skip
    course = {
        "iterations": [0, 4, 10, 40, 90],
        "kernel_task_alignment": [0.1, 0.15, 0.3, 0.8, 0.7],
        "leading_singular_value_change": [0.0, 0.045, 0.13, 0.6, 0.7],
        "second_singular_value_change": [0.0, 1.6e-5, 3e-4, 0.02, 0.03],
        "change_input_to_output": [0.0, 0.046, 0.12, 0.4, 0.5],
        "change_output_to_input": [0.0, 4e-5, 6e-4, 0.03, 0.05],
        "change_output_to_output": [0.0, 1e-3, 6e-3, 0.08, 0.1],
        "change_input_to_input": [0.0, 1e-3, 7e-3, 0.07, 0.1],
    }
    course = course if followed else {}
    return RunCase(run, losses, course, target, 0.05, crossings)


RUN_CASES = {
    "expanded": run_case(),
    "expanded, gain 0": run_case(gain=0.0, stages="again"),
    "three tasks": run_case(stages="three"),
    "of another kind": run_case(None),
    "not followed": run_case(followed=False),
    "not matched": run_case(crossings=None),
    "never there": run_case(crossings={}),
    "half-way": run_case(crossings={"shared_loss": CROSSINGS["shared_loss"]}),
}


@pytest.mark.parametrize("case", RUN_CASES.values(), ids=RUN_CASES)
@pytest.mark.parametrize("name", after_training.MEASURES)
def test_a_measure_of_a_finished_run_is_its_formula(name, case):
    history = {"iterations": list(range(1, len(case.losses) + 1)), "loss": case.losses}
    context = TrainedRun(case.run, history, case.target, case.fraction, case.followed, case.crossings)
    found = after_training.measured(context)[name]
    assert type(found) is float
    assert found == pytest.approx(measure_oracles.RUN[name](case), rel=1e-3, nan_ok=True)
    if case is RUN_CASES["expanded, gain 0"]:
        assert math.isfinite(found)


@pytest.mark.parametrize("case", PROBE_CASES)
@pytest.mark.parametrize("name", during_training.QUANTITIES)
def test_a_quantity_that_is_followed_is_its_formula(name, case):
    given = PROBE_CASES[case]
    trials = slice(given.kernel_trials)
    dynamics = Dynamics(given.leak_factor, given.rectification)
    probe = following.KernelProbe(given.inputs[:, trials], given.targets[:, trials], dynamics, given.kernel_times)
    course = following.follow([(0, given.before), (7, given.after)], probe, [name])
    assert course["iterations"] == [0, 7]
    assert course[name][1] == pytest.approx(measure_oracles.SNAPSHOT[name](given), rel=1e-8, nan_ok=True)


# Of two networks, by name: those of a case, and others of its size.
PAIR_CASES = [name for name, case in PROBE_CASES.items() if case.is_recurrent and case.rule == "backpropagation"]


def next_seed(case):
    outputs, inputs = len(case.after.readout), case.inputs.shape[-1]
    before, after = (network(seed, True, outputs, inputs) for seed in (7, 8))
    return replace(case, before=before, after=after)


def pair_of(first, second):
    dynamics = Dynamics(first.leak_factor, first.rectification)
    both = (Trained(case.before, case.after, first.inputs, first.targets, first.decision) for case in (first, second))
    return NetworkPair.of(*both, dynamics)


@pytest.mark.parametrize("case", PAIR_CASES)
@pytest.mark.parametrize("name", solutions.MEASURES)
def test_a_measure_of_two_networks_is_its_formula(name, case):
    first = PROBE_CASES[case]
    found = solutions.MEASURES[name](pair_of(first, next_seed(first)))
    assert type(found) is float
    assert found == pytest.approx(measure_oracles.PAIR[name](first, next_seed(first)), rel=1e-4)


@pytest.mark.parametrize("case", PAIR_CASES)
def test_two_networks_are_as_far_apart_whatever_the_order_of_their_units_and_a_network_is_near_itself(case):
    first, second = PROBE_CASES[case], next_seed(PROBE_CASES[case])
    apart = solutions.measured(pair_of(first, second))
    for one, other in ((renamed(first), second), (first, renamed(second))):
        found = solutions.measured(pair_of(one, other))
        assert {name: found[name] for name in found if not name.endswith("_initial")} == pytest.approx(
            {name: apart[name] for name in apart if not name.endswith("_initial")}, rel=1e-6
        )
    assert list(solutions.measured(pair_of(first, renamed(first))).values()) == pytest.approx([0] * 5, abs=1e-6)
    assert all(value > 0.01 for value in apart.values())


def test_two_networks_of_which_one_was_lost_have_no_measures():
    lost = next_seed(probe_case())
    lost.after.recurrent[0, 0] = math.inf
    assert all(math.isnan(value) for value in solutions.measured(pair_of(probe_case(), lost)).values())


# Networks of classes and of numbers on longer trials than those of their probe.
ASKED_CASES = [name for name, case in PROBE_CASES.items() if case.rule == "backpropagation" and case.is_recurrent]


def asked_of(case):
    return Trained(case.before, case.after, case.inputs, case.targets, case.decision)


@pytest.mark.parametrize("case", ASKED_CASES)
@pytest.mark.parametrize("name", unseen.MEASURES)
def test_a_measure_of_unseen_trials_is_its_formula(name, case):
    seen = PROBE_CASES[case]
    longer = replace(
        seen,
        inputs=torch.cat([seen.inputs[:2], 2 * seen.inputs]),
        targets=torch.cat([seen.targets[:2], seen.targets]),
        decision=torch.cat([torch.zeros_like(seen.decision[:2]), seen.decision]),
    )
    dynamics = Dynamics(seen.leak_factor, seen.rectification)
    own, other = (asked_network.performance_when_due(asked_of(one), dynamics) for one in (seen, longer))
    network = asked_network.AskedNetwork(own, dict.fromkeys(unseen.DIFFERENT, other))
    found = unseen.measured(network)[name]
    assert type(found) is float
    assert found == pytest.approx(measure_oracles.ASKED[name](longer, seen), rel=1e-9, abs=1e-12, nan_ok=True)
    assert math.isnan(unseen.measured(asked_network.AskedNetwork(own, {}))[name])


# Where it is defined


@pytest.mark.parametrize("name", on_probe.MEASURES)
def test_a_measure_is_nan_where_it_is_not_defined(found, name):
    condition = on_probe.MEASURES[name].defined_for
    for case, values in found.items():
        if not condition(PROBE_CASES[case]):
            assert math.isnan(values[name])


@pytest.mark.parametrize("name", on_probe.MEASURES)
def test_a_network_that_was_lost_has_no_measures_and_what_they_wait_for_did_not_happen(name):
    case = probe_case()
    case.after.recurrent[0, 0] = math.inf
    found = measured(case)[name]
    assert found == math.inf if on_probe.MEASURES[name].censored else math.isnan(found)


@pytest.mark.parametrize("measure", EVERY.values(), ids=EVERY)
def test_what_may_not_happen_says_so(measure):
    said = any(words in measure.meaning for words in ("infinite where", "infinite or null likewise"))
    assert measure.censored == said


# Invariances


def renamed(case):
    """Other names for the units of the trained network."""
    order = torch.from_numpy(np.random.default_rng(0).permutation(10))
    after = case.after
    recurrent = after.recurrent[order][:, order]
    return replace(case, after=Weights(recurrent, after.input[order], after.readout[:, order]))


def scaled(case):
    """Recurrent weights five times as large, before and after."""
    sides = {side: getattr(case, side) for side in ("before", "after")}
    return replace(case, **{name: replace(one, recurrent=5 * one.recurrent) for name, one in sides.items()})


CHANGES = {"order of units": renamed, "scale of weights": scaled}
DECLARED = [(name, what) for name, one in on_probe.MEASURES.items() for what in one.invariant_to]


@pytest.mark.parametrize(("name", "what"), DECLARED)
def test_a_measure_does_not_see_what_it_is_invariant_to(found, name, what):
    case = "rectified after the leak"
    changed = measured(CHANGES[what](PROBE_CASES[case]))
    assert changed[name] == pytest.approx(found[case][name], rel=1e-8)
    assert changed["weight_change_norm"] != pytest.approx(found[case]["weight_change_norm"], rel=1e-3)


@pytest.mark.parametrize("name", on_probe.MEASURES)
def test_a_measure_sees_neither_the_order_of_units_in_both_networks_nor_the_length_of_a_probe_beyond_it(found, name):
    case = PROBE_CASES["rectified after the leak"]
    order = torch.arange(9, -1, -1)
    both = [
        Weights(w.recurrent[order][:, order], w.input[order], w.readout[:, order]) for w in (case.before, case.after)
    ]
    values = measured(replace(case, before=both[0], after=both[1]))
    drawn = name in ("loss_ratio_shuffled_initial", "lesion_loss_rise")  # which entries and units are taken is drawn
    assert drawn or values[name] == pytest.approx(found["rectified after the leak"][name], rel=1e-7, nan_ok=True)
