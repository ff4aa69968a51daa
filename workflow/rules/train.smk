"""Training: one job per network, or per ten seeds of a condition (configuration: training.batching).

Reads   connectivity, training trials and task description of each rate network, sentences and word vectors of each LSTM;
        configuration: training, lstm
Writes  runs/{run}/network.npz   initial and final weights, float32, those at the iterations at which an experiment follows
                                 the run, and those at levels of its loss where one compares networks at these
        runs/{run}/history.json  loss curve, final loss, divergence, device
        Those of LSTMs lie in language/ in place of runs/.
"""

TRAINING = {kind: JobsOfKind(plan, jobs) for kind, jobs in plan.training_jobs.items()}
# Groups of training jobs are one job of a cluster: cluster/config.yaml says how many.
GROUP_OF_TRAINING = (
    "networks" if config["training"]["batching"] == "network" else "conditions"
)

for kind, jobs in TRAINING.items():

    rule:
        """Train networks and keep their initial and final weights and their loss curves."""
        name:
            f"train_{kind}"
        input:
            unpack(jobs.training_inputs),
        output:
            network=jobs.network,
            history=jobs.history,
        log:
            f"{RESULTS}/logs/train/{jobs.place}.log",
        benchmark:
            f"{RESULTS}/benchmarks/train/{jobs.place}.tsv"
        wildcard_constraints:
            networks=jobs.pattern,
        group:
            group_of(jobs, GROUP_OF_TRAINING)
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=jobs.training_mb,
            runtime=jobs.training_minutes,
            gpu=jobs.gpu,
        params:
            code=library_of_training("train_networks.py", jobs),
            implementation=jobs.model.training,
            runs=jobs.runs_to_train,
            settings=jobs.training,
        message:
            "Training {wildcards.networks}"
        script:
            "../scripts/train_networks.py"
