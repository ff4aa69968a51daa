"""What the rules ask of the plan, without Snakemake: files, parameters and needs by the wildcards of a job."""

import copy
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import shipped
from richlazy.configuration import checks
from richlazy.experiments import grids, paths, rate_network_jobs, unseen_probes
from richlazy.experiments.data_plan import DataPlan
from richlazy.experiments.network_plan import JobsOfKind, RunPlan
from richlazy.experiments.plan import Plan
from richlazy.experiments.result_files import ResultFiles
from richlazy.experiments.shared_plan import SharedPlan
from richlazy.models.registry import MODELS
from runner import merged

ROOT = Path(__file__).parents[3]
CONFIG = merged(shipped.CONFIG, yaml.safe_load((ROOT / "tests/configs/every_figure.yaml").read_text()))
SOURCES = yaml.safe_load((ROOT / "data/sources.yaml").read_text())


def planned(**changes):
    """Plan of every figure at the scale of seconds, with changes of the configuration."""
    config = merged(copy.deepcopy(CONFIG), changes)
    selected = checks.selected(config)
    return Plan(config | unseen_probes.with_variants(config, selected), selected, SOURCES)


PLAN = planned()
SHARED, ONE, RESULTS = SharedPlan(PLAN), RunPlan(PLAN), ResultFiles(PLAN)
DATA = DataPlan(PLAN, own_file=lambda path: f"own/{path}")
CONDITIONS = {"training": {"batching": "condition"}}
OTHER_SEEDS = {"figure_2": {"seeds": 3}, "figure_14_linear": {"seeds": [0]}, "figure_15": {"seeds": [0, 2]}}
PLANS = {"networks": PLAN, "conditions": planned(**CONDITIONS)}
PLANS |= {"conditions of other seeds": planned(**CONDITIONS, experiments=OTHER_SEEDS)}
STAGES = {f"training {way}": (plan, plan.training_jobs) for way, plan in PLANS.items()}
STAGES["measuring"] = (PLAN, PLAN.measuring_jobs)
JOBS = [(stage, kind) for stage, (_, jobs) in STAGES.items() for kind in jobs]


def of(**wildcards):
    return SimpleNamespace(**wildcards)


# Runs and experiments


def test_scales_have_folders_of_their_own():
    assert PLAN.results == "results/tiny"
    assert planned(scale="paper", experiments_to_build=["figure_1"]).results == "results"


def test_equal_runs_of_several_experiments_are_one_entry():
    listed = [run for runs in PLAN.experiment_runs.values() for run in runs]
    assert len(PLAN.all_runs) == len({paths.run_path(run) for run in listed}) < len(listed)


def test_networks_of_other_models_share_no_stage_of_rate_networks():
    assert set(PLAN.all_runs) - set(PLAN.runs) == {
        path for path, run in PLAN.all_runs.items() if MODELS[run["architecture"]].folder != "runs"
    }
    for table in (PLAN.connectivities, PLAN.probes, PLAN.batches):
        assert {run["architecture"] for run in table.values()} <= {"recurrent", "feedforward"}


@pytest.mark.parametrize("experiment", PLAN.selected)
def test_files_of_an_experiment_stand_in_the_order_of_its_runs(experiment):
    wildcards = of(experiment=experiment)
    folders = [str(Path(file).parent) for file in PLAN.measures_of_runs(wildcards)]
    model = PLAN.model[experiment]
    assert folders == [f"results/tiny/{model.folder}/{path}" for path in PLAN.paths_of_runs(wildcards)]
    assert folders == [str(Path(file).parent) for file in PLAN.histories_of_runs(wildcards)]
    assert len(folders) == len(PLAN.experiment_runs[experiment])
    assert experiment in PLAN.experiments_of(model)


