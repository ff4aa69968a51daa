"""Jobs that hold networks: one each, or all seeds of a condition (training.batching); their files and needs. No rules."""

import re

# What a training or a measuring job holds, by kind: folders of its jobs, and of the networks within each.
NETWORK_JOBS = experiments.network_jobs(RUNS, config["training"]["batching"])
# Groups of them are one job of a cluster: cluster/config.yaml says how many.
GROUP_OF_NETWORKS = (
    "networks" if config["training"]["batching"] == "network" else "conditions"
)
# Devices that a training or a measuring job asks of a cluster.
GPU = int(config["training"]["device"] == "cuda")


def folders_of_jobs(folders):
    """Regular expression of the folders of training jobs: of their general form, where there is only one kind."""
    if len(NETWORK_JOBS) > 1:
        return one_of(map(re.escape, folders))
    return (
        "task~.+/seed~[0-9]+"
        if "network" in NETWORK_JOBS
        else "task~.+iterations~[0-9]+"
    )


def files_of_networks(members, file):
    """One file of each network of a job."""
    return [f"{RESULTS}/runs/{{networks}}{member}/{file}" for member in members]


def networks_of_job(members, wildcards):
    """The runs of a job."""
    return [RUNS[wildcards.networks + member] for member in members]


def stage_inputs(members, path_of_run, stage, file):
    """Input function that gives, for each network of a job, a file of an earlier stage that it shares with others."""

    def shared_files(wildcards):
        return [
            f"{RESULTS}/{stage}/{path_of_run(run)}/{file}"
            for run in networks_of_job(members, wildcards)
        ]

    return shared_files


def parameters_of_networks(members):
    """Params function that gives all parameters of each network of a job."""

    def parameters(wildcards):
        return networks_of_job(members, wildcards)

    return parameters


def training_structure(members):
    """Params function that gives what training needs to know of the structure: whether signs are held."""

    def structure(wildcards):
        run = networks_of_job(members, wildcards)[0]
        return {
            "signs_held": config["structures"][run["structure"]].get(
                "signs_held", False
            )
        }

    return structure


def training_memory(members):
    """Resource function that gives MB to train the networks of a job."""

    def memory(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        need = costs.training_memory_mb(
            run["size"], steps_of(run), run["batch_size"], len(members), attempt
        )
        return need + GPU * costs.CUDA_MB * attempt

    return memory


def training_minutes(members):
    """Resource function that gives minutes to train the networks of a job, on one core."""

    def minutes(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        return costs.training_minutes(
            run["size"],
            steps_of(run),
            run["batch_size"],
            run["iterations"],
            len(members),
            attempt,
        )

    return minutes


def kernel_steps(run):
    """Steps of a trial at which the tangent kernel is measured."""
    return steps_of(run) if config["probe"]["kernel_times"] == "all" else 1


def measuring_memory(members):
    """Resource function that gives MB to measure the networks of a job."""

    def memory(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        trials = config["probe"]["kernel_trials"]
        need = costs.measuring_memory_mb(
            run["size"],
            kernel_steps(run),
            trials,
            len(members),
            attempt,
            trial_steps=steps_of(run),
        )
        return need + GPU * costs.CUDA_MB * attempt

    return memory


def measuring_minutes(members):
    """Resource function that gives minutes to measure the networks of a job, on one core."""

    def minutes(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        trials = config["probe"]["kernel_trials"]
        return costs.measuring_minutes(
            run["size"],
            kernel_steps(run),
            trials,
            len(members),
            attempt,
            trial_steps=steps_of(run),
        )

    return minutes
