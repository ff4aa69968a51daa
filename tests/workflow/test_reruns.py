"""After a change only what depends on it is built again. Counts are of the tiny scale: 2 tasks x 3 ranks x 2 seeds."""

import numpy as np
import pandas as pd

from runner import new_project

RUNS = 12
SUMMARY = {"tabulate": 1, "compare_conditions": 1, "judge_claims": 1}
FIGURES = {"plot_measures": 1, "plot_losses": 1, "plot_effects": 1, "plot_robustness": 1}
LIBRARY = "workflow/scripts/richlazy"


def test_a_second_run_has_nothing_to_do(project):
    done = project.snakemake()
    assert "Nothing to be done" in done.stderr + done.stdout


def test_a_new_rank_trains_only_the_new_networks(project):
    before = project.results()
    project.configure(experiments={"figure_1": {"grid": {"rank": [1, 2, 4, 16]}}})
    assert project.run() == {
        "build_connectivity": 2, "train_network": 4, "measure_network": 4, **SUMMARY, **FIGURES,
    }  # fmt: skip
    after = project.results()
    assert all(after[name] == before[name] for name in before if name.startswith(("runs/", "trials/", "connectivity/")))
    runs = pd.read_parquet(project.folder / "results/tiny/experiments/figure_1/tables/runs.parquet")
    assert sorted(runs["rank"].unique()) == [1, 2, 4, 16] and len(runs) == 16


def test_a_new_seed_trains_only_the_new_networks(project):
    before = project.results()
    project.configure(experiments={"figure_1": {"seeds": 3}})
    assert project.run() == {
        "build_connectivity": 3, "sample_training_trials": 2, "sample_probe_trials": 2, "train_network": 6,
        "measure_network": 6, **SUMMARY, **FIGURES,
    }  # fmt: skip
    after = project.results()
    assert all(after[name] == before[name] for name in before if name.startswith("runs/"))


def test_a_changed_colour_rebuilds_figures_only(project):
    before = project.results()
    project.configure(figures={"dot_colour": "#009E73"})
    assert project.run() == FIGURES
    after = project.results()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"experiments/figure_1/figures/measures.png", "experiments/figure_1/figures/measures.pdf"}


def test_a_changed_metric_measures_again_without_training(project):
    project.edit(
        f"{LIBRARY}/measures/task_kernels.py",
        "return float(kernel.trace() / torch.linalg.eigvalsh(kernel)[-1])",
        "return 2.0 * float(kernel.trace() / torch.linalg.eigvalsh(kernel)[-1])",
    )
    before = pd.read_parquet(project.folder / "results/tiny/experiments/figure_1/tables/runs.parquet")
    jobs = project.run()
    assert jobs == {"measure_network": RUNS, **SUMMARY, **FIGURES}
    after = pd.read_parquet(project.folder / "results/tiny/experiments/figure_1/tables/runs.parquet")
    np.testing.assert_allclose(after["kernel_effective_rank"], 2 * before["kernel_effective_rank"])
    pd.testing.assert_series_equal(after["weight_change_norm"], before["weight_change_norm"])


def test_an_edit_of_the_training_loop_trains_again(project):
    project.edit(f"{LIBRARY}/training/optimisers.py", "weight.sub_(velocity", "weight.sub_( velocity")
    assert project.jobs() == {"train_network": RUNS, "measure_network": RUNS, **SUMMARY, **FIGURES}


def test_a_module_that_the_kernels_use_measures_again(project):
    project.edit(
        f"{LIBRARY}/measures/tangent_kernel.py",
        "Exact tangent kernel of one network,",
        "The exact kernel of one network,",
    )
    assert project.jobs()["measure_network"] == RUNS
    assert "train_network" not in project.jobs()


def test_a_comment_in_the_plotting_module_trains_and_measures_nothing(project):
    path = project.folder / LIBRARY / "figures/measure_figure.py"
    path.write_text(path.read_text() + "# A remark.\n")
    assert project.run() == FIGURES
    assert project.jobs() == {}


def test_a_changed_task_timing_rebuilds_that_task_only(project):
    before = project.results()
    project.configure(tasks={"CXT": {"timing_ms": {"stimulus": 300}}})
    assert project.run() == {
        "sample_training_trials": 2, "sample_probe_trials": 2, "train_network": 6, "measure_network": 6,
        **SUMMARY, **FIGURES,
    }  # fmt: skip
    after = project.results()
    for name in before:
        if name.startswith(("runs/task~2AF", "trials/task~2AF", "connectivity/")):
            assert after[name] == before[name], name
        if name.startswith("runs/task~CXT") and name.endswith("network.npz"):
            assert after[name] != before[name], name


def test_a_changed_significance_level_touches_claims_and_figures_of_effects_only(project):
    project.configure(statistics={"significance_level": 0.01})
    assert project.jobs() == {"judge_claims": 1, "plot_effects": 1, "plot_robustness": 1}


def test_a_changed_number_of_kernel_trials_measures_again(project):
    project.configure(probe={"kernel_trials": 3})
    assert project.jobs() == {"measure_network": RUNS, **SUMMARY, **FIGURES}


def test_results_are_equal_bytes_with_one_job_and_with_two(finished, tmp_path):
    alone = new_project(tmp_path / "alone")
    alone.run(cores=1)
    expected, found = finished.results(), alone.results()
    assert set(expected) == set(found)
    different = [name for name in expected if expected[name] != found[name]]
    assert different == []
