"""Training: one job per network, or per condition with all its seeds (configuration: training.batching).

Reads   connectivity, training trials and task description of each rate network, sentences and word vectors of each LSTM;
        configuration: training, lstm
Writes  runs/{run}/network.npz    initial and final weights, float32; of LSTMs in language/ in place of runs/, likewise
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
            unpack(stage_inputs(jobs, "training")),
            library=library("train_networks.py", modules=(jobs.model.training,)),
        output:
            network=files_of_networks(jobs, "network.npz"),
            history=files_of_networks(jobs, "history.json"),
            snapshots=files_of_networks(jobs, "snapshots.npz", jobs.followed),
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
            mem_mb=need_of_job(jobs, "training", 0),
            runtime=need_of_job(jobs, "training", 1),
            gpu=GPU * jobs.model.together,
        params:
            implementation=jobs.model.training,
            runs=runs_of_job(jobs),
            settings=training_settings(jobs),
        message:
            "Training {wildcards.networks}"
        script:
            "../scripts/train_networks.py"
