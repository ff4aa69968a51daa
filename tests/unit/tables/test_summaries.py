"""Tables of an experiment: types of the columns, the rule of convergence, and diverged runs."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from richlazy.connectivity import motifs
from richlazy.experiments import grids, parameters, paths
from richlazy.measures import after_training, at_matched_loss, during_training, on_probe, registry, solutions, unseen
from richlazy.storage import array_io, parquet
from richlazy.tables import experiment_tables, further_columns
from shipped import CONFIG

ROOT = Path(__file__).parents[3]
RUNS = grids.runs(CONFIG, "figure_1")
MEASURES = {name: 0.5 + place for place, name in enumerate(on_probe.MEASURES)}
KINDS = {int: "Int64", float: "Float64", str: "string"}


def row(place=0, **changes):
    """What measure_network writes for one run, as it comes back from JSON."""
    values = (
        parameters.told(RUNS[place])
        | {"network": f"results/runs/{place}/network.npz", "probe": "results/trials/probe.npz"}
        | {"final_loss": 0.3, "diverged": False, "diverged_at": None, "bayes_loss": 0.25, "bayes_accuracy": 0.9}
        | {"reached_at": None, "guess_loss": 0.7}
        | MEASURES
        | changes
    )
    return json.loads(json.dumps(array_io._finite(values), allow_nan=False))


def diverged(place=1):
    """A run of which nothing is known but that it diverged."""
    return row(place, final_loss=math.nan, diverged=True, diverged_at=17, **dict.fromkeys(MEASURES, math.nan))


LEARNED = {"converged_excess": 0.25, "converged_accuracy_deficit": 0.1, "failed_share": 0.9}


def runs_table(*rows, **connectomes):
    return experiment_tables.runs_table(rows, LEARNED, connectomes)


# Columns


def test_a_parameter_that_only_some_records_tell_is_usual_in_the_others():
    """Else rows without it would belong to the arms of all its values."""
    usual, other = row(0), row(1) | {"rule": "rflo", "feedback_correlation": 0.5}
    assert "rule" not in usual
    table = runs_table(usual, other)
    assert table["rule"].tolist() == ["backpropagation", "rflo"]
    assert table["parametrisation"].tolist() == ["plain", "plain"]
    assert table["feedback_correlation"].isna().tolist() == [True, False]


def test_a_row_for_each_run_in_their_order_with_all_columns():
    table = runs_table(row(3), row(0), diverged(7))
    assert list(table.columns) == list(experiment_tables.RUN_COLUMNS)
    assert table["run"].tolist() == [paths.run_path(RUNS[place]) for place in (3, 0, 7)]
    assert table["network"].tolist() == [f"results/runs/{place}/network.npz" for place in (3, 0, 7)]


def test_columns_are_parameters_outcome_and_every_measure():
    columns = set(experiment_tables.RUN_COLUMNS)
    assert set(parameters.PARAMETERS) | set(on_probe.MEASURES) <= columns
    assert columns - set(parameters.PARAMETERS) - set(on_probe.MEASURES) - set(after_training.MEASURES) == {
        "run", "connectome", "network", "probe", "diverged", "diverged_at", "bayes_loss", "bayes_accuracy", "converged",
        "reached_at", "guess_loss", "failed", "substitute",
    }  # fmt: skip


def test_an_option_takes_over_no_column():
    swept = {"density": {"owner": "structure", "meaning": "share of connections", "values": {}}}
    with pytest.raises(ValueError, match="option 'density' has the name of a column of tables; give it another"):
        experiment_tables.with_swept(experiment_tables.CONNECTIVITY_COLUMNS, swept)
    assert "density" in experiment_tables.with_swept(experiment_tables.RUN_COLUMNS, swept)


def test_every_column_has_a_meaning():
    for columns in (
        experiment_tables.RUN_COLUMNS,
        experiment_tables.CURVE_COLUMNS,
        experiment_tables.CONNECTIVITY_COLUMNS,
        experiment_tables.SPECTRUM_COLUMNS,
    ):
        assert all(len(meaning) > 5 for meaning in columns.values())


@pytest.mark.parametrize("rows", [[row()], [row(), diverged()], [diverged()]], ids=["good", "both", "diverged"])
def test_types_do_not_depend_on_what_is_missing(rows):
    types = runs_table(*rows).dtypes.astype(str).to_dict()
    expected = {name: KINDS[of.type] for name, of in parameters.PARAMETERS.items()}
    expected |= dict.fromkeys(("bayes_loss", "bayes_accuracy", *on_probe.MEASURES, *after_training.MEASURES), "float64")
    expected["reached_at"] = "Int64"
    expected |= {"guess_loss": "float64", "failed": "bool"}
    expected |= {"diverged": "bool", "diverged_at": "Int64", "converged": "boolean", "connectome": "string"}
    expected["substitute"] = "string"
    expected |= dict.fromkeys(("run", "network", "probe"), "object")
    assert types == expected


def test_parameters_keep_their_values():
    table = runs_table(*(row(place) for place in range(len(RUNS))))
    for name in parameters.PARAMETERS:
        assert [None if pd.isna(value) else value for value in table[name]] == [run[name] for run in RUNS]
    assert [parameters.run_of_row(line) for line in table.to_dict("records")] == RUNS


@pytest.mark.parametrize(("structure", "null"), [("gaussian", {"rank", "decay_exponent", "matching"})])
def test_parameters_that_a_structure_ignores_are_null(structure, null):
    values = {"structure": structure, "rank": None, "matching": None}
    table = runs_table(row(**values), row(1))
    of_no_run = {"condition_number", "diverged_at", "connectome", "reached_at", "kernel_task_alignment_iterations"}
    of_no_run |= {"substitute", "feedback_correlation", "truncation_steps", "perturbation", "distinct_batches"}
    of_no_run |= after_training.MEASURES.keys() - {"final_loss"}
    assert set(table.columns[table.iloc[0].isna()]) == null | of_no_run
    assert table["rank"].isna().tolist() == [True, False]


def test_a_gain_of_1_is_a_number_with_a_point_and_gives_the_same_run():
    table = runs_table(row(gain=1))
    assert table["gain"].dtype == "Float64"
    assert "gain~1/" in table["run"][0]


def test_measures_stand_in_their_columns():
    table = runs_table(row())
    assert {name: table[name][0] for name in MEASURES} == MEASURES


def test_a_structure_made_of_a_connectome_says_where_that_comes_from():
    note = "v1_column (synthetic, not data): cells"
    rows = [row(structure=name, rank=None) for name in ("gaussian", "connectome", "connectome_shuffled")]
    table = runs_table(*rows, connectome=note, connectome_shuffled=note)
    assert table["connectome"].isna().tolist() == [True, False, False]
    assert table["connectome"].tolist()[1:] == [note, note]
    assert table["connectome"].dtype == "string"


# Convergence and divergence


def test_without_a_floor_nothing_is_said_about_convergence():
    table = runs_table(row(bayes_loss=None, bayes_accuracy=None), row(1, final_loss=9.0))
    assert table["converged"].isna().tolist() == [True, False]
    assert table["converged"][1] == False  # noqa: E712
    assert np.isnan(table["bayes_accuracy"][0])


def test_a_diverged_run_is_null_and_not_averaged():
    table = runs_table(row(0), diverged(1))
    assert table["diverged"].tolist() == [False, True]
    assert table["diverged_at"].isna().tolist() == [True, False]
    assert table["diverged_at"][1] == 17
    assert table.loc[1, ["final_loss", *MEASURES]].isna().all()
    assert table["converged"].tolist() == [True, False]
    assert table["final_loss"][0] == 0.3


# Curves


def history(*losses, step=10):
    values = {"iterations": [step * (place + 1) for place in range(len(losses))], "loss": list(losses)}
    return json.loads(json.dumps(array_io._finite(values)))


def test_curves_are_one_row_per_run_and_point():
    table = experiment_tables.curves_table([history(1.0, 0.5), history(2.0, 1.0, 0.5, step=5)], ["a", "b"])
    assert list(table.columns) == list(experiment_tables.CURVE_COLUMNS)
    assert table["run"].tolist() == ["a", "a", "b", "b", "b"]
    assert table["iteration"].tolist() == [10, 20, 5, 10, 15]
    assert set(table["quantity"]) == {"loss"}
    assert table["value"].tolist() == [1.0, 0.5, 2.0, 1.0, 0.5]
    assert table["value"].dtype == float
    assert list(table.index) == list(range(5))


def test_a_loss_that_was_not_finite_is_null_and_the_others_stay():
    table = experiment_tables.curves_table([history(1.0, math.inf, math.nan)], ["a"])
    assert table["value"].isna().tolist() == [False, True, True]
    assert table["value"].dtype == float


def test_a_curve_of_nulls_alone_keeps_its_type():
    assert experiment_tables.curves_table([history(math.nan, math.nan)], ["a"])["value"].dtype == float


def course(*alignments, step=10):
    """What follow_network writes for one run, as it comes back from JSON."""
    values = {"iterations": [step * place for place in range(len(alignments))]}
    values |= {name: [0.5] * len(alignments) for name in during_training.USUAL}
    values["kernel_task_alignment"] = list(alignments)
    return json.loads(json.dumps(array_io._finite(values)))


def test_curves_hold_the_accuracy_and_what_was_followed_of_some_runs():
    histories = [history(1.0, 0.5) | {"accuracy": [0.2, None]}, history(2.0)]
    table = experiment_tables.curves_table(histories, ["a", "b"], {"a": course(0.1, 0.3, math.nan)})
    assert list(table.columns) == list(experiment_tables.CURVE_COLUMNS)
    assert table["value"].dtype == float
    assert set(table["quantity"][table["run"] == "b"]) == {"loss"}
    of_run = table[table["run"] == "a"].set_index("quantity")
    assert set(of_run.index) == {"loss", "accuracy", *during_training.USUAL}
    assert of_run.loc["accuracy", "value"].isna().tolist() == [False, True]
    assert of_run.loc["kernel_task_alignment", "iteration"].tolist() == [0, 10, 20]
    assert of_run.loc["kernel_task_alignment", "value"].isna().tolist() == [False, False, True]
    assert all(name in experiment_tables.CURVE_COLUMNS["quantity"] for name in of_run.index.unique())


def test_a_run_that_was_followed_has_the_iterations_until_its_kernel_was_aligned():
    names = [paths.run_path(RUNS[place]) for place in range(3)]
    followed = {names[0]: course(0.0, 1.0), names[2]: course(0.5, 0.5)}
    theory = {"targets": [None] * 3, "convergence_fraction": 0.05}
    rows, _ = experiment_tables.measured([row(0), row(1), row(2)], [history(1.0)] * 3, followed, theory)
    table = runs_table(*rows)
    # The second is not followed, the kernel of the third came no closer.
    assert table["kernel_task_alignment_iterations"].tolist() == pytest.approx([9.0, math.nan, math.inf], nan_ok=True)
    rows, _ = experiment_tables.measured(
        [row(0, diverged=True)], [history(1.0)], {names[0]: course(0.0, 1.0)}, theory | {"targets": [None]}
    )
    assert runs_table(*rows)["kernel_task_alignment_iterations"].tolist() == [math.inf]


def test_what_did_not_happen_is_infinite_and_what_was_not_asked_for_null():
    theory = {"targets": [None] * 4, "convergence_fraction": 0.05}
    rows = [row(0, convergence_iterations=200), row(1, learning_rate=0.5), row(2, optimiser="adam"), diverged(3)]
    rows = [rows[0], rows[1], rows[2] | {"censored": ["functional_rank"]}, rows[3] | {"censored": ["functional_rank"]}]
    rows, _ = experiment_tables.measured(rows, [history(1.0)] * 4, {}, theory)
    table = runs_table(*rows)
    never = math.inf
    assert table["convergence_iterations"].tolist() == [200, never, never, never]
    expected = [200 * RUNS[0]["learning_rate"], never, math.nan, never]
    assert table["convergence_time"].tolist() == pytest.approx(expected, nan_ok=True)
    assert table["functional_rank"].tolist() == [MEASURES["functional_rank"], MEASURES["functional_rank"], never, never]
    assert table["updates_to_convergence"].isna().all() and table["rescaled_convergence_time"].isna().all()
    infinite = {name for name in table if table[name].dtype == float and np.isinf(table[name]).any()}
    assert infinite <= {name for name, one in registry.MEASURES.items() if one.censored}


def test_measures_at_levels_of_the_loss_stand_in_their_columns():
    theory = {"targets": [None] * 3, "convergence_fraction": 0.05}
    early = {"updates": 300, **dict.fromkeys(at_matched_loss.OF_CHANGE, 0.7)}
    late = {"updates": 900, **dict.fromkeys(at_matched_loss.OF_CHANGE, 0.4), "kernel_alignment_recurrent": None}
    crossings = [{"shared_loss": early, "convergence": late}, {"shared_loss": early}, {}]
    records = [row(place) | {"crossings": crossed} for place, crossed in enumerate(crossings)]
    unmatched, _ = experiment_tables.measured(records, [history(1.0)] * 3, {}, theory)
    assert runs_table(*unmatched)[list(at_matched_loss.MEASURES)].isna().all(axis=None)
    rows, _ = experiment_tables.measured(records, [history(1.0)] * 3, {}, theory, matched=True)
    table = runs_table(*rows)
    assert table["updates_to_shared_loss"].tolist() == [300, 300, math.inf]
    assert table["updates_to_convergence"].tolist() == [900, math.inf, math.inf]
    for name in at_matched_loss.OF_CHANGE:
        assert table[f"{name}_at_shared_loss"].tolist() == pytest.approx([0.7, 0.7, math.nan], nan_ok=True)
        last = math.nan if name == "kernel_alignment_recurrent" else 0.4
        found = table[f"{name}_at_convergence"].tolist()
        assert found == pytest.approx([last, math.nan, math.nan], nan_ok=True)


def records_of(folder, records):
    """Files of some records."""
    files = [folder / f"{place}.json" for place in range(len(records))]
    for file, record in zip(files, records, strict=True):
        array_io.save_json(file, record)
    return files


def test_distances_of_a_pair_stand_with_its_first_network_where_both_are_solutions(tmp_path):
    rows = [row(place) for place in range(8)]
    rows[3] |= {"diverged": True}
    rows[4] |= {"accuracy": 0.5, "guess_accuracy": 0.5}  # learned nothing
    runs = runs_table(*rows)
    pairs = {runs["run"][place]: runs["run"][place + 1] for place in (0, 2, 4, 6)}
    records = [{name: place + 0.5 for name in solutions.MEASURES} for place in range(4)]
    records[3]["weight_distance"] = math.nan
    found, meanings = further_columns.joined(runs, {"solutions": records_of(tmp_path, records)}, {"pairs": pairs})
    assert list(found.columns) == [*runs.columns, *meanings] and list(meanings) == list(solutions.MEASURES)
    pd.testing.assert_frame_equal(found[runs.columns], runs)
    missing = [math.nan] * 5
    for name in solutions.MEASURES:
        last = math.nan if name == "weight_distance" else 3.5
        assert found[name].dtype == float
        assert found[name].tolist() == pytest.approx([0.5, *missing, last, math.nan], nan_ok=True)


def test_what_networks_do_on_unseen_trials_stands_in_their_rows_in_the_order_of_their_files(tmp_path):
    runs = runs_table(*[row(place) for place in range(3)])
    records = [{name: place + 0.5 for name in unseen.MEASURES} for place in range(3)]
    records[1]["unseen_timing_loss_rise"] = math.nan
    asked = list(reversed(runs["run"]))
    found, meanings = further_columns.joined(runs, {"unseen": records_of(tmp_path, records)}, {"unseen": asked})
    assert list(found.columns) == [*runs.columns, *meanings] and list(meanings) == list(unseen.MEASURES)
    assert found["unseen_noise_accuracy_fall"].tolist() == [2.5, 1.5, 0.5]
    assert found["unseen_timing_loss_rise"].tolist() == pytest.approx([2.5, math.nan, 0.5], nan_ok=True)
    plain, none = further_columns.joined(runs, {}, {})
    assert none == {}
    pd.testing.assert_frame_equal(plain, runs)


def test_the_iteration_at_which_the_target_was_reached_stands_in_the_table():
    table = runs_table(row(0, reached_at=300), row(1))
    assert table["reached_at"].isna().tolist() == [False, True]
    assert table["reached_at"][0] == 300


def test_runs_of_every_kind_of_task_stand_in_tables_of_equal_types():
    kinds = [
        runs_table(json.loads(json.dumps(row() | grids.runs(CONFIG, name)[0]))).dtypes.to_dict()
        for name in ("figure_1", "figure_1_smnist", "figure_4_b", "figure_3_b")
    ]
    assert all(types == kinds[0] for types in kinds)


def test_runs_and_histories_must_be_as_many():
    with pytest.raises(ValueError, match="longer than"):
        experiment_tables.curves_table([history(1.0), history(1.0)], ["a"])


# Files


@pytest.mark.parametrize("rows", [[row(), diverged()], [row()], [diverged()]], ids=["both", "good", "diverged"])
def test_runs_come_back_from_their_file_with_types_and_meanings(tmp_path, rows):
    table = runs_table(*rows)
    parquet.save_table(tmp_path / "runs.parquet", table, experiment_tables.RUN_COLUMNS)
    pd.testing.assert_frame_equal(parquet.load_table(tmp_path / "runs.parquet"), table)
    assert parquet.meanings(tmp_path / "runs.parquet") == experiment_tables.RUN_COLUMNS


def test_curves_come_back_from_their_file_with_types_and_meanings(tmp_path):
    table = experiment_tables.curves_table([history(1.0, math.nan)], ["a"])
    parquet.save_table(tmp_path / "curves.parquet", table, experiment_tables.CURVE_COLUMNS)
    pd.testing.assert_frame_equal(parquet.load_table(tmp_path / "curves.parquet"), table)
    assert parquet.meanings(tmp_path / "curves.parquet") == experiment_tables.CURVE_COLUMNS


def test_curves_can_be_joined_to_runs():
    runs = runs_table(row(0), row(1))
    curves = experiment_tables.curves_table([history(1.0), history(2.0)], runs["run"])
    joined = curves.merge(runs, on="run")
    assert joined[["seed", "value"]].to_numpy().tolist() == [[RUNS[0]["seed"], 1.0], [RUNS[1]["seed"], 2.0]]


# Initial weights


CONNECTIVITY_RUNS = [
    {
        "task": "2AF", "condition_number": None, "architecture": "recurrent", "structure": "gaussian", "rank": None,
        "decay_exponent": None, "matching": None, "size": 5, "gain": 1.0, "seed": 0,
    },
    {
        "task": "CXT", "condition_number": None, "architecture": "recurrent", "structure": "svd_truncation", "rank": 2,
        "decay_exponent": None, "matching": "frobenius", "size": 7, "gain": 1.5, "seed": 3,
    },
    {
        "task": "DMS", "condition_number": None, "architecture": "recurrent", "structure": "connectome", "rank": None,
        "decay_exponent": None, "matching": "leading_eigenvalue", "size": 4, "gain": 1.5, "seed": 1,
    },
]  # fmt: skip
OF_EVERY_TASK = {"task": None, "condition_number": None}  # recurrent weights are shared


def connectivity_matrices():
    rng = np.random.default_rng(0)
    matrices = [rng.standard_normal((run["size"], run["size"])) for run in CONNECTIVITY_RUNS]
    matrices[2] *= [[0, 1, 0, 1], [1, 0, 0, 1], [0, 0, 1, 0], [1, 1, 0, 0]]
    return matrices


@pytest.fixture(scope="module")
def connectivity():
    # An iterator: matrices are read one after the other.
    return experiment_tables.connectivity_tables(
        CONNECTIVITY_RUNS, iter(connectivity_matrices()), {"connectome": "mine"}
    )


def test_initial_weights_are_a_row_each_with_their_parameters(connectivity):
    table, _ = connectivity
    assert list(table.columns) == list(experiment_tables.CONNECTIVITY_COLUMNS)
    for name in parameters.CONNECTIVITY_PARAMETERS:
        found = [None if pd.isna(value) else value for value in table[name]]
        assert found == [(run | OF_EVERY_TASK)[name] for run in CONNECTIVITY_RUNS]
        assert str(table[name].dtype) == KINDS[parameters.PARAMETERS[name].type]
    assert [None if pd.isna(value) else value for value in table["connectome"]] == [None, None, "mine"]
    assert list(table.index) == [0, 1, 2]


def test_norms_motifs_and_densities_are_those_of_numpy(connectivity):
    table, _ = connectivity
    matrices = connectivity_matrices()
    assert table["frobenius_norm"].tolist() == pytest.approx([np.sqrt((weights**2).sum()) for weights in matrices])
    assert table["leading_eigenvalue"].tolist() == pytest.approx(
        [np.abs(np.linalg.eigvals(weights)).max() for weights in matrices]
    )
    # A connection of a unit to itself is no connection between units.
    assert table["density"].tolist() == pytest.approx([1, 1, 6 / 12])
    for weights, row in zip(matrices, table.to_dict("records"), strict=True):
        others = [weights[i, j] for i in range(len(weights)) for j in range(len(weights)) if i != j]
        swapped = [weights[j, i] for i in range(len(weights)) for j in range(len(weights)) if i != j]
        assert row["motif_reciprocal"] == pytest.approx(np.dot(others, swapped) / np.dot(others, others))
        for name, value in motifs.second_order_motifs(weights).items():
            assert row[f"motif_{name}"] == pytest.approx(value)


def test_spectra_are_a_row_per_eigenvalue_from_the_largest(connectivity):
    _, spectra = connectivity
    assert list(spectra.columns) == list(experiment_tables.SPECTRUM_COLUMNS)
    assert list(spectra.index) == list(range(5 + 7 + 4))
    for run, weights in zip(CONNECTIVITY_RUNS, connectivity_matrices(), strict=True):
        rows = spectra[spectra["structure"] == run["structure"]]
        assert rows["index"].tolist() == list(range(1, run["size"] + 1))
        moduli = sorted(np.abs(np.linalg.eigvals(weights)), reverse=True)
        assert rows["eigenvalue_modulus"].tolist() == pytest.approx(moduli)
        assert rows["singular_value"].tolist() == pytest.approx(np.linalg.svd(weights, compute_uv=False))
        for name in parameters.CONNECTIVITY_PARAMETERS:
            assert {None if pd.isna(value) else value for value in rows[name]} == {(run | OF_EVERY_TASK)[name]}
    assert spectra["connectome"].dropna().unique().tolist() == ["mine"]


FIRST_LAYERS = [
    {
        "task": "linear_20", "condition_number": 2.0, "architecture": "feedforward", "structure": "svd_truncation",
        "rank": 1, "decay_exponent": None, "matching": "frobenius", "size": 7, "gain": 0.1, "seed": 0,
    },
    {
        "task": "MNIST", "condition_number": None, "architecture": "feedforward", "structure": "gaussian",
        "rank": None, "decay_exponent": None, "matching": None, "size": 4, "gain": 1.0, "seed": 0,
    },
]  # fmt: skip


@pytest.mark.parametrize("columns", [3, 4, 9])
def test_first_layers_have_a_norm_and_singular_values_but_no_eigenvalues_and_no_motifs(columns):
    rng = np.random.default_rng(0)
    matrices = [rng.standard_normal((run["size"], columns)) for run in FIRST_LAYERS]
    table, spectra = experiment_tables.connectivity_tables(FIRST_LAYERS, matrices, {})
    assert table["task"].tolist() == ["linear_20", "MNIST"]
    assert table["condition_number"].isna().tolist() == [False, True]
    assert table["frobenius_norm"].tolist() == pytest.approx([np.linalg.norm(layer) for layer in matrices])
    assert table[["leading_eigenvalue", "density", *(f"motif_{name}" for name in motifs.MOTIFS)]].isna().all(axis=None)
    assert spectra["eigenvalue_modulus"].isna().all()
    for run, layer in zip(FIRST_LAYERS, matrices, strict=True):
        rows = spectra[spectra["task"] == run["task"]]
        expected = np.sqrt(np.clip(np.linalg.eigvalsh(layer @ layer.T), 0, None))[::-1][: min(layer.shape)]
        assert rows["singular_value"].tolist() == pytest.approx(expected.tolist())
        assert rows["index"].tolist() == list(range(1, min(layer.shape) + 1))


@pytest.mark.parametrize("with_recurrent", [False, True])
def test_types_of_first_layers_are_those_of_recurrent_weights(with_recurrent):
    rng = np.random.default_rng(0)
    runs, matrices = list(FIRST_LAYERS), [rng.standard_normal((run["size"], 3)) for run in FIRST_LAYERS]
    if with_recurrent:
        runs, matrices = runs + CONNECTIVITY_RUNS, matrices + connectivity_matrices()
    recurrent = experiment_tables.connectivity_tables(CONNECTIVITY_RUNS, connectivity_matrices(), {})
    for found, expected in zip(experiment_tables.connectivity_tables(runs, matrices, {}), recurrent, strict=True):
        pd.testing.assert_series_equal(found.dtypes, expected.dtypes)


@pytest.mark.parametrize("chosen", [[0], [1], [2], [0, 1, 2]], ids=str)
def test_types_of_initial_weights_do_not_depend_on_what_is_missing(tmp_path, chosen):
    matrices = connectivity_matrices()
    runs = [CONNECTIVITY_RUNS[place] for place in chosen]
    found = experiment_tables.connectivity_tables(runs, [matrices[place] for place in chosen], {})
    meanings = (experiment_tables.CONNECTIVITY_COLUMNS, experiment_tables.SPECTRUM_COLUMNS)
    for table, columns in zip(found, meanings, strict=True):
        expected = {name: KINDS[parameters.PARAMETERS[name].type] for name in parameters.CONNECTIVITY_PARAMETERS}
        expected |= {"connectome": "string", "index": "int64"}
        types = table.dtypes.astype(str).to_dict()
        assert types == {name: expected.get(name, "float64") for name in columns}
        parquet.save_table(tmp_path / "table.parquet", table, columns)
        pd.testing.assert_frame_equal(parquet.load_table(tmp_path / "table.parquet"), table)
        assert parquet.meanings(tmp_path / "table.parquet") == columns


def test_initial_weights_and_runs_must_be_as_many():
    with pytest.raises(ValueError, match="shorter than"):
        experiment_tables.connectivity_tables(CONNECTIVITY_RUNS, connectivity_matrices()[:2], {})
