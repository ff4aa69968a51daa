"""Measures of change: one job per network, never training.

Reads   the run's network.npz and history.json, its probe; configuration: probe
Writes  runs/{run}/measures.json   parameters, outcome and all measures of the run
"""


rule measure_network:
    """Measure what learning changed in one network: weights, representation, tangent kernel."""
    input:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        history=f"{RESULTS}/runs/{{run}}/history.json",
        probe=stage_input(experiments.probe_path, "trials", "probe.npz"),
        decision=stage_input(experiments.probe_path, "trials", "decision.npy"),
        description=stage_input(experiments.probe_path, "trials", "task.json"),
        library=library("measure_network.py"),
    output:
        measures=f"{RESULTS}/runs/{{run}}/measures.json",
    log:
        f"{RESULTS}/logs/measure/{{run}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure/{{run}}.tsv"
    group:
        "networks"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=measuring_memory,
        runtime=measuring_minutes,
    params:
        run=run_parameters(RUNS, None, "run"),
        settings=collect_settings("probe", ["kernel_trials", "kernel_times"]),
    message:
        "Measuring {wildcards.run}"
    script:
        "../scripts/measure_network.py"
