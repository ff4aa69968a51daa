"""After a change only what depends on it is built again. Counts are of the tiny scale: 2 tasks x 3 ranks x 2 seeds."""

import shutil
import sys

import numpy as np
import pandas as pd

from runner import CONTENT_DECIDES, TINY, call, job_counts, new_project

# Networks, and conditions of two seeds each.
RUNS, CONDITIONS = 12, 6
TABLE = "results/tiny/experiments/figure_1/tables/runs.parquet"
SUMMARY = {"tabulate": 1, "compare_conditions": 1, "judge_claims": 1, "compare_published_values": 1}
SUMMARY |= (PAGE := {"make_results_page": 1})
FIGURES = {"plot_measures": 1, "plot_losses": 1, "plot_effects": 1, "plot_robustness": 1}
LIBRARY = "workflow/scripts/richlazy"


def networks(project, *parts):
    """Trained networks whose paths have some parts, as targets."""
    paths = sorted(path for path in project.results() if path.startswith("runs/") and path.endswith("network.npz"))
    return [f"results/tiny/{path}" for path in paths if all(part in path for part in parts)]


def test_a_second_run_has_nothing_to_do(project):
    done = project.snakemake()
    assert "Nothing to be done" in done.stderr + done.stdout


def test_jobs_that_start_cold_give_the_bytes_of_those_that_start_warm(finished, project):
    """Other processes with other hash seeds: as a user starts them, where other tests use ``runner.warm_python``."""
    [network] = networks(project, "task~2AF", "rank~4", "seed~1")
    measures = network.replace("network.npz", "measures.json")
    shutil.rmtree(project.folder / "results")
    command = [sys.executable, "-m", "snakemake", "--configfile", "tiny.yaml", "--workflow-profile", "none"]
    done = call([*command, "--cores", "2", *CONTENT_DECIDES, measures], project.folder)
    assert job_counts(done.stderr) == dict.fromkeys(
        ("build_connectivity", "sample_training_trials", "sample_probe_trials", "train_network"), 2
    ) | {"measure_condition": 1}
    made, expected = project.results(), finished.results()
    assert len(made) > 8 and all(made[name] == expected[name] for name in made)


def test_a_new_rank_trains_only_the_new_networks(project):
    before = project.results()
    project.configure(experiments={"figure_1": {"grid": {"rank": [1, 2, 4, 16]}}})
    assert project.run() == {
        "build_connectivity": 2, "train_network": 4, "measure_condition": 2, **SUMMARY, **FIGURES,
    }  # fmt: skip
    after = project.results()
    assert all(after[name] == before[name] for name in before if name.startswith(("runs/", "trials/", "connectivity/")))
    runs = pd.read_parquet(project.folder / TABLE)
    assert sorted(runs["rank"].unique()) == [1, 2, 4, 16] and len(runs) == 16


def test_a_new_seed_trains_only_the_new_networks(project):
    before = project.results()
    project.configure(experiments={"figure_1": {"seeds": 3}})
    assert project.run() == {
        "build_connectivity": 3, "sample_training_trials": 2, "sample_probe_trials": 2, "train_network": 6,
        "measure_condition": 6, **SUMMARY, **FIGURES,
    }  # fmt: skip
    after = project.results()
    assert all(after[name] == before[name] for name in before if name.startswith("runs/"))


def test_networks_are_asked_what_they_did_not_see_without_training(project):
    before = project.results()
    plain = pd.read_parquet(project.folder / TABLE)
    own = ["unseen_timing_loss_rise", "unseen_noise_loss_rise", "unseen_noise_accuracy_fall"]
    project.configure(experiments={"figure_1": {"unseen": True, "measures": own}})
    done = project.run()
    probes = done.pop("sample_probe_trials")
    assert done == {"ask_unseen": RUNS, **SUMMARY, **FIGURES}
    after = project.results()
    assert all(after[name] == before[name] for name in before if name.startswith(("runs/", "trials/", "connectivity/")))
    new = {name for name in after if name not in before and name.endswith("probe.npz")}
    assert len(new) == probes and all("+unseen~" in name for name in new)
    runs = pd.read_parquet(project.folder / TABLE)
    pd.testing.assert_frame_equal(runs[plain.columns], plain)
    assert all(runs[name].notna().all() for name in own)


