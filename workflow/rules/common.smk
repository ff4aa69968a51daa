"""Configuration checks, the runs of every experiment, and names that all stages share. No rules."""

import functools
import gc
import os
import re
import sys
from pathlib import Path

# Planning makes millions of objects that stay; by default Python searches them for garbage again and again.
gc.set_threshold(100_000, 50, 50)

SCRIPTS = ROOT / "workflow/scripts"
sys.path.insert(0, str(SCRIPTS))

from richlazy.configuration import checks, loading, registers
from richlazy.connectivity.base import STRUCTURES
from richlazy.connectome import cave_token
from richlazy.experiments import (
    grids,
    parameters,
    paths,
    planning,
    rate_network_jobs,
    resources,
    trials,
)
from richlazy.experiments.jobs import network_jobs
from richlazy.measures import registry as measure_registry
from richlazy.models import registry as models
from richlazy.storage import late_import
from richlazy.storage.import_closure import import_closure, module_closure
from richlazy.tasks import registry
from richlazy.tasks.image_sets import IDX_FILES

try:
    checks.check(config, workflow.configfiles, PAPERS)
    SOURCES = registers.load_sources(ROOT / "data/sources.yaml")
    registers.check_entries(config, SOURCES)
    CLAIM_FILES = loading.claims(ROOT / "data/papers")
    registers.load_claims(CLAIM_FILES, config)
except checks.ConfigurationError as error:
    sys.exit(f"Configuration: {error}")

# Scales never mix: paper scale owns results/, every other scale a folder in it.
RESULTS = "results" if config["scale"] == "paper" else f"results/{config['scale']}"
# Devices that a training or a measuring job asks of a cluster.
GPU = int(config["training"]["device"] == "cuda")
SELECTED = checks.selected(config)
# Tasks and structures with options that an experiment sweeps stand beside the others.
config.update(grids.with_variants(config, SELECTED))
EXPERIMENT_RUNS = {name: planning.runs(config, name) for name in SELECTED}
MODEL_OF_EXPERIMENT = {name: planning.model_of(config, name) for name in SELECTED}
# One of the models of each folder of networks, with its experiments; models of one folder share their modules.
MODELS = {model.folder: model for model in reversed(models.MODELS.values())}
EXPERIMENTS_OF = {
    folder: [name for name in SELECTED if MODEL_OF_EXPERIMENT[name].folder == folder]
    for folder in MODELS
}
# Paths are the identity of a run, so equal runs of several experiments are one entry.
ALL_RUNS = {
    paths.run_path(run): run
    for runs_of_one in EXPERIMENT_RUNS.values()
    for run in runs_of_one
}
# Those of rate networks, which are taught by stored trials and start from a structure.
RUNS = {
    path: run
    for path, run in ALL_RUNS.items()
    if models.MODELS[run["architecture"]].folder == "runs"
}
# Runs that are followed during training, with the iterations.
FOLLOWED = grids.followed(config, SELECTED)
FOLLOWED_QUANTITIES = grids.followed_quantities(config, SELECTED)
CONNECTIVITIES = {paths.connectivity_path(run): run for run in RUNS.values()}
PROBES = {paths.probe_path(run): run for run in RUNS.values()}
BATCHES = {paths.batches_path(run): run for run in RUNS.values()}
TEACHERS = {
    paths.teacher_path(run): run
    for run in RUNS.values()
    if "teacher" in trials.task_of(config, run).needs
}
# Tasks of the selected experiments whose trials have a figure, each with its first probe.
PICTURED_TASKS = {
    run["task"]: path
    for path, run in sorted(
        PROBES.items(), key=lambda item: item[1]["seed"], reverse=True
    )
    if trials.task_of(config, run).pictured
}
# Connectomes that the selected experiments use, by source, with the settings of their active source.
CONNECTOMES = {
    name: grids.connectome(config, name)
    for name in {grids.connectome_of(config, run["structure"]) for run in RUNS.values()}
    - {None}
}
CAVE_CONNECTOMES, RELEASE_CONNECTOMES, FILE_CONNECTOMES, SYNTHETIC_CONNECTOMES = (
    {name: entry for name, entry in CONNECTOMES.items() if entry["source"] == source}
    for source in ["cave", "release", "file", "synthetic"]
)

