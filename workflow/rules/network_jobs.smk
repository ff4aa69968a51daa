"""Jobs that hold networks: one each, or all seeds of a condition (training.batching); their files and needs. No rules."""

import re

# What a training or a measuring job holds, by kind.
NETWORK_JOBS = network_jobs(RUNS, FOLLOWED, config["training"]["batching"])
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


def structured_weights_of(members):
    """Input function that gives, for each network of a job, the initial weights that have the structure."""

    def weights(wildcards):
        return [
            structured_weights_file(run) for run in networks_of_job(members, wildcards)
        ]

    return weights


def input_weights_of(members):
    """Input function that gives the initial input weights of each network of a job where not the seed decides them."""

    def weights(wildcards):
        return [
            f"{RESULTS}/connectivity/{paths.connectivity_path(run)}/input_initial.npy"
            for run in networks_of_job(members, wildcards)
            if grids.is_teacher_aligned(config, run["structure"])
        ]

    return weights


def task_of_job(members, wildcards):
    """The task that the networks of a job learn."""
    return trials.task_of(config, networks_of_job(members, wildcards)[0])


def training_settings(jobs):
    """Params function that gives how the networks of a job are trained, beside their parameters."""
    keys = ["divergence_loss", "final_loss_fraction", "device", "loss", "loss_steps"]
    keys += [
        "target_accuracy",
        "stop_at_target",
        "convergence_fraction",
        "curve_points",
    ]

    def settings(wildcards):
        task = task_of_job(jobs.members, wildcards)
        training = task.of_training(config["training"])
        followed = (FOLLOWED[wildcards.networks + member] for member in jobs.followed)
        snapshot_at = sorted({iteration for one in followed for iteration in one})
        return {key: training[key] for key in keys} | {"snapshot_at": snapshot_at}

    return settings


def measuring_settings(members):
    """Params function that gives how the networks of a job are measured."""

    def settings(wildcards):
        task = task_of_job(members, wildcards)
        measuring = task.of_measuring(config)
        keys = ["kernel_trials", "kernel_times", "loss", "loss_steps"]
        return {key: measuring[key] for key in keys}

    return settings


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


def networks_at_a_time(members):
    """How many networks of a job are in memory together: all on a GPU, one on the CPU (devices.parts)."""
    return len(members) if GPU else 1


def training_memory(members):
    """Resource function that gives MB to train the networks of a job."""

    def memory(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        need = resources.training_memory_mb(
            run["size"],
            steps_of(run),
            run["batch_size"],
            networks_at_a_time(members),
            attempt,
        )
        return need + GPU * resources.CUDA_MB * attempt

    return memory


def training_minutes(members):
    """Resource function that gives minutes to train the networks of a job, on one core."""

    def minutes(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        return resources.training_minutes(
            run["size"],
            steps_of(run),
            run["batch_size"],
            run["iterations"],
            len(members),
            attempt,
            trials.task_of(config, run).columns(run["size"]),
        )

    return minutes


def probe_of(run):
    """How the task of a run is probed."""
    return trials.task_of(config, run).probe(config["probe"])


def kernel_of(run):
    """What the cost of a tangent kernel of a run depends on."""
    probe, steps = probe_of(run), steps_of(run)
    return {
        "size": run["size"],
        "steps": steps if probe["kernel_times"] == "all" else 1,
        "trial_steps": steps,
        "kernel_trials": probe["kernel_trials"],
        "classes": trials.task_of(config, run).outputs,
    }


def measuring_memory(members):
    """Resource function that gives MB to measure the networks of a job."""

    def memory(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        need = resources.measuring_memory_mb(
            **kernel_of(run), networks=networks_at_a_time(members), attempt=attempt
        )
        return need + GPU * resources.CUDA_MB * attempt

    return memory


def measuring_minutes(members):
    """Resource function that gives minutes to measure the networks of a job, on one core."""

    def minutes(wildcards, attempt):
        run = networks_of_job(members, wildcards)[0]
        return resources.measuring_minutes(
            **kernel_of(run), networks=len(members), attempt=attempt
        )

    return minutes


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
    probe = probe_of(RUNS[wildcards.run])
    kernel = {key: probe[key] for key in ["kernel_trials", "kernel_times"]}
    return kernel | {"quantities": FOLLOWED_QUANTITIES[wildcards.run]}


def following_memory(wildcards, attempt):
    """MB that following a run needs: two kernels are in memory together, as when it is measured."""
    return resources.measuring_memory_mb(
        **kernel_of(RUNS[wildcards.run]), attempt=attempt
    )


def following_minutes(wildcards, attempt):
    """Minutes that following a run needs: no more than measuring it at each of its snapshots."""
    need = resources.measuring_minutes(
        **kernel_of(RUNS[wildcards.run]), attempt=attempt
    )
    return need * len(FOLLOWED[wildcards.run])
