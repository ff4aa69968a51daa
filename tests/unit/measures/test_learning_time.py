"""Learning times and predictions against networks that learn by gradient descent, and against their fixed points."""

import copy
import math

import numpy as np
import pandas as pd
import pytest
import torch

from richlazy.experiments import expansions, grids
from richlazy.measures import after_training, at_matched_loss, forgetting, learning_speed, predictions, trained_run
from richlazy.measures.base import declared
from richlazy.models.rate_network import Dynamics, Weights, gaussian_directions
from richlazy.theory import recurrent_expansion
from richlazy.training.loop import train
from richlazy.training.settings import TrainingSettings
from shipped import CONFIG

# Measures of what was followed in training.
OF_FOLLOWED = [name for name in after_training.MEASURES if name.endswith(("_agreement", "_value_order"))]
SIZE, STEPS, TARGET, GAIN, RATE, FRACTION = 40, 120, 1.2, 0.4, 0.01, 0.05


def problem(seed=0):
    """Weights with which a network starts, and its one trial: an input of 1, and an output asked for at the end."""
    rng = np.random.default_rng(seed)
    recurrent = GAIN * rng.standard_normal((SIZE, SIZE)) / math.sqrt(SIZE)
    columns = gaussian_directions(1, SIZE, math.sqrt(SIZE), rng).T
    readout = gaussian_directions(1, SIZE, 1 / math.sqrt(SIZE), rng)
    weights = Weights(*(torch.from_numpy(matrix)[None] for matrix in (recurrent, columns, readout)))
    targets = np.full((1, STEPS, 1, 1), np.nan)
    targets[:, -2:] = TARGET
    return weights, np.ones((1, STEPS, 1, 1)), targets


def trained(iterations, rate=RATE, report_every=1):
    weights, inputs, targets = problem()
    return train(
        weights,
        [inputs],
        [targets],
        Dynamics(0.5, "none"),
        TrainingSettings(
            rate,
            loss="masked_squared_error",
            iterations=iterations,
            report_every=report_every,
            trained="recurrent",
            convergence_fraction=FRACTION,
        ),
    )


def fixed_point_descent(iterations, rate=RATE):
    """Recurrent weights, losses and norms of gradients of the fixed point z = w' (I - W)^-1 m, after Eqs. 5 and 6."""
    weights = problem()[0].of_network(0)
    recurrent, drive, readout = (matrix.numpy().copy() for matrix in weights)
    losses, norms = [], []
    for _ in range(iterations):
        inverse = np.linalg.inv(np.eye(SIZE) - recurrent)
        error = TARGET - (readout @ inverse @ drive).item()
        gradient = error * inverse.T @ readout.T @ drive.T @ inverse.T
        losses.append(error**2 / 2)
        norms.append(np.linalg.norm(gradient))
        recurrent += rate * gradient
    return recurrent, np.array(losses), np.array(norms)


def run_of(history, **changes):
    parameters = {"learning_rate": RATE, "gain": GAIN, "optimiser": "gradient_descent"}
    return parameters | {"convergence_iterations": history["convergence_iterations"]} | changes


def measured(run, history, target, fraction):
    """Measures after training of a run that was not followed or compared at levels of its loss."""
    found = after_training.measured(trained_run.TrainedRun(run, history, target, fraction))
    assert math.isnan(found.pop("kernel_task_alignment_iterations"))
    updates = found.pop("convergence_iterations")
    assert updates == (math.inf if run["convergence_iterations"] is None else run["convergence_iterations"])
    assert all(math.isnan(found.pop(name)) for name in ("final_loss", "generalisation_gap"))  # the run has none here
    assert all(math.isnan(found.pop(name)) for name in (*at_matched_loss.MEASURES, *declared(forgetting)))
    assert all(math.isnan(found.pop(name)) for name in OF_FOLLOWED)
    return found


def test_times_of_a_network_that_diverged_later_are_infinite():
    _, history = trained(60)
    one = history.of_network(0, 0.1)
    crossings = {level: {"updates": 5} for level in at_matched_loss.LEVELS}
    times = ["convergence_iterations", "convergence_time", "rescaled_convergence_time"]
    times += ["updates_to_shared_loss", "updates_to_convergence"]
    for diverged in (False, True):
        run = trained_run.TrainedRun(run_of(one, diverged=diverged), one, TARGET, FRACTION, crossings=crossings)
        found = after_training.measured(run)
        assert [math.isinf(found[name]) for name in times] == [diverged] * len(times)