# Experiments that compare the rank of the initial weights: one figure is of all of them.
RANK_COMPARISONS = grids.rank_comparisons(config, SELECTED)

TABLES = f"{RESULTS}/experiments/{{experiment}}/tables/{{table}}.parquet"
FIGURES = f"{RESULTS}/experiments/{{experiment}}/figures/{{figure}}.{{format}}"
CONNECTOME_FIGURES = (
    f"{RESULTS}/connectomes/{{connectome}}/figures/connectome.{{format}}"
)
TRIAL_FIGURES = f"{RESULTS}/tasks/{{task}}/figures/trials.{{format}}"
STATISTICS = f"{RESULTS}/experiments/{{experiment}}/statistics/{{table}}.parquet"


wildcard_constraints:
    experiment="[a-z][a-z0-9_]*",
    run=paths.PATTERNS["run"],
    connectivity=paths.PATTERNS["connectivity"],
    probe=paths.PATTERNS["probe"],
    batches=paths.PATTERNS["batches"],
    teacher=paths.PATTERNS["teacher"],
    task=paths.NAME_OF_VARIANT,


def require_token(jobs):
    """Stop before any job where CAVE is to be asked and there is no token; a dry-run does not come here."""
    if any(job.rule.name.startswith("download_cave") for job in jobs):
        for server in {entry["server"] for entry in CAVE_CONNECTOMES.values()}:
            try:
                cave_token.check_token(server, os.environ)
            except ValueError as error:
                raise WorkflowError(f"No job was started. {error}") from None


def one_of(names):
    """Regular expression of a wildcard that is one of some names; it matches nothing where there are none."""
    return "|".join(sorted(names)) or "(?!)"


@functools.cache
def library(*scripts, modules=()):
    """Scripts and the library files that they import, as input: their content decides whether a job runs again.

    Modules that they import by a computed name are named too.
    """
    files = {SCRIPTS / script for script in scripts}
    files |= {path for script in scripts for path in import_closure(SCRIPTS / script)}
    files |= {path for module in modules for path in module_closure(module)}
    return [project_file(path) for path in sorted(files)]


def project_file(path):
    """A file of the project as input; relative, so that a project that moves does not build anything again."""
    # local: not one of the files to which a workflow that imports this one gives a prefix.
    return local(os.path.relpath(ROOT / path))


def run_parameters(table, keys, wildcard):
    """Params function that gives the parameters of the run behind a wildcard, reduced to those a job reads."""

    def parameters(wildcards):
        run = table[wildcards[wildcard]]
        return {key: run[key] for key in keys}

    return parameters


def experiment_setting(key, default=None):
    """Params function that gives one setting of the experiment of the job."""

    def setting(wildcards):
        return config["experiments"][wildcards.experiment].get(key, default)

    return setting


def experiment_swept_options(wildcards):
    """Options of structures and tasks that an experiment sweeps, for the columns of its tables."""
    return grids.swept_options(config, wildcards.experiment)


def experiment_arms(wildcards):
    """Parameters of an experiment whose combinations are tested separately."""
    return planning.arms(config, wildcards.experiment)


def drawn_weights(wildcards):
    """Weights of which the figure of an experiment with LSTMs has a panel each."""
    experiment = config["experiments"][wildcards.experiment]
    return experiment.get("draw", experiment["weights"])


def run_files(file):
    """Input function that gives one file of every run of an experiment."""

    def files(wildcards):
        folder = MODEL_OF_EXPERIMENT[wildcards.experiment].folder
        return [
            f"{RESULTS}/{folder}/{paths.run_path(run)}/{file}"
            for run in EXPERIMENT_RUNS[wildcards.experiment]
        ]

    return files


def experiment_run_paths(wildcards):
    """Paths of all runs of an experiment."""
    return [paths.run_path(run) for run in EXPERIMENT_RUNS[wildcards.experiment]]


