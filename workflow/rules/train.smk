"""Training: one job per network.

Reads   the run's connectivity, training trials and task description; configuration: training
Writes  runs/{run}/network.npz    initial and final weights, float32
        runs/{run}/history.json   loss curve, final loss, divergence
"""


rule train_network:
    """Train one network and keep its initial and final weights and its loss curve."""
    input:
        recurrent=stage_input(
            experiments.connectivity_path, "connectivity", "recurrent_initial.npy"
        ),
        inputs=stage_input(experiments.batches_path, "trials", "inputs.npy"),
        targets=stage_input(experiments.batches_path, "trials", "targets.npy"),
        description=stage_input(experiments.probe_path, "trials", "task.json"),
        library=library("train_network.py"),
    output:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        history=f"{RESULTS}/runs/{{run}}/history.json",
    log:
        f"{RESULTS}/logs/train/{{run}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{run}}.tsv"
    group:
        "networks"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=training_memory,
        runtime=training_minutes,
    params:
        run=run_parameters(
            RUNS,
            [
                "leak",
                "rectification",
                "time_step_ms",
                "time_constant_ms",
                "learning_rate",
                "momentum",
                "seed",
            ],
            "run",
        ),
        structure=training_structure,
        settings=collect_settings(
            "training", ["loss_steps", "divergence_loss", "final_loss_fraction"]
        ),
    message:
        "Training {wildcards.run}"
    script:
        "../scripts/train_network.py"
