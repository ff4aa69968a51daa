"""Measures of change: one job per network, or per condition with all its seeds; never training.

Reads   network.npz and history.json of each network, its probe, snapshots.npz of those that are followed;
        configuration: probe
Writes  runs/{run}/measures.json   parameters, outcome and all measures of the run
        runs/{run}/followed.json   how its tangent kernel and its weights moved during training
        runs/{run}/truncation.json  its loss with the change of its recurrent weights truncated
"""

for kind, jobs in NETWORK_JOBS.items():

    rule:
        """Measure what learning changed in networks: weights, representation, tangent kernel."""
        name:
            f"measure_{kind}"
        input:
            unpack(stage_inputs(jobs, "measuring")),
            network=files_of_networks(jobs, "network.npz"),
            history=files_of_networks(jobs, "history.json"),
            library=library("measure_networks.py", modules=(jobs.model.measuring,)),
        output:
            measures=files_of_networks(jobs, "measures.json"),
        log:
            f"{RESULTS}/logs/measure/{{networks}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/measure/{{networks}}.tsv"
        wildcard_constraints:
            networks=folders_of_jobs(kind),
        group:
            GROUP_OF_NETWORKS
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=need_of_job(jobs, "measuring", 0),
            runtime=need_of_job(jobs, "measuring", 1),
            gpu=GPU * jobs.model.together,
        params:
            implementation=jobs.model.measuring,
            runs=runs_of_job(jobs),
            settings=measuring_settings(jobs),
        message:
            "Measuring {wildcards.networks}"
        script:
            "../scripts/measure_networks.py"


rule follow_network:
    """Measure how a network moved during training, its tangent kernel or its weights, from its snapshots."""
    input:
        snapshots=f"{RESULTS}/runs/{{run}}/snapshots.npz",
        probe=probe_of_run,
        library=library("follow_network.py"),
    output:
        f"{RESULTS}/runs/{{run}}/followed.json",
    log:
        f"{RESULTS}/logs/follow/{{run}}.log",
    group:
        "followed"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=following_memory,
        runtime=following_minutes,
    params:
        run=run_parameters(
            RUNS,
            ["leak", "rectification", "time_step_ms", "time_constant_ms"],
            "run",
        ),
        settings=following_settings,
    message:
        "Following {wildcards.run}"
    script:
        "../scripts/follow_network.py"


rule truncate_change:
    """Measure the loss of a network against the number of components of its weight change that are kept."""
    input:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        probe=probe_of_run,
        decision=decision_of_run,
        library=library("truncate_change.py"),
    output:
        f"{RESULTS}/runs/{{run}}/truncation.json",
    log:
        f"{RESULTS}/logs/truncate_change/{{run}}.log",
    group:
        "truncated"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(5),
    params:
        run=run_parameters(
            RUNS,
            ["leak", "rectification", "time_step_ms", "time_constant_ms"],
            "run",
        ),
        settings=truncating_settings,
    message:
        "Truncating the weight change of {wildcards.run}"
    script:
        "../scripts/truncate_change.py"