@pytest.mark.parametrize("experiment", [name for name in PLAN.selected if PLAN.model[name].folder == "runs"])
def test_initial_weights_of_an_experiment_are_those_from_which_its_runs_start(experiment):
    wildcards = of(experiment=experiment)
    files, parameters = PLAN.initial_weights(wildcards), PLAN.initial_weight_parameters(wildcards)
    assert len(files) == len(set(files)) == len(parameters)
    runs = PLAN.experiment_runs[experiment]
    for file, chosen in zip(files, parameters, strict=True):
        layer = "input" if chosen["architecture"] == "feedforward" else "recurrent"
        folder = f"{PLAN.results}/connectivity/"
        start = file.removeprefix(folder).removesuffix(f"/{layer}_initial.npy")
        same = [run for run in runs if paths.connectivity_path(run) == start]
        assert same and any(chosen.items() <= run.items() for run in same)
    assert {paths.connectivity_path(run) for run in runs} == {
        str(Path(file).parent).removeprefix(f"{PLAN.results}/connectivity/") for file in files
    }


def test_followed_runs_are_those_of_the_seeds_that_an_experiment_names():
    name = next(name for name in PLAN.selected if PLAN.config["experiments"][name].get("follow"))
    seeds = PLAN.config["experiments"][name]["follow"]["seeds"]
    expected = [paths.run_path(run) for run in PLAN.experiment_runs[name] if run["seed"] in seeds]
    found = PLAN.followed_runs(of(experiment=name))
    assert found == [f"{PLAN.results}/runs/{path}/followed.json" for path in expected] != []


def test_tables_of_solutions_are_told_the_pairs_whose_files_they_read():
    plan = planned(experiments={"figure_1": {"solutions": True}})
    wildcards, network = of(experiment="figure_1"), "{}/runs/{}/network.npz"
    pairs = plan.tabulating(wildcards)["pairs"]
    assert plan.solutions_of_runs(wildcards) == [f"{plan.results}/runs/{path}/solutions.json" for path in pairs] != []
    for first, second in pairs.items():
        assert RunPlan(plan).network_of_next_seed(of(run=first)) == network.format(plan.results, second)
        assert plan.runs[second] == plan.runs[first] | {"seed": 1}
    assert "pairs" not in PLAN.tabulating(wildcards) and PLAN.solutions_of_runs(wildcards) == []


def test_networks_that_are_asked_what_they_did_not_see_have_probes_of_variants_of_their_task():
    plan = planned(experiments={"figure_1": {"unseen": True}})
    wildcards, asking = of(experiment="figure_1"), RunPlan(plan)
    asked = plan.tabulating(wildcards)["unseen"]
    assert asked == plan.paths_of_runs(wildcards)
    assert plan.unseen_of_runs(wildcards) == [f"{plan.results}/runs/{path}/unseen.json" for path in asked] != []
    for path in asked:
        run, names = plan.runs[path], list(plan.config["tasks"][plan.runs[path]["task"]]["unseen"])
        own, *others = asking.probes_asked_of_run(of(run=path))
        assert own == asking.probe_of_run(of(run=path)) and asking.different_of_run(of(run=path)) == names
        for what, other in zip(names, others, strict=True):
            assert other == own.replace(f"task~{run['task']}", f"task~{run['task']}+unseen~{what}")
            folder = other.removeprefix(f"{plan.results}/trials/").removesuffix("/probe.npz")
            _, entry, parameters = SharedPlan(plan).probe_trials(of(probe=folder))
            assert entry["timing_ms"] | entry.get("arguments", {}) != plan.config["tasks"][run["task"]]["timing_ms"]
            assert "unseen" not in entry and parameters["seed"] == run["seed"]
    assert not any("unseen" in task for task in plan.pictured)
    assert "unseen" not in PLAN.tabulating(wildcards) and PLAN.unseen_of_runs(wildcards) == []


# Jobs of networks


def held_by(stage, kind):
    """The plan, what the jobs of a kind hold, and the same as the rules have it."""
    plan, jobs = STAGES[stage]
    return plan, jobs[kind], JobsOfKind(plan, jobs[kind])


