"""Results that were not made here are not believed: they are refused, or adopted where the plan would make the same."""

import os
import re
import shutil

import pytest

from runner import Project, built_once, call, new_project, warm_python

# Networks, and conditions of two seeds each.
RUNS, CONDITIONS = 4, 2
NETWORKS = {"train_network": RUNS, "measure_condition": CONDITIONS}
SUMMARY = {
    "tabulate": 1, "compare_conditions": 1, "judge_claims": 1, "compare_published_values": 1,
    "plot_measures": 1, "plot_losses": 1, "plot_effects": 1, "plot_robustness": 1, "plot_trials": 1,
    "make_results_page": 1,
}  # fmt: skip
RESULTS = "results/tiny"
CLAIMS = f"{RESULTS}/claims.md"  # needs all but the figures


def build(folder):
    project = new_project(folder)
    project.configure(experiments={"figure_1": {"grid": {"task": ["2AF"], "rank": [1, 16]}}})
    project.run()


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A smaller finished project than that of the other tests; tests must not change it."""
    return Project(built_once(tmp_path_factory, "finished_small", build))


def files(project, pattern="**/*"):
    """Results that match a pattern, in order; not logs, timings and certificates."""
    found = (path for path in project.folder.glob(f"{RESULTS}/{pattern}") if path.is_file() and path.name[0] != ".")
    return sorted(path for path in found if path.relative_to(project.folder).parts[2] not in ("logs", "benchmarks"))


def certificate(path):
    return path.with_name(f".{path.name}.made")


def script(project, name, *arguments):
    return call([warm_python(), f"workflow/scripts/{name}", *arguments], project.folder)


def refusal(project, *arguments):
    """What Snakemake says where it refuses to start, on one line."""
    done = project.snakemake(*arguments, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("what", [("--dry-run",), (), ("--touch",), ("figure_1", "-n"), ("--summary",)])
def test_results_that_snakemake_does_not_remember_are_refused(project, what):
    project.forget()
    said = refusal(project, *what)
    assert f"{len(files(project))} files of {RESULTS} were not made here" in said
    assert "adopt_results.py" in said


def test_a_folder_that_is_locked_can_be_unlocked_whatever_is_in_it(project):
    project.forget()
    project.snakemake("--unlock")


def test_adopted_results_run_nothing_again_and_are_remembered(project):
    before = project.results()
    project.forget()
    assert project.adopt() == f"As the plan would make them, and marked as done: {len(files(project))} files.\n"
    assert project.results() == before
    assert list(project.folder.glob(".snakemake/locks/*")) == []
    assert project.jobs() == {}
    project.configure(statistics={"confidence_level": 0.9})
    assert project.jobs() == {
        "compare_conditions": 1, "plot_effects": 1, "plot_robustness": 1, "judge_claims": 1,
        "compare_published_values": 1, "make_results_page": 1,
    }  # fmt: skip


def test_a_dry_run_of_adopting_tells_and_does_nothing(project):
    path = files(project, "runs/**/network.npz")[0]
    certificate(path).unlink()
    project.forget()
    before = project.results()
    said = project.adopt("--dry-run", "--prove", "1")
    assert "because of no certificate: 2 files" in said
    assert project.results() == before
    assert "were not made here" in refusal(project, "-n")


def test_intermediate_files_that_were_deleted_are_not_missed(project):
    for path in files(project, "trials/**/inputs.npy"):
        path.unlink()
    (project.folder / f"{RESULTS}/claims.md").unlink()
    assert project.run() == {"judge_claims": 1, "make_results_page": 1}
    assert files(project, "trials/**/inputs.npy") == []
    project.assert_adopts_itself()


def test_a_copy_of_the_results_alone_is_adopted_without_training(finished, tmp_path):
    fresh = finished.copy(tmp_path / "fresh")
    shutil.rmtree(fresh.folder / "results")
    fresh.forget()
    shutil.copytree(finished.folder / "results", fresh.folder / "results", copy_function=shutil.copyfile)
    assert "To be made again" not in fresh.adopt()
    assert fresh.jobs() == {}


def test_results_whose_trials_were_made_again_are_adopted_though_too_large_for_checksums(project):
    for path in files(project, "trials/**/inputs.npy"):
        os.utime(path)
    project.forget()
    assert "To be made again" not in project.adopt()
    assert project.jobs("--max-checksum-file-size", "0") == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tasks": {"2AF": {"timing_ms": {"stimulus": 300}}}}, "other parameters"),
        ({"probe": {"trials": 21}}, "other parameters"),
        ({"statistics": {"significance_level": 0.4}}, "other parameters (settings.significance_level"),
        ({"training": {"divergence_loss": 77.0}}, "other parameters (settings.divergence_loss)"),
        ({"experiments": {"figure_1": {"grid": {"rank": [1, 4]}}}}, "other inputs"),
    ],
)
def test_a_change_of_the_configuration_after_the_loss_is_named_and_made_again(project, change, reason):
    project.configure(**change)
    expected = project.jobs()
    project.forget()
    said = project.adopt()
    assert reason in said
    assert project.jobs() == expected
    assert ("Of no job of this plan" in said) == ("experiments" in change)


def test_what_was_made_again_is_what_a_project_makes_that_forgot_nothing(project, tmp_path):
    change = {"tasks": {"2AF": {"timing_ms": {"stimulus": 300}}}, "statistics": {"significance_level": 0.4}}
    project.configure(**change)
    other = project.copy(tmp_path / "other")
    other.forget()
    other.adopt()
    assert project.run(CLAIMS) == other.run(CLAIMS)
    assert project.results() == other.results()
    assert other.jobs(CLAIMS) == {}


def swap(first, second):
    rest = first.with_name("rest")
    first.rename(rest)
    second.rename(first)
    rest.rename(second)


@pytest.mark.parametrize("with_certificates", [False, True])
def test_networks_of_two_seeds_that_changed_places_are_refused_by_their_readers_and_found(project, with_certificates):
    pair = files(project, "runs/**/network.npz")[:2]
    swap(*pair)
    if with_certificates:
        swap(*map(certificate, pair))
    for path in pair:
        os.utime(path)
        path.with_name("measures.json").unlink()
    shutil.rmtree(project.folder / f"{RESULTS}/experiments")
    said = refusal(project, "--keep-going")
    if with_certificates:  # whose recipes are compared before any job starts
        assert "The files of 2 jobs are not what this plan would make" in said
    else:
        assert f"{pair[0].relative_to(project.folder)} is damaged" in said
    check = script(project, "check_results.py", RESULTS)
    assert check.returncode == 1
    assert "2 files found" in check.stdout


def test_copies_of_another_seed_are_found_and_made_again(project):
    before = project.results()
    for name in ("network.npz", "recurrent_initial.npy", "measures.json", "history.json", "probe.npz"):
        first, *_, last = files(project, f"**/{name}")
        shutil.copy2(last, first)
    project.forget()
    assert "content that is not theirs" in project.adopt()
    project.run()
    assert project.results() == before


def test_results_that_are_moved_elsewhere_and_linked_are_adopted(project, tmp_path):
    for number, path in enumerate(files(project)):
        os.utime(path, (path.stat().st_atime - 60, path.stat().st_mtime - 60))
        place = path.rename(tmp_path / f"{number}{path.suffix}")
        path.symlink_to(place)
    project.forget()
    assert "To be made again" not in project.adopt()
    assert project.jobs() == {}


def test_old_results_that_are_copied_over_new_ones_are_refused_and_made_again(project, tmp_path):
    old = project.copy(tmp_path / "old")
    os.utime(old.folder / "tiny.yaml")
    for path in (old.folder / "results").rglob("*"):
        times = path.stat()
        os.utime(path, (times.st_atime - 60, times.st_mtime - 60))
    project.configure(probe={"trials": 21})
    project.run(CLAIMS)
    expected = project.results()
    run = files(old, "runs/**/measures.json")[0].parent
    here = project.folder / run.relative_to(old.folder)
    shutil.copytree(run, here, dirs_exist_ok=True)  # keeps its times
    assert "older ones took their place" in refusal(project, "-n")
    assert "other inputs" in project.adopt()
    project.run(CLAIMS)
    assert project.results() == expected


def test_old_results_with_new_times_stop_the_next_run_before_any_job(project, tmp_path):
    old = project.copy(tmp_path / "old")
    project.configure(probe={"trials": 21})
    project.run(CLAIMS)
    run = files(old, "runs/**/measures.json")[0].parent
    here = project.folder / run.relative_to(old.folder)
    shutil.copytree(run, here, dirs_exist_ok=True, copy_function=shutil.copyfile)
    (project.folder / f"{RESULTS}/claims.md").unlink()
    for options in ((), ("--touch",)):
        said = refusal(project, *options, "--rerun-triggers", "params")
        assert "No job was started" in said
        assert "measures.json: other inputs (decision, description, probe)" in said


def test_results_without_certificates_are_adopted_only_with_proof(project):
    before = project.results()
    for path in project.folder.glob(f"{RESULTS}/**/.*.made"):
        path.unlink()
    assert "No job was started" in refusal(project, "--forcerun", "judge_claims")
    project.forget()
    number = len(files(project))
    assert "marked as done: 0 files" in (said := project.adopt())
    assert f"To be made again, because of no certificate: {number} files." in said
    said = project.adopt("--prove", "1")
    assert re.match(r"Measures of 1 network were made again, with all on the way to them: (\d+) of \1 files", said)
    assert project.jobs() == SUMMARY
    project.run()
    after = project.results()
    assert {name for name in before if ".made" not in name and after[name] != before[name]} == set()
    assert "To be made again" not in project.adopt()
    assert not (project.folder / "results/proof_of_adoption").exists()


def test_proof_takes_the_files_that_are_there_of_jobs_that_were_stopped(project):
    before = project.results()
    project.configure(training={"batching": "condition"})
    for path in project.folder.glob(f"{RESULTS}/**/.*.made"):
        path.unlink()
    for path in files(project, "runs/**/seed~1/measures.json"):
        path.unlink()
    project.forget()
    assert "were made again" in project.adopt("--prove", "1")
    project.run()
    assert project.results().keys() == before.keys()


def test_proof_fails_where_the_configuration_is_another_one(project):
    for path in project.folder.glob(f"{RESULTS}/**/.*.made"):
        path.unlink()
    project.configure(tasks={"2AF": {"timing_ms": {"stimulus": 300}}})
    project.forget()
    said = project.adopt("--prove", "1")
    assert "measures.json differs by" in said
    assert "marked as done: 0 files" in said


def test_results_of_other_code_are_named_and_adopted_with_proof(project):
    path = project.folder / "workflow/scripts/richlazy/training/optimisers.py"
    path.write_text(path.read_text() + "# A remark.\n")
    project.forget()
    said = project.adopt("results/tiny/claims.md")
    assert "other code (richlazy/training/optimisers.py)" in said
    assert project.jobs() == NETWORKS | SUMMARY
    project.adopt("--prove", "1", "--", "results/tiny/claims.md")
    assert set(project.jobs()) <= set(SUMMARY)


def test_networks_that_are_asked_for_a_new_measure_are_adopted_and_measured_again(project):
    theme = project.folder / "workflow/scripts/richlazy/measures/change_spectrum.py"
    theme.write_text(
        theme.read_text()
        + """

