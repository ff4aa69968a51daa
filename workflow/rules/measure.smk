"""Measures of change: one job per ten seeds of a condition, and one per network for further looks; never training.

Reads   network.npz and history.json of each network, its probe; configuration: probe
Writes  runs/{run}/measures.json   parameters, outcome and all measures of the run, those of change also where its loss came
                                   down to each level if an experiment compares networks there
        runs/{run}/followed.json   how its tangent kernel and its weights moved during training
        runs/{run}/truncation.json  its loss with the change of its recurrent weights truncated
        runs/{run}/solutions.json  how far it is from the network of the next seed, on its probe
        runs/{run}/unseen.json     how much worse it does on trials that it was not trained on
        runs/{run}/answers.npy     what it answers on a few trials of its probe
"""

MEASURING = {kind: JobsOfKind(plan, jobs) for kind, jobs in plan.measuring_jobs.items()}

for kind, jobs in MEASURING.items():

    rule:
        """Measure what learning changed in networks: weights, representation, tangent kernel."""
        name:
            f"measure_{kind}"
        input:
            unpack(jobs.measuring_inputs),
            network=jobs.network,
            history=jobs.history,
        output:
            measures=jobs.measures,
        log:
            f"{RESULTS}/logs/measure/{jobs.place}.log",
        benchmark:
            f"{RESULTS}/benchmarks/measure/{jobs.place}.tsv"
        wildcard_constraints:
            networks=jobs.pattern,
        group:
            group_of(jobs, "conditions")
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=jobs.measuring_mb,
            runtime=jobs.measuring_minutes,
            gpu=jobs.gpu,
        params:
            code=library("measure_networks.py", modules=(jobs.model.measuring,)),
            implementation=jobs.model.measuring,
            runs=jobs.runs,
            settings=jobs.measuring,
        message:
            "Measuring {wildcards.networks}"
        script:
            "../scripts/measure_networks.py"


rule follow_network:
    """Measure how a network moved during training, its tangent kernel or its weights, from its snapshots."""
    input:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        probe=one.probe_of_run,
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
        mem_mb=one.following_mb,
        runtime=one.following_minutes,
    params:
        code=library("follow_network.py"),
        run=one.dynamics_of_run,
        settings=one.following,
    message:
        "Following {wildcards.run}"
    script:
        "../scripts/follow_network.py"


rule truncate_change:
    """Measure the loss of a network against the number of components of its weight change that are kept."""
    input:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        probe=one.probe_of_run,
        decision=one.decision_of_run,
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
        code=library("truncate_change.py"),
        run=one.dynamics_of_run,
        settings=one.truncating,
    message:
        "Truncating the weight change of {wildcards.run}"
    script:
        "../scripts/truncate_change.py"


rule compare_solutions:
    """Compare a trained network with that of the next seed: their dynamics, weights and answers on one probe."""
    input:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        other=one.network_of_next_seed,
        probe=one.probe_of_run,
        decision=one.decision_of_run,
    output:
        f"{RESULTS}/runs/{{run}}/solutions.json",
    log:
        f"{RESULTS}/logs/compare_solutions/{{run}}.log",
    group:
        "solutions"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(5),
    params:
        code=library("compare_solutions.py"),
        run=one.dynamics_of_run,
    message:
        "Solution of {wildcards.run}"
    script:
        "../scripts/compare_solutions.py"


rule ask_unseen:
    """Ask a trained network what it was not trained on: its task with other timing, noise or stimuli."""
    input:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        probes=one.probes_asked_of_run,
        decisions=one.decisions_asked_of_run,
    output:
        f"{RESULTS}/runs/{{run}}/unseen.json",
    log:
        f"{RESULTS}/logs/ask_unseen/{{run}}.log",
    group:
        "unseen"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("ask_unseen.py"),
        run=one.dynamics_of_run,
        different=one.different_of_run,
    message:
        "Unseen trials of {wildcards.run}"
    script:
        "../scripts/ask_unseen.py"


rule answer_probe:
    """Ask a trained network for its answers on a few trials of its probe."""
    input:
        network=f"{RESULTS}/runs/{{run}}/network.npz",
        probe=one.probe_of_run,
    output:
        f"{RESULTS}/runs/{{run}}/answers.npy",
    log:
        f"{RESULTS}/logs/answer_probe/{{run}}.log",
    group:
        "answers"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("answer_probe.py"),
        run=one.dynamics_of_run,
    message:
        "Answers of {wildcards.run}"
    script:
        "../scripts/answer_probe.py"
