"""Content decides which jobs run again: a new modification time alone, as after a checkout or a copy, runs none."""

import os
import shutil

from runner import Project

CONDITIONS = 6
AFTER_MEASURING = {
    "tabulate": 1, "compare_conditions": 1, "judge_claims": 1, "compare_published_values": 1,
    "plot_measures": 1, "plot_losses": 1, "plot_effects": 1, "plot_robustness": 1, "make_results_page": 1,
}  # fmt: skip


def touch(*folders):
    """Give every file of some folders the time of now, the last one the oldest of them."""
    for folder in folders:
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_file():
                os.utime(path)


def test_new_times_of_scripts_configuration_and_data_run_nothing_again(project):
    touch(*(project.folder / part for part in ("workflow", "data", "envs", "profiles")))
    for file in ("Snakefile", "config.yaml", "tiny.yaml"):
        os.utime(project.folder / file)
    assert project.jobs() == {}


def test_new_times_of_results_in_the_wrong_order_run_nothing_again(project):
    touch(project.folder / "results")  # runs become older than the trials from which they were trained
    assert project.jobs() == {}


def test_a_copy_that_keeps_no_times_runs_nothing_again(finished, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "copy", copy_function=shutil.copyfile)
    assert Project(tmp_path / "copy").jobs() == {}


def test_an_edit_of_a_script_runs_its_jobs_again_and_its_reversal_none(project):
    path = project.folder / "workflow/scripts/measure_networks.py"
    text = path.read_text()
    path.write_text(text + "# A remark.\n")
    assert project.jobs() == {"measure_condition": CONDITIONS, **AFTER_MEASURING}
    path.write_text(text)
    assert project.jobs() == {}


def test_an_edit_of_a_claim_judges_again(project):
    path = project.folder / "data/papers/liu_2024/claims.yaml"
    path.write_text(path.read_text() + "# A remark.\n")
    assert project.jobs() == {"judge_claims": 1, "make_results_page": 1}
