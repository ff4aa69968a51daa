"""A sweep of an option of a structure and one of a task, through the real workflow: 12 networks of 12 units."""

import pandas as pd

from richlazy.storage import parquet
from runner import new_project

OPTIONS = {
    "title": "Cell types and noise", "source": "no paper", "preset": "reproduction",
    "grid": {"task": ["mante"], "structure": ["cell_types"], "fraction": [0.02, 0.2, 0.5], "noise": [0.05, 0.5]},
    "compare": "fraction", "seeds": 2,
}  # fmt: skip
# Weights that an option of the task leaves alone have one spectrum for all of its values.
NOISES = OPTIONS | {
    "grid": {"task": ["mante"], "structure": ["cell_types"], "noise": [0.05, 0.5]}, "compare": "noise",
    "spectrum": "eigenvalues", "title": r"Signs that are {no} formula: $5 of \notacommand$, <b> and 50 %",
}  # fmt: skip
TABLES = [f"results/tiny/experiments/options/{name}.parquet" for name in (
    "tables/runs", "tables/connectivity", "statistics/trends",
)]  # fmt: skip


def test_options_of_a_structure_and_of_a_task_are_swept_to_tables_and_trends(tmp_path):
    project = new_project(tmp_path / "project")
    defaults = {"size": 12, "iterations": 3, "batch_size": 4}
    project.configure(
        experiments_to_build=["options", "noises"],
        experiments={"options": OPTIONS, "noises": NOISES},
        training={"batching": "condition"},
        tasks={"mante": {"defaults": defaults, "probe": {"trials": 6, "kernel_trials": 2}}},
    )
    jobs = project.run(*TABLES)
    # Weights are those of both noises, trials those of all fractions.
    assert {name: jobs[name] for name in ("build_connectivity", "train_condition", "measure_condition")} == {
        "build_connectivity": 6, "train_condition": 6, "measure_condition": 6,
    }  # fmt: skip
    assert jobs["sample_training_trials"] == jobs["sample_probe_trials"] == 4

    runs, connectivity, trends = (pd.read_parquet(project.folder / table) for table in TABLES)
    assert set(runs["task"]) == {"mante"} and set(runs["structure"]) == {"cell_types"}
    assert str(runs["fraction"].dtype) == str(runs["noise"].dtype) == "Float64"
    assert runs.groupby(["fraction", "noise"])["seed"].apply(sorted).tolist() == [[0, 1]] * 6
    # The values of the entries themselves are no part of a path: these runs are those without a sweep.
    own = runs[(runs["fraction"] == 0.02) & (runs["noise"] == 0.05)]
    assert own["run"].str.startswith("task~mante/structure~cell_types+matching~frobenius/").all()
    other = runs[(runs["fraction"] == 0.5) & (runs["noise"] == 0.5)]
    assert other["run"].str.startswith("task~mante+noise~0.5/structure~cell_types+fraction~0.5+matching~").all()
    assert runs["run"].is_unique and runs["kernel_alignment"].notna().all()

    meanings = parquet.meanings(project.folder / TABLES[0])
    assert meanings["fraction"] == "Share of hyperexcitable units of cell_type_blocks (alpha)."
    assert "noise" in meanings["noise"].lower()
    assert parquet.meanings(project.folder / TABLES[2])["noise"] == meanings["noise"]

    assert sorted(connectivity["fraction"]) == [0.02, 0.02, 0.2, 0.2, 0.5, 0.5] and "noise" in connectivity
    assert connectivity.groupby("fraction")["frobenius_norm"].nunique().eq(2).all()  # that of the draw of each seed
    for _, of_seed in connectivity.groupby("seed"):
        assert of_seed["leading_eigenvalue"].nunique() == 3
        assert of_seed["frobenius_norm"].round(9).nunique() == 1

    assert set(trends["noise"]) == {0.05, 0.5} and "fraction" not in trends
    assert trends.loc[trends["measure"] == "kernel_alignment", "n"].tolist() == [2, 2]

    drawn = project.run("results/tiny/experiments/noises/figures/measures.png")
    assert drawn == {"tabulate": 1, "tabulate_connectivity": 1, "plot_measures": 1}

    # A finer sweep builds what is new; an edit of another structure builds no weights of these.
    project.configure(experiments={"options": {"grid": {"fraction": [0.02, 0.2, 0.35, 0.5]}}})
    assert project.jobs(TABLES[0])["train_condition"] == 2
    project.configure(experiments={"options": {"grid": {"fraction": [0.02, 0.2, 0.5]}}})
    library = "workflow/scripts/richlazy/connectivity"
    project.edit(f"{library}/dale.py", "Purely excitatory", "Only excitatory")
    assert "build_connectivity" not in project.jobs(TABLES[0])
    project.edit(f"{library}/cell_types.py", "A few hyperexcitable", "Some hyperexcitable")
    assert project.jobs(TABLES[0])["build_connectivity"] == 6
