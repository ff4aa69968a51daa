"""Trials of the tasks, drawn once for each task, time step and seed.

Reads   configuration: tasks, probe.trials; of a run its task, time step, batch size, iterations and seed
Writes  trials/{batches}/inputs.npy    (iterations, T, B, N_in) float32, trained on
        trials/{batches}/targets.npy   (iterations, T, B) classes
        trials/{probe}/probe.npz       inputs (T, m, N_in), targets (T, m), never trained on
        trials/{probe}/decision.npy    (T, m), whether a decision is due
        trials/{probe}/task.json       input units, classes, lowest loss and highest accuracy
"""


rule draw_batches:
    """Draw the training trials that all conditions of a task, time step and seed share."""
    input:
        library=library("draw_batches.py"),
    output:
        inputs=f"{RESULTS}/trials/{{batches}}/inputs.npy",
        targets=f"{RESULTS}/trials/{{batches}}/targets.npy",
    log:
        f"{RESULTS}/logs/draw_batches/{{batches}}.log",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=drawing_memory,
        runtime=drawing_minutes,
    params:
        run=run_parameters(
            BATCHES, ["time_step_ms", "batch_size", "iterations", "seed"], "batches"
        ),
        task=task_of(BATCHES, "batches"),
    message:
        "Training trials {wildcards.batches}"
    script:
        "../scripts/draw_batches.py"


rule draw_probe:
    """Draw the trials on which change is measured, and describe the task."""
    input:
        library=library("draw_probe.py"),
    output:
        probe=f"{RESULTS}/trials/{{probe}}/probe.npz",
        decision=f"{RESULTS}/trials/{{probe}}/decision.npy",
        description=f"{RESULTS}/trials/{{probe}}/task.json",
    log:
        f"{RESULTS}/logs/draw_probe/{{probe}}.log",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        run=run_parameters(PROBES, ["time_step_ms", "seed"], "probe"),
        task=task_of(PROBES, "probe"),
        trials=lookup(within=config, dpath="probe/trials"),
    message:
        "Probe trials {wildcards.probe}"
    script:
        "../scripts/draw_probe.py"