@pytest.mark.parametrize(("stage", "kind"), JOBS)
def test_the_networks_of_a_kind_of_job_fit_its_pattern_and_no_other_one(stage, kind):
    _, held, of_rules = held_by(stage, kind)
    # As in the files of an output.
    own = [re.compile(f"(?:{of_rules.pattern}){member}/network.npz") for member in held.members]
    for other in STAGES[stage][1].values():
        if other.model.folder != held.model.folder:
            continue
        files = [f"{folder}{member}/network.npz" for folder in other.folders for member in other.members]
        assert all(any(pattern.fullmatch(file) for pattern in own) == (other is held) for file in files)


@pytest.mark.parametrize("stage", STAGES)
def test_each_network_is_in_one_job_and_each_job_has_a_place_of_its_own(stage):
    plan, jobs = STAGES[stage]
    networks = [folder + member for held in jobs.values() for folder in held.folders for member in held.members]
    assert sorted(networks) == sorted(plan.all_runs)
    places = [JobsOfKind(plan, held).place.format(networks=one) for held in jobs.values() for one in held.folders]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(("stage", "kind"), JOBS)
def test_a_job_reads_and_writes_a_file_for_each_of_its_networks(stage, kind):
    plan, held, jobs = held_by(stage, kind)
    wildcards = of(networks=held.folders[0])
    runs = jobs.runs(wildcards)
    written = [file.format(networks=held.folders[0]) for file in jobs.network]
    assert written == [f"{plan.results}/{jobs.model.folder}/{paths.run_path(run)}/network.npz" for run in runs]
    assert len(jobs.history) == len(jobs.measures) == len(runs)
    named = [*jobs.training_inputs(wildcards).values(), *jobs.measuring_inputs(wildcards).values()]
    assert {len(files) for files in named} <= {0, 1, len(runs)}
    assert all(file.startswith(f"{plan.results}/") for files in named for file in files)
    once, again = (jobs.training_mb(wildcards, attempt) for attempt in (1, 2))
    assert again == 2 * once > 0 and jobs.training_minutes(wildcards, 1) > 0
    assert jobs.measuring_mb(wildcards, 2) == 2 * jobs.measuring_mb(wildcards, 1) > 0
    assert jobs.measuring_minutes(wildcards, 1) > 0


@pytest.mark.parametrize(("stage", "kind"), JOBS)
def test_training_is_told_what_to_keep_of_those_networks_alone_that_are_followed_or_matched(stage, kind):
    plan, held, jobs = held_by(stage, kind)
    levels = {"shared_loss": "shared_excess", "convergence": "converged_excess"}
    excess = {name: plan.config["training"][key] for name, key in levels.items()}
    for folder in held.folders:
        wildcards = of(networks=folder)
        for told, run in zip(jobs.runs_to_train(wildcards), jobs.runs(wildcards), strict=True):
            path = paths.run_path(run)
            followed = {"snapshot_at": plan.followed[path]} if path in plan.followed else {}
            assert told == run | followed | ({"excess_levels": excess} if path in plan.matched else {})


def test_networks_that_learn_from_noise_are_trained_on_the_cpu_whatever_the_device():
    devices = {}
    for device in ("cpu", "cuda"):
        config = CONFIG | {"training": CONFIG["training"] | {"device": device}}
        run = grids.runs(CONFIG, "rules_perturbation")[0]
        for rule in ("backpropagation", "node_perturbation"):
            settings = rate_network_jobs.training_settings(config, [run | {"rule": rule}])
            devices[rule, device] = settings["device"]
    assert devices == {
        ("backpropagation", "cpu"): "cpu", ("node_perturbation", "cpu"): "cpu",
        ("backpropagation", "cuda"): "cuda", ("node_perturbation", "cuda"): "cpu",
    }  # fmt: skip