def test_networks_of_long_trials_learn_as_their_fixed_points_do():
    final, history = trained(60)
    recurrent, losses, _ = fixed_point_descent(60)
    np.testing.assert_allclose(final.recurrent[0].numpy(), recurrent, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(history.losses[:, 0], losses, rtol=1e-6, atol=1e-9)
    assert losses[-1] < 0.2 * losses[0]  # they have learned
    start = problem()[0]
    for kept, given in ((final.input, start.input), (final.readout, start.readout)):
        assert torch.equal(kept, given)


@pytest.mark.parametrize(("rate", "tolerance"), [(RATE, 0.03), (RATE / 10, 0.003), (RATE / 100, 0.0003)])
def test_the_fall_of_the_loss_gives_the_norm_of_the_gradient(rate, tolerance):
    # The error is that of finite steps alone: it shrinks with the learning rate.
    *_, losses, norms = fixed_point_descent(40, rate)
    history = {"iterations": list(range(1, 41)), "loss": losses}
    found = trained_run.gradient_norms(history, rate)
    np.testing.assert_allclose(found, norms[:-1], rtol=tolerance)


def test_measures_of_a_trained_network():
    _, course = trained(150)
    history = course.of_network(0, 0.2)
    _, losses, norms = fixed_point_descent(150)
    updates = int(np.argmax(losses < FRACTION * losses[0]))
    assert history["convergence_iterations"] == updates > 20
    known = {"weight_change_norm_recurrent": 0.8, "amplification_initial": 1.2}
    run = run_of(history, loss_ratio_shuffled_initial=0.5, leading_singular_value_change=0.9, iterations=150, **known)
    found = measured(run, history, TARGET, FRACTION)
    elsewhere = at_matched_loss.MEASURES.keys() | declared(forgetting).keys()
    assert found.keys() == after_training.MEASURES.keys() - elsewhere - {
        "final_loss",
        "generalisation_gap",
        "convergence_iterations",
        "kernel_task_alignment_iterations",
        *OF_FOLLOWED,
    }
    assert all(math.isfinite(value) for value in found.values())
    beta = 1 / (1 - GAIN**2)
    assert found["convergence_time"] == pytest.approx(RATE * updates)
    assert found["rescaled_convergence_time"] == pytest.approx(RATE * updates * beta**2)
    assert found["gradient_norm_recurrent"] == pytest.approx(norms[:updates].mean(), rel=0.01)
    assert found["gradient_growth"] == pytest.approx(norms.max() / norms[0], rel=0.02)
    assert found["prediction_error_shuffled_initial"] == pytest.approx(0.5 - GAIN**4 * (2 - GAIN**2) ** 2)
    (leading,), _ = recurrent_expansion.singular_values(np.array([150 * RATE]), TARGET, GAIN)
    assert found["leading_singular_value_deviation"] == pytest.approx(abs(0.9 - leading) / leading)
    assert found["loss_curve_roughness"] < 1e-12  # gradient descent at a small rate goes downhill
    times = RATE * np.arange(updates + 1)
    for order, name in ((1, "first"), (3, "third")):
        distance = np.abs(losses[: updates + 1] - recurrent_expansion.loss(times, TARGET, GAIN, order)).mean()
        assert found[f"loss_deviation_{name}_order"] == pytest.approx(2 * distance / TARGET**2, rel=1e-5)


def test_a_course_that_is_the_expansion_has_no_deviation_from_it():
    history = {"iterations": list(range(1, 101)), "convergence_iterations": 70}
    history["loss"] = recurrent_expansion.loss(RATE * np.arange(100), TARGET, GAIN).tolist()
    found = measured(run_of(history), history, TARGET, FRACTION)
    assert found["loss_deviation_third_order"] == pytest.approx(0, abs=1e-12)
    assert found["loss_deviation_first_order"] > 0.01
    np.testing.assert_allclose(trained_run.predicted_loss(history, run_of(history), TARGET), history["loss"])
    assert math.isnan(found["prediction_error_shuffled_initial"])  # the run was not shuffled


def followed_run(gain=0.0, updates=40, until=60, **changed):
    """A run whose followed quantities are their expansion, some of them changed; followed every fourth update."""
    at = list(range(0, until + 1, 4))
    run = run_of({"convergence_iterations": updates}, gain=gain)
    course = {name: np.array(values) for name, values in trained_run.predicted_movement(at, run, TARGET).items()}
    course = {
        name: (changed.get(name, lambda at, value: value)(np.array(at), course[name])).tolist() for name in course
    }
    history = {"iterations": [1, 2], "loss": [1.0, 0.9]}
    return after_training.measured(trained_run.TrainedRun(run, history, TARGET, FRACTION, {"iterations": at, **course}))


AGREEMENTS = [name for name in after_training.MEASURES if name.endswith("_agreement")]


def test_what_follows_its_expansion_agrees_with_it_throughout_learning():
    found = followed_run()
    assert len(AGREEMENTS) == 3
    assert [found[name] for name in AGREEMENTS] == [1.0] * 3
    assert math.isnan(followed_run(gain=GAIN)["change_in_plane_agreement"])  # Eq. 10 is about gain 0
    at_the_end = followed_run(updates=60)  # followed to 60
    assert [at_the_end[name] for name in AGREEMENTS] == [1.0] * 3
    late = followed_run(updates=61)
    assert all(math.isnan(late[name]) for name in AGREEMENTS)
    assert followed_run(updates=None).keys() == found.keys()
    never = followed_run(updates=None)
    assert all(math.isnan(never[name]) for name in AGREEMENTS)


@pytest.mark.parametrize("sign", [1, -1])
def test_agreement_ends_where_the_deviation_is_a_tenth(sign):
    # It grows by 0.39 % an update: to a tenth after 25 of 40 updates, and back below it never.
    def away(at, value):
        return value * (1 + sign * 0.0039 * at)

    found = followed_run(leading_singular_value_change=away, second_singular_value_change=away)
    assert found["leading_singular_value_agreement"] == pytest.approx(25 / 40)
    assert found["second_singular_value_agreement"] == pytest.approx(25 / 40)
    assert found["change_in_plane_agreement"] == 1


def test_the_plane_agrees_as_a_whole_and_not_entry_by_entry():
    doubled = followed_run(change_output_to_input=lambda at, value: 2 * value)
    assert doubled["change_in_plane_agreement"] == 1  # an entry of third order, beside one of first
    assert followed_run(change_input_to_output=lambda at, value: 1.2 * value)["change_in_plane_agreement"] < 0.2


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_the_order_of_growth_is_a_power_of_time(power):
    found = followed_run(second_singular_value_change=lambda at, value: 1e-6 * at**power)
    assert found["second_singular_value_order"] == pytest.approx(power)
    later = followed_run(second_singular_value_change=lambda at, value: np.where(at > 8, 0, 1e-6 * at**power))
    assert later["second_singular_value_order"] == pytest.approx(power)  # that of the first two snapshots
    never = followed_run(second_singular_value_change=lambda at, value: np.where(at > 4, 0, 1e-6 * at**power))
    assert math.isnan(never["second_singular_value_order"])


def test_an_error_of_collapse_is_that_of_the_scaling_alone():
    """A network that learns as large ones do without initial weights, each quantity at its scaling or a quarter off."""
    without, beta = recurrent_expansion.without_initial_weights(TARGET, FRACTION), 1 / (1 - GAIN**2)
    for factor in (1.0, 1.25, 0.75):
        updates = factor * without.convergence_time / beta**2 / RATE
        norm = factor * without.weight_change_norm / beta
        run = run_of({"convergence_iterations": updates}, weight_change_norm_recurrent=norm)
        run["amplification_initial"] = factor * beta
        found = after_training.measured(
            trained_run.TrainedRun(run, {"iterations": [1, 2], "loss": [1.0, 0.9]}, TARGET, FRACTION)
        )
        for name in ("convergence_time_collapse_error", "weight_change_collapse_error", "amplification_error"):
            assert found[name] == pytest.approx(abs(factor - 1), abs=1e-9)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([2.0, 1.0, 0.5], 0.0),
        ([2.0, 2.5, 1.0, 1.5, 0.0], 0.5),
        ([1.0, 1.0, 1.0], 0.0),
        ([4.0], 0.0),
        ([0.0, 1.0], math.nan),
        ([1.0, math.inf, 1.0], math.nan),
        ([None, 1.0], math.nan),  # as JSON has it
    ],
)
def test_roughness_is_what_a_loss_rises_over_the_first(losses, expected):
    assert trained_run.roughness(losses) == pytest.approx(expected, nan_ok=True)
    scaled = [loss and 3 * loss for loss in losses]
    assert trained_run.roughness(scaled) == pytest.approx(expected, nan_ok=True)  # in units of the first


