"""Training: one job per network, or per condition with all its seeds (configuration: training.batching).

Reads   connectivity, training trials and task description of each network; configuration: training
Writes  runs/{run}/network.npz    initial and final weights, float32
        runs/{run}/history.json   loss curve, final loss, divergence, device
        runs/{run}/snapshots.npz  weights at the iterations at which an experiment follows the run
"""


include: "network_jobs.smk"


for kind, jobs in NETWORK_JOBS.items():

    rule:
        """Train networks and keep their initial and final weights and their loss curves."""
        name:
            f"train_{kind}"
        input:
            structured=structured_weights_of(jobs.members),
            input_weights=input_weights_of(jobs.members),
            inputs=stage_inputs(
                jobs.members, paths.batches_path, "trials", "inputs.npy"
            ),
            targets=stage_inputs(
                jobs.members, paths.batches_path, "trials", "targets.npy"
            ),
            description=stage_inputs(
                jobs.members[:1], paths.probe_path, "trials", "task.json"
            ),
            library=library("train_networks.py"),
        output:
            network=files_of_networks(jobs.members, "network.npz"),
            history=files_of_networks(jobs.members, "history.json"),
            snapshots=files_of_networks(jobs.followed, "snapshots.npz"),
        log:
            f"{RESULTS}/logs/train/{{networks}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/train/{{networks}}.tsv"
        wildcard_constraints:
            networks=folders_of_jobs(kind),
        group:
            GROUP_OF_NETWORKS
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=training_memory(jobs.members),
            runtime=training_minutes(jobs.members),
            gpu=GPU,
        params:
            runs=parameters_of_networks(jobs.members),
            structure=training_structure(jobs.members),
            settings=training_settings(jobs),
        message:
            "Training {wildcards.networks}"
        script:
            "../scripts/train_networks.py"