def test_networks_that_are_matched_are_measured_at_each_level_too():
    alone, matched = (
        next(run for path, run in PLAN.runs.items() if (path in PLAN.matched) == is_matched and run["task"] == "2AF")
        for is_matched in (False, True)
    )
    jobs = JobsOfKind(PLAN, PLAN.training_jobs["network"])
    for run, times in ((alone, 1), (matched, 3)):
        wildcards = of(networks=paths.run_path(run))
        minutes = rate_network_jobs.measuring_need(PLAN.config, [run], 1)[1]
        assert jobs.measuring_minutes(wildcards, 1) == times * minutes
        assert jobs.seconds(wildcards)[1] == times * rate_network_jobs.seconds(PLAN.config, [run])[1]


def test_following_takes_longer_with_more_snapshots():
    path = next(iter(PLAN.followed))
    minutes = ONE.following_minutes(of(run=path), 1)
    assert minutes % len(PLAN.followed[path]) == 0
    assert ONE.following(of(run=path))["quantities"] == PLAN.followed_quantities[path]
    assert set(ONE.dynamics_of_run(of(run=path)).items()) <= set(PLAN.runs[path].items())


# What runs share


@pytest.mark.parametrize("path", sorted(PLAN.batches))
def test_training_trials_have_what_they_are_made_of(path):
    wildcards = of(batches=path)
    implementation, _entry, parameters = SHARED.training_trials(wildcards)
    assert (ROOT / f"workflow/scripts/richlazy/{implementation.replace('.', '/')}.py").exists()
    assert set(SHARED.needs_of_training_trials(wildcards)) == set(PLAN.task(PLAN.batches[path]).needs)
    assert all(PLAN.batches[path][name] == value for name, value in parameters.items() if name != "teacher")
    assert SHARED.training_trials_mb(wildcards, 3) == 3 * SHARED.training_trials_mb(wildcards, 1) > 0


@pytest.mark.parametrize("path", sorted(PLAN.connectivities))
def test_initial_weights_have_what_they_are_made_of(path):
    wildcards, run = of(connectivity=path), PLAN.connectivities[path]
    structure = SHARED.structure(wildcards)
    needs = SHARED.needs_of_weights(wildcards)
    assert ("connectome" in needs) == ("connectome" in structure)
    assert ("description" in needs) == (run["architecture"] == "feedforward")
    aligned = re.match(SHARED.aligned, path) is not None
    assert aligned == (structure["kind"] == "teacher_aligned")
    if aligned:
        teacher = PLAN.results + "/teachers/" + paths.teacher_path(run) + "/network.npz"
        assert SHARED.network_of_teacher(wildcards) == teacher
        assert SHARED.features(wildcards) == structure["features"]
    assert SHARED.run_of_aligned_weights(wildcards).items() <= SHARED.run_of_weights(wildcards).items()


@pytest.mark.parametrize("path", sorted(PLAN.teachers))
def test_a_teacher_is_planned_with_its_images_and_needs(path):
    wildcards = of(teacher=path)
    task = PLAN.config["tasks"][PLAN.teachers[path]["task"]]
    assert SHARED.images_of_teacher(wildcards) == f"{PLAN.results}/images/{task['images']}.npz"
    assert SHARED.held_out_of_teacher(wildcards) == task["held_out"]
    assert SHARED.teacher(wildcards)["rank"] == task["teacher_network"]["rank"]
    assert (
        SHARED.teacher_mb(wildcards, 2) > SHARED.teacher_mb(wildcards, 1) and SHARED.teacher_minutes(wildcards, 1) > 0
    )