def test_followed_singular_values_of_known_runs_have_their_expansion_beside_them():
    runs = pd.DataFrame({"run": ["a", "b", "c"], "learning_rate": RATE, "gain": [GAIN, GAIN, 0.0]})
    course = {"iterations": [0, 10, 30], "leading_singular_value_change": [0.0, 0.1, 0.2]}
    both = course | {"second_singular_value_change": [0.0, 0.0, 0.1], "kernel_alignment": [1, 1, 1]}
    found = predictions.with_predicted_movement({"a": course, "b": course, "c": both}, runs, [TARGET, None, TARGET])
    assert found["b"] == course
    times = RATE * np.array([0, 10, 30])
    for run, gain in (("a", GAIN), ("c", 0.0)):
        leading, second = recurrent_expansion.singular_values(times, TARGET, gain)
        np.testing.assert_allclose(found[run]["leading_singular_value_change_predicted"], leading)
    np.testing.assert_allclose(found["c"]["second_singular_value_change_predicted"], second)
    assert found["a"].keys() == {*course, "leading_singular_value_change_predicted"}
    assert found["c"].keys() == {*both, *(f"{name}_predicted" for name in both if "singular" in name)}
    assert "leading_singular_value_change_predicted" not in course


def test_singular_values_of_a_large_network_follow_their_expansion():
    """Gradient flow of the fixed point of a network of 600 units, the change against the expansion (Eq. 14)."""
    rng = np.random.default_rng(1)
    size, gain, target, rate = 600, 0.5, 0.5, 0.002
    recurrent = gain * rng.standard_normal((size, size)) / math.sqrt(size)
    drive, readout = (rng.standard_normal((size, 1)) for _ in range(2))
    drive, readout = drive / np.linalg.norm(drive), (readout / np.linalg.norm(readout)).T
    readout -= readout @ drive * drive.T  # as of many units, without overlap
    start = recurrent.copy()
    for _ in range(100):
        inverse = np.linalg.inv(np.eye(size) - recurrent)
        error = target - (readout @ inverse @ drive).item()
        recurrent += rate * error * inverse.T @ readout.T @ drive.T @ inverse.T
    run = {"learning_rate": rate, "gain": gain}
    expected = trained_run.predicted_movement([100], run, target)
    found = np.linalg.svd(recurrent - start, compute_uv=False)
    assert found[0] == pytest.approx(expected["leading_singular_value_change"][0], rel=0.1)
    assert found[1] < 0.05 * found[0]