def followed_runs(wildcards):
    """Runs that an experiment follows during training, with what of each."""
    return grids.followed_quantities(config, [wildcards.experiment])


def followed_files(wildcards):
    """Input function that gives what was followed of each of them."""
    return [f"{RESULTS}/runs/{run}/followed.json" for run in followed_runs(wildcards)]


def tabulating_settings(wildcards):
    """What the tables of an experiment are told."""
    name = wildcards.experiment
    planner = late_import.load(MODEL_OF_EXPERIMENT[name].planning)
    return planner.tabulating_settings(config, name, followed_runs(wildcards))


def statistics_files(*names):
    """Tables of statistics of some experiments."""
    return [
        STATISTICS.format(experiment=name, table=table)
        for name in names
        for table in MODEL_OF_EXPERIMENT[name].statistics
    ]


def file_of_task(table, wildcard, need):
    """Input function that gives a file of which the trials of the task behind a wildcard are made."""

    def file(wildcards):
        return f"{RESULTS}/{trials.files(config, table[wildcards[wildcard]])[need]}"

    return file


def teacher_of(table, wildcard, keys=parameters.TEACHER_PARAMETERS):
    """Params function that gives the parameters of the teacher network behind a wildcard, reduced to those a job reads."""

    def parameters(wildcards):
        teacher = grids.teacher(config, table[wildcards[wildcard]])
        return {key: teacher[key] for key in keys}

    return parameters


def held_out_of(table, wildcard):
    """Params function that gives how many images the task behind a wildcard holds out."""

    def held_out(wildcards):
        return config["tasks"][table[wildcards[wildcard]]["task"]]["held_out"]

    return held_out


def probe_count(wildcards):
    """How many trials a probe has."""
    task = trials.task_of(config, PROBES[wildcards.probe])
    return task.probe(config["probe"])["trials"]


def experiment_connectomes(wildcards):
    """For each structure of an experiment that is made of a connectome, what tables say of it."""
    structures = {run["structure"] for run in EXPERIMENT_RUNS[wildcards.experiment]}
    notes = {name: grids.connectome_note(config, name) for name in sorted(structures)}
    return {name: note for name, note in notes.items() if note}


def connectomes_of(experiment):
    """Names of the connectomes that an experiment uses."""
    structures = {run["structure"] for run in EXPERIMENT_RUNS[experiment]} - {None}
    names = {grids.connectome_of(config, structure) for structure in structures}
    return sorted(names - {None})


def experiment_measures(group):
    """Params function that gives the measures that an experiment tests or draws."""

    def measures(wildcards):
        return grids.measures(config, wildcards.experiment, group)

    return measures


def experiment_labels(group):
    """Params function that gives the labels of the measures that an experiment tests or draws."""

    def labels(wildcards):
        return measure_registry.labels(
            grids.measures(config, wildcards.experiment, group)
        )

    return labels


def connectivity_runs(experiment):
    """For each matrix of initial recurrent weights of an experiment, by path, a run that starts with it."""
    runs = {paths.connectivity_path(run): run for run in EXPERIMENT_RUNS[experiment]}
    return dict(sorted(runs.items()))


def experiment_connectivities(wildcards):
    """Initial recurrent weights of all runs of an experiment, each once."""
    return [
        f"{RESULTS}/{rate_network_jobs.structured_weights_file(run)}"
        for run in connectivity_runs(wildcards.experiment).values()
    ]


def experiment_connectivity_runs(wildcards):
    """What decides the initial recurrent weights of an experiment, in the order of their files."""
    keys = [*parameters.CONNECTIVITY_PARAMETERS, "architecture"]
    return [
        {key: run[key] for key in keys}
        for run in connectivity_runs(wildcards.experiment).values()
    ]


def experiment_spectra(wildcards):
    """Input function that gives the spectra of an experiment whose figure shows them."""
    spectrum = config["experiments"][wildcards.experiment].get("spectrum")
    folder = f"{RESULTS}/experiments/{wildcards.experiment}/tables"
    return {"spectra": f"{folder}/spectra.parquet"} if spectrum else {}


def collect_settings(group, keys):
    """The keys of a configuration group that a job reads, so that no other key reruns it."""
    return {key: config[group][key] for key in keys}