def test_pictured_trials_are_of_the_first_seed():
    assert PLAN.pictured
    for task, path in PLAN.pictured.items():
        seeds = [run["seed"] for run in PLAN.probes.values() if run["task"] == task]
        assert SHARED.run_of_first_probe(of(task=task))["seed"] == min(seeds)
        assert SHARED.first_probe(of(task=task)) == f"{PLAN.results}/trials/{path}/probe.npz"
        assert SHARED.decision_of_first_probe(of(task=task)) == f"{PLAN.results}/trials/{path}/decision.npy"


def test_trials_of_every_task_are_pictured_but_those_of_linear_teachers():
    tasks = {run["task"]: PLAN.task(run).key for run in PLAN.runs.values()}
    assert set(PLAN.pictured) == {name for name, kind in tasks.items() if kind != "teacher"}
    assert {"environment", "images", "teacher_network", "continuous"} == {tasks[name] for name in PLAN.pictured}


def test_a_picture_says_how_long_a_step_is_and_when_the_loss_counts():
    images = SHARED.run_of_first_probe(of(task="sMNIST"))
    assert images["time_step_ms"] is None and images["loss_steps"] == "last"
    assert SHARED.run_of_first_probe(of(task="2AF"))["time_step_ms"] == 100
    assert SHARED.run_of_first_probe(of(task="flip_flop"))["loss_steps"] == "all"
    assert [SHARED.kind_of_pictured(of(task=task)) for task in ("2AF", "sMNIST_taught", "flip_flop")] == [
        "PerceptualDecisionMaking-v0", "digits", "flip_flop",
    ]  # fmt: skip


def test_a_picture_asks_for_names_of_the_steps_that_it_shows():
    module, entry, run = SHARED.names_of_pictured(of(task="2AF"))
    assert module == "tasks.neurogym_names" and entry["environment"] == "PerceptualDecisionMaking-v0"
    assert run["time_step_ms"] == SHARED.run_of_first_probe(of(task="2AF"))["time_step_ms"]
    assert SHARED.names_of_pictured(of(task="sMNIST")) == (None, {}, {})


# Results


def test_everything_is_all_experiments_with_what_is_drawn_of_all_of_them():
    everything = RESULTS.everything()
    assert len(everything) == len(set(everything))
    of_experiments = {file for name in PLAN.selected for file in RESULTS.experiment(name)}
    pages = {f"{PLAN.results}/{page}.md" for page in ("claims", "published_values")}
    pages |= {f"{PLAN.results}/index.html"}
    assert set(everything) - of_experiments == pages | set(RESULTS.robustness())


def test_an_experiment_has_the_figures_that_it_asks_for():
    for name in PLAN.selected:
        asked = PLAN.config["experiments"][name]
        figures = RESULTS.figure_names(name)
        assert ("trajectories" in figures) == bool(asked.get("follow"))
        assert ("truncation" in figures) == bool(asked.get("truncation"))
        assert ("outputs" in figures) == bool(asked.get("figure", {}).get("outputs"))


def test_outputs_are_those_of_one_network_of_the_first_seed_for_each_task_and_value():
    name = "schuessler_figure_1"
    runs = PLAN.answering(of(experiment=name))
    assert [(run["task"], run["gain"], run["seed"]) for run in runs] == [("flip_flop", gain, 0) for gain in (0.0, 0.9)]
    files = PLAN.answers(of(experiment=name)), PLAN.probes_of_answers(of(experiment=name))
    for run, answers, probe, told in zip(runs, *files, PLAN.described_answers(of(experiment=name)), strict=True):
        assert answers == f"{PLAN.results}/runs/{paths.run_path(run)}/answers.npy"
        assert probe == f"{PLAN.results}/trials/{paths.probe_path(run)}/probe.npz"
        assert told == {"task": run["task"], "level": run["gain"], "time_step_ms": 50.0, "seed": 0}


def test_without_a_comparison_of_ranks_there_is_no_figure_of_all_of_them():
    plan = planned(experiments_to_build=["figure_2"])
    assert ResultFiles(plan).robustness() == ResultFiles(plan).rank_trends() == []
    assert RESULTS.robustness() and len(RESULTS.rank_trends()) == len(PLAN.rank_comparisons)