def test_points_of_many_batches_lie_in_the_middle_of_their_learning_time():
    fine, coarse = (trained(40, report_every=every)[1].of_network(0, 0.2) for every in (1, 10))
    np.testing.assert_allclose(trained_run.learning_times(fine, RATE), RATE * np.arange(40))
    assert coarse["iterations"] == [10, 20, 30, 40]
    found = trained_run.learning_times(coarse, RATE)
    np.testing.assert_allclose(found, RATE * np.arange(40).reshape(4, 10).mean(1))


def test_a_network_that_does_not_converge_has_no_time_nor_what_needs_it():
    _, course = trained(10)
    history = course.of_network(0, 0.2)
    found = measured(run_of(history), history, TARGET, FRACTION)
    assert {name for name, value in found.items() if math.isnan(value)} == {
        "gradient_norm_recurrent", "loss_deviation_first_order", "loss_deviation_third_order",
        "prediction_error_shuffled_initial", "leading_singular_value_deviation",
        "gradient_collapse_error", "weight_change_collapse_error", "amplification_error",
    }  # fmt: skip
    infinite = {name for name, value in found.items() if math.isinf(value)}
    assert infinite == {"convergence_time", "rescaled_convergence_time", "convergence_time_collapse_error"}


def test_a_loss_that_rises_has_no_gradient_there():
    history = {"iterations": [1, 2, 3, 4], "loss": [1.0, 0.5, 0.7, None]}
    found = trained_run.gradient_norms(history, 0.1)
    np.testing.assert_allclose(found, [math.sqrt(5), np.nan, np.nan])