def figures_of(experiment):
    """Names of the figures of an experiment."""
    followed = config["experiments"][experiment].get("follow")
    truncated = config["experiments"][experiment].get("truncation")
    return (
        list(MODEL_OF_EXPERIMENT[experiment].figures)
        + (["trajectories"] if followed else [])
        + (["truncation"] if truncated else [])
    )


def figure_files(*names, format=("pdf", "png")):
    """Files of all figures of some experiments."""
    return [
        file
        for name in names
        for file in collect(
            FIGURES, experiment=name, figure=figures_of(name), format=format
        )
    ]


def figures_beside(connectomes, tasks):
    """Files of the figures of connectomes and of tasks with numbers over time, which belong to no single experiment."""
    formats = ["pdf", "png"]
    return [
        *collect(CONNECTOME_FIGURES, connectome=connectomes, format=formats),
        *collect(TRIAL_FIGURES, task=tasks, format=formats),
    ]


def robustness_files():
    """Files of the figure over all experiments that compare the rank of the initial weights; none where there is none."""
    return collect(
        f"{RESULTS}/figures/robustness.{{suffix}}",
        suffix=["pdf", "png", "parquet"] if RANK_COMPARISONS else [],
    )


def publishable_files(wildcards):
    """Small results of all selected experiments: tables, statistics, PNG figures, also of trials, pages of connectomes."""
    files = [
        TABLES.format(experiment=name, table=table)
        for name in SELECTED
        for table in MODEL_OF_EXPERIMENT[name].tables
    ] + statistics_files(*SELECTED)
    files += [
        f"{RESULTS}/experiments/{experiment}/tables/truncations.parquet"
        for experiment in SELECTED
        if config["experiments"][experiment].get("truncation")
    ]
    files += figure_files(*SELECTED, format=["png"])
    files += collect(TRIAL_FIGURES, task=PICTURED_TASKS, format=["png"])
    parts = ["figures/connectome.png", "selection.json", "provenance.json"]
    return files + [
        f"{RESULTS}/connectomes/{name}/{part}" for name in CONNECTOMES for part in parts
    ]


# What jobs ask of a cluster: memory in MB, time in minutes. Each attempt asks for more (`retries` of cluster/config.yaml).


def growing(need):
    """Resource that needs the same whatever a job's parameters, and more at each attempt."""

    def grown(wildcards, attempt):
        return need * attempt

    return grown


def steps_of(run):
    """Steps of the longest trial of a run's task."""
    return trials.task_of(config, run).steps(run["time_step_ms"])


def teacher_memory(wildcards, attempt):
    """MB to train a teacher network, with its batches of images beside it."""
    teacher = grids.teacher(config, TEACHERS[wildcards.teacher])
    steps = steps_of(TEACHERS[wildcards.teacher])
    need = resources.training_memory_mb(
        teacher["size"], steps, teacher["batch_size"], attempt=attempt
    )
    return need + (resources.BATCHES_OF_IMAGES_MB + GPU * resources.CUDA_MB) * attempt


def teacher_minutes(wildcards, attempt):
    """Minutes to train a teacher network."""
    teacher = grids.teacher(config, TEACHERS[wildcards.teacher])
    return resources.training_minutes(
        teacher["size"],
        steps_of(TEACHERS[wildcards.teacher]),
        teacher["batch_size"],
        teacher["iterations"],
        attempt=attempt,
    )


def first_probe(wildcards):
    """Input function that gives the trials of a task with numbers over time that are drawn."""
    return f"{RESULTS}/trials/{PICTURED_TASKS[wildcards.task]}/probe.npz"


def run_of_first_probe(wildcards):
    """What a figure says of them."""
    run = PROBES[PICTURED_TASKS[wildcards.task]]
    return {key: run[key] for key in ["time_step_ms", "seed"]}


def pictured_tasks_of(experiment):
    """Names of the tasks with numbers over time that an experiment uses."""
    names = {run["task"] for run in EXPERIMENT_RUNS[experiment]}
    return sorted(names & set(PICTURED_TASKS))