@measure("number_of_units", unit="units", meaning="units of the network")
def number_of_units(network: ProbedNetwork) -> float:
    \"\"\"No paper has it.\"\"\"
    return float(len(network.after.structured))
"""
    )
    loop = project.folder / "workflow/scripts/richlazy/training/loop.py"
    loop.write_text(loop.read_text() + "\n# edited\n")
    project.forget()
    said = project.adopt("--prove", "1", "--", "results/tiny/claims.md")
    assert "measures.json has more entries now; all of its kind are made again" in said
    jobs = project.jobs(CLAIMS)
    assert "train_network" not in jobs and jobs["measure_condition"] == CONDITIONS


def test_results_of_conditions_in_one_job_are_adopted_by_jobs_of_single_networks(project):
    project.configure(training={"batching": "condition"})
    project.forget()
    said = project.adopt()
    # The page of results says how networks are trained.
    assert said.count("To be made again") == 1 and "because of other parameters (methods.training): 2 files" in said
    assert project.jobs().keys() <= {"make_results_page", "total"}


def test_nothing_is_adopted_while_snakemake_runs(project):
    project.forget()
    locks = project.folder / ".snakemake/locks"
    locks.mkdir(parents=True)
    outputs = "\n".join(str(path.relative_to(project.folder)) for path in files(project))
    (locks / "0.output.lock").write_text(outputs)
    done = script(project, "adopt_results.py", "--configfile", "tiny.yaml", "--cores", "1")
    assert done.returncode != 0
    assert "lock" in done.stderr.lower()
    assert "Traceback" not in done.stderr