def expanded(losses, every=1, updates=None):
    """A run that the expansion is about, by the points of its loss curve."""
    history = {"iterations": [every * (place + 1) for place in range(len(losses))], "loss": losses}
    return trained_run.TrainedRun(run_of({"convergence_iterations": updates}), history, TARGET, FRACTION)


def test_the_mean_gradient_is_that_between_the_points_until_convergence():
    losses, falls = [1.0, 0.5, 0.25, 0.05], np.array([0.5, 0.25, 0.2])
    for updates in (1, 2, 3):
        expected = np.sqrt(falls[:updates] / RATE).mean()
        assert learning_speed.gradient_norm_recurrent(expanded(losses, updates=updates)) == pytest.approx(expected)
    # Converged before the second point.
    assert math.isnan(learning_speed.gradient_norm_recurrent(expanded(losses, every=100, updates=99)))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_growth_of_the_gradient_is_a_ratio_of_the_largest_to_the_first(scale):
    losses = scale * np.array([10.0, 9.0, 5.0, 5.0, 4.0])  # falls by 1, 4, 0 and 1
    assert learning_speed.gradient_growth(expanded(losses.tolist())) == pytest.approx(2)


@pytest.mark.parametrize("losses", [[1.0], [1.0, 2.0, 3.0], [1.0, 1.0, 0.5]], ids=["one point", "rises", "flat first"])
def test_without_a_first_gradient_there_is_no_growth(losses):
    assert math.isnan(learning_speed.gradient_growth(expanded(losses)))


def test_other_networks_have_a_learning_time_and_a_roughness_and_adam_no_time():
    history = {"iterations": [100, 200, 300], "loss": [1.0, 0.1, 0.2]}
    run = {"learning_rate": 0.1, "gain": 1.5, "convergence_iterations": 90, "optimiser": "gradient_descent"}
    found = measured(run, history, None, FRACTION)
    assert found.pop("convergence_time") == pytest.approx(9.0)
    assert found.pop("loss_curve_roughness") == pytest.approx(0.1)
    assert all(math.isnan(value) for value in found.values())
    adam = measured(run | {"optimiser": "adam"}, history, None, FRACTION)
    assert adam.pop("loss_curve_roughness") == pytest.approx(0.1)
    assert all(math.isnan(value) for value in adam.values())


def step_responses(**changes):
    """Runs of one step response, with some parameters of the grid changed."""
    config = copy.deepcopy(CONFIG)
    grid = {"task": ["step_response_half"], "structure": ["gaussian"], "gain": [0.0, 0.6]}
    entry = {"title": "t", "source": "s", "preset": "random_rate_network", "compare": "gain", "seeds": 2}
    config["experiments"] = {"e": entry | {"grid": grid | changes}}
    return config, grids.runs(config, "e")


def test_the_expansion_is_about_step_responses_of_linear_networks():
    assert expansions.predicted_targets(*step_responses()) == [0.5] * 4


@pytest.mark.parametrize(
    "changes",
    [
        {"gain": [1.0, 1.5]}, {"rectification": ["tanh"]}, {"trained": ["all"]}, {"optimiser": ["adam"]},
        {"momentum": [0.9]}, {"readout": ["linear_layer"]}, {"structure": ["uniform"]}, {"task": ["cosine"]},
    ],
    ids=str,
)  # fmt: skip
def test_the_expansion_is_about_no_other_network(changes):
    found = expansions.predicted_targets(*step_responses(**changes))
    assert len(found) >= 2
    assert set(found) == {None}