def test_solutions_are_compared_in_pairs_of_seeds_without_training(project):
    before = project.results()
    plain = pd.read_parquet(project.folder / TABLE)
    own = ["dynamical_distance", "weight_distance", "answer_distance"]
    project.configure(experiments={"figure_1": {"solutions": True, "measures": own}})
    assert project.run() == {"compare_solutions": RUNS // 2, **SUMMARY, **FIGURES}
    after = project.results()
    assert all(after[name] == before[name] for name in before if name.startswith(("runs/", "trials/", "connectivity/")))
    runs = pd.read_parquet(project.folder / TABLE)
    pd.testing.assert_frame_equal(runs[plain.columns], plain)
    assert all((runs[name].notna() == (runs["seed"] == 0)).all() for name in own)
    assert all((runs[name].dropna() > 0).all() for name in own)


def test_a_changed_colour_rebuilds_figures_only(project):
    before = project.results()
    project.configure(figures={"dot_colour": "#009E73"})
    assert project.run() == {"plot_measures": 1, "plot_trials": 2} | PAGE  # the other figures have no dots
    after = project.results()
    changed = {name for name in before if after[name] != before[name] and not name.endswith(".made")}
    figures = "experiments/figure_1/figures/measures", "tasks/2AF/figures/trials", "tasks/CXT/figures/trials"
    assert changed == {f"{figure}.{suffix}" for figure in figures for suffix in ("png", "pdf")}


def test_a_changed_metric_measures_again_without_training(project):
    project.edit(
        f"{LIBRARY}/measures/task_kernels.py",
        "return float(kernel.trace() / torch.linalg.eigvalsh(kernel)[-1])",
        "return 2.0 * float(kernel.trace() / torch.linalg.eigvalsh(kernel)[-1])",
    )
    before = pd.read_parquet(project.folder / TABLE)
    assert project.run() == {"measure_condition": CONDITIONS, **SUMMARY, **FIGURES}
    after = pd.read_parquet(project.folder / TABLE)
    np.testing.assert_allclose(after["kernel_effective_rank"], 2 * before["kernel_effective_rank"])
    pd.testing.assert_series_equal(after["weight_change_norm"], before["weight_change_norm"])


def test_an_edit_of_the_training_loop_trains_again(project):
    project.edit(f"{LIBRARY}/training/optimisers.py", "weight.sub_(velocity", "weight.sub_( velocity")
    assert project.jobs() == {"train_network": RUNS, "measure_condition": CONDITIONS, **SUMMARY, **FIGURES}


def test_a_pack_is_made_again_when_its_networks_are_by_other_code(project):
    """Their bytes are equal, and their certificates, which it has as well, are not."""
    pack = "results/tiny/artefacts/figure_1.zip"
    project.run(pack)
    project.edit(f"{LIBRARY}/training/optimisers.py", "weight.sub_(velocity", "weight.sub_( velocity")
    assert project.run(*networks(project)) == {"train_network": RUNS}
    assert project.jobs(pack) == {"pack_experiment": 1}


def test_a_module_that_the_kernels_use_measures_again(project):
    project.edit(
        f"{LIBRARY}/measures/tangent_kernel.py",
        "Exact tangent kernel of one network,",
        "The exact kernel of one network,",
    )
    assert project.jobs()["measure_condition"] == CONDITIONS
    assert "train_network" not in project.jobs()


def test_a_comment_in_the_plotting_module_trains_and_measures_nothing(project):
    style, measures = (project.folder / LIBRARY / f"figures/{name}.py" for name in ("figure_style", "measure_figure"))
    style.write_text(style.read_text() + "# A remark.\n")
    assert project.run() == FIGURES | PAGE | {"plot_trials": 2}
    measures.write_text(measures.read_text() + "# A remark.\n")
    assert project.jobs() == {"plot_measures": 1} | PAGE


def test_a_changed_task_timing_rebuilds_that_task_only(project):
    before = project.results()
    project.configure(tasks={"CXT": {"timing_ms": {"stimulus": 300}}})
    assert project.run() == {
        "sample_training_trials": 2, "sample_probe_trials": 2, "train_network": 6, "measure_condition": 3,
        "plot_trials": 1, **SUMMARY, **FIGURES,
    }  # fmt: skip
    after = project.results()
    for name in before:
        if name.startswith(("runs/task~2AF", "trials/task~2AF", "connectivity/")):
            assert after[name] == before[name], name
        if name.startswith("runs/task~CXT") and name.endswith("network.npz"):
            assert after[name] != before[name], name


def test_a_changed_significance_level_touches_statistics_claims_and_figures_of_effects_only(project):
    project.configure(statistics={"significance_level": 0.01})
    assert project.jobs() == {
        "compare_conditions": 1, "judge_claims": 1, "plot_effects": 1, "plot_robustness": 1, **PAGE,
    }  # fmt: skip


def test_a_changed_bound_of_negligible_effects_judges_alone(project):
    project.configure(statistics={"negligible_tau": 0.3})
    assert project.jobs() == {"judge_claims": 1} | PAGE


def test_a_changed_number_of_kernel_trials_measures_again(project):
    project.configure(probe={"kernel_trials": 3})
    assert project.jobs() == {"measure_condition": CONDITIONS, **SUMMARY, **FIGURES}


def test_a_changed_number_of_probe_trials_samples_and_measures_again(project):
    project.configure(probe={"trials": 1 + TINY["probe"]["trials"]})
    jobs = project.jobs()
    assert jobs.pop("plot_trials") == 2
    assert jobs == {"sample_probe_trials": 4, "measure_condition": CONDITIONS, **SUMMARY, **FIGURES}


def test_measures_of_another_network_are_refused_and_made_again(finished, project):
    """Two intact records that were swapped, as a careless copy does."""
    swapped = [project.folder / networks(project, "task~2AF", "rank~4", seed)[0] for seed in ("seed~0", "seed~1")]
    one, other = (path.with_name("measures.json") for path in swapped)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    refused = project.snakemake(check=False)
    assert refused.returncode != 0
    assert f"{one.relative_to(project.folder)} is damaged (it is not the file that was made there)" in refused.stderr
    one.unlink()
    other.unlink()
    assert project.run()["measure_condition"] == 1
    assert project.results() == finished.results()


def test_results_are_equal_bytes_with_one_job_and_with_two(finished, tmp_path):
    alone = new_project(tmp_path / "alone")
    alone.run(cores=1)
    expected, found = finished.results(), alone.results()
    assert set(expected) == set(found)
    different = [name for name in expected if expected[name] != found[name]]
    assert different == []