def test_what_is_published_is_small_and_whole():
    published = RESULTS.publishable(of())
    assert {Path(file).suffix for file in published} == {".parquet", ".png", ".json"}
    for name in PLAN.selected:
        tables = [file for file in published if f"/{name}/tables/" in file]
        asked = [key for key in ("truncation", "spectrum") if PLAN.config["experiments"][name].get(key)]
        assert len(tables) == len(PLAN.model[name].tables) + len(asked)


# Data and connectomes


def test_images_come_from_a_package_a_folder_or_a_download():
    names = {"digits": 0, "mnist": 4}
    for name, count in names.items():
        files = DATA.image_files(of(image_set=name))
        assert len(files) == len(DATA.image_checksums(of(image_set=name))) == count
        assert all(file.startswith("data/downloads/sources/mnist/") for file in files.values())
    plan = planned(image_sets={"mnist": {"source": "folder", "folder": "mine"}})
    files = DataPlan(plan, own_file=lambda path: f"own/{path}").image_files(of(image_set="mnist"))
    assert len(files) == 4 and all(file.startswith("own/mine/") for file in files.values())


def test_an_added_mirror_is_no_reason_to_read_sentences_again():
    name = next(name for name, entry in PLAN.config["sentence_sets"].items() if "entry" in entry)
    checksums = DATA.sentence_checksums(of(sentence_set=name))
    assert "sha256" in checksums and "mirrors" not in checksums
    assert set(DATA.sentence_files(of(sentence_set=name))) == {"archive"}
    assert DATA.sentence_files(of(sentence_set="synthetic")) == {}


def test_connectomes_are_found_by_their_source():
    assert list(PLAN.connectomes_from("synthetic")) == list(PLAN.connectomes) == ["v1_column"]
    assert PLAN.connectomes_from("cave", "file", "release") == {}
    wildcards = of(connectome="v1_column")
    assert DATA.connectome_generator(wildcards)["source"] == "synthetic"
    assert DATA.connectome_title(wildcards).startswith("V1 column: ")
    chosen_by = PLAN.connectomes["v1_column"]["selection"]["by"]
    assert bool(DATA.connections_to_rank(wildcards)) == (chosen_by == "strength")


def test_a_release_is_read_from_where_it_is_downloaded_and_files_from_where_they_are():
    settings = {
        "description": "d",
        "connections": {"url": "https://x.org/a/connections.csv.gz?download=1", "sha256": "0"},
        "format": {"connections": "matrix"},
    }
    plan = copy.copy(PLAN)
    plan.connectomes = {"theirs": {"source": "release", **settings}, "mine": {"source": "file", "connections": "c.csv"}}
    data = DataPlan(plan, own_file=lambda path: f"own/{path}")
    assert data.connectome_files(of(connectome="theirs")) == {
        "connections": "data/downloads/releases/theirs/connections/connections.csv.gz"
    }
    assert data.connectome_files(of(connectome="mine")) == {"connections": "own/c.csv"}
    assert data.connectome_import(of(connectome="theirs")) == {"source": "release", "format": {"connections": "matrix"}}


def test_files_of_cave_follow_its_versions_and_tables():
    plan = planned(connectomes={"v1_column": {"source": "cave"}})
    data = DataPlan(plan, own_file=str)
    (files,) = data.cave_files().values()
    (version,), (stack,) = data.cave_values("version"), data.cave_values("datastack")
    folder = f"data/downloads/cave/{stack}/{version}/"
    assert all(files[part].startswith(folder) for part in ("cell_types", "nuclei", "proofreading", "chunks"))
    assert [Path(file).suffix for file in files["provenance"]] == [".json"] * 3
    assert data.cave_values("cell_types", "proofreading") == data.cave_values("cell_types") | data.cave_values(
        "proofreading"
    )
