"""Jobs that hold networks: one each, or all seeds of a condition (training.batching); their files and needs. No rules."""

import re

# What a training or a measuring job holds, by kind.
NETWORK_JOBS = network_jobs(ALL_RUNS, FOLLOWED, config["training"]["batching"])
# Groups of them are one job of a cluster: cluster/config.yaml says how many.
GROUP_OF_NETWORKS = (
    "networks" if config["training"]["batching"] == "network" else "conditions"
)


def folders_of_jobs(kind):
    """Regular expression of the folders of one kind of training jobs: of their general form, where that tells."""
    if kind == "condition":
        return paths.PATTERNS["condition"]
    if kind == "network":  # nearly all of many, so the others are named
        return f"(?!({one_of(map(re.escape, FOLLOWED))})/){paths.PATTERNS['run']}"
    return one_of(map(re.escape, NETWORK_JOBS[kind].folders))


def files_of_networks(jobs, file, members=None):
    """One file of each network of a job, or of some members of it."""
    return [
        f"{RESULTS}/{jobs.model.folder}/{{networks}}{member}/{file}"
        for member in (jobs.members if members is None else members)
    ]


def networks_of_job(jobs, wildcards):
    """The runs of a job."""
    return [ALL_RUNS[wildcards.networks + member] for member in jobs.members]


def stage_inputs(jobs, stage):
    """Input function that gives the files that training or measuring of a model reads, by name."""
    planner = late_import.load(jobs.model.planning)

    def files(wildcards):
        named = getattr(planner, f"{stage}_inputs")(
            config, networks_of_job(jobs, wildcards)
        )
        return {
            name: [f"{RESULTS}/{file}" for file in files]
            for name, files in named.items()
        }

    return files


def runs_of_job(jobs):
    """Params function that gives all parameters of each network of a job."""

    def runs(wildcards):
        return networks_of_job(jobs, wildcards)

    return runs


def training_settings(jobs):
    """Params function that gives how the networks of a job are trained, beside their parameters."""
    planner = late_import.load(jobs.model.planning)

    def settings(wildcards):
        members = [wildcards.networks + member for member in jobs.followed]
        followed = {path: FOLLOWED[path] for path in members}
        return planner.training_settings(
            config, networks_of_job(jobs, wildcards), followed
        )

    return settings


def measuring_settings(jobs):
    """Params function that gives how the networks of a job are measured."""
    planner = late_import.load(jobs.model.planning)

    def settings(wildcards):
        return planner.measuring_settings(
            config, SOURCES, networks_of_job(jobs, wildcards)
        )

    return settings


def need_of_job(jobs, stage, which):
    """Resource function that gives MB (which: 0) or minutes (1) of a job that trains or measures."""
    planner = late_import.load(jobs.model.planning)

    def need(wildcards, attempt):
        of_stage = getattr(planner, f"{stage}_need")
        return of_stage(config, networks_of_job(jobs, wildcards), attempt)[which]

    return need


def probe_of_run(wildcards):
    """Input function that gives the probe of a run that is followed."""
    path = paths.probe_path(RUNS[wildcards.run])
    return f"{RESULTS}/trials/{path}/probe.npz"


def decision_of_run(wildcards):
    """Input function that gives the steps of a probe on which a decision is due."""
    path = paths.probe_path(RUNS[wildcards.run])
    return f"{RESULTS}/trials/{path}/decision.npy"


def truncating_settings(wildcards):
    """How the loss of a network whose weight change is truncated is measured."""
    measuring = trials.task_of(config, RUNS[wildcards.run]).of_measuring(config)
    return {key: measuring[key] for key in ["loss", "loss_steps"]}


def following_settings(wildcards):
    """What is measured of a run that is followed, and the outputs of its tangent kernels."""
    probe = trials.task_of(config, RUNS[wildcards.run]).probe(config["probe"])
    kernel = {key: probe[key] for key in ["kernel_trials", "kernel_times"]}
    return kernel | {"quantities": FOLLOWED_QUANTITIES[wildcards.run]}


def following_memory(wildcards, attempt):
    """MB that following a run needs: two kernels are in memory together, as when it is measured."""
    kernel = rate_network_jobs.kernel_of(config, RUNS[wildcards.run])
    return resources.measuring_memory_mb(**kernel, attempt=attempt)


def following_minutes(wildcards, attempt):
    """Minutes that following a run needs: no more than measuring it at each of its snapshots."""
    kernel = rate_network_jobs.kernel_of(config, RUNS[wildcards.run])
    need = resources.measuring_minutes(**kernel, attempt=attempt)
    return need * len(FOLLOWED[wildcards.run])
