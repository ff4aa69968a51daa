"""Trials of the tasks, sampled once for each task, time step and seed.

Reads   images/{image_set}.npz where the task shows images; teachers/{teacher}/network.npz where a network teaches it;
        configuration: tasks, probe.trials; of a run what its kind of task names (richlazy/tasks/base.py)
Writes  trials/{batches}/inputs.npy    (batches, T, B, N_in) float32, trained on, from the first again after the last
        trials/{batches}/targets.npy   (batches, T, B) classes, or (batches, T, B, N_out) float32 for a teacher and for
                                       numbers over time, which are nan where none is asked for
        trials/{probe}/probe.npz       inputs (T, m, N_in), targets (T, m) or (T, m, N_out), never trained on
        trials/{probe}/decision.npy    (T, m), whether a decision is due
        trials/{probe}/task.json       input units, outputs, lowest loss and highest accuracy
        tasks/{task}/figures/trials.pdf and .png   a few trials of a task with numbers over time
"""


def library_of_trials(script, table, wildcard):
    """Input function that gives the library files of a script and of the kind of task behind a wildcard."""

    def files(wildcards):
        implementation = trials.task_of(config, table[wildcards[wildcard]]).trials
        return library(script, modules=(f"tasks.{implementation}",))

    return files


def files_of_trials(table, wildcard):
    """Input function that gives, by name, what the trials of the task behind a wildcard are made of."""

    def files(wildcards):
        needed = trials.files(config, table[wildcards[wildcard]])
        return {need: f"{RESULTS}/{file}" for need, file in needed.items()}

    return files


def training_trials_of(wildcards):
    """What training trials depend on: implementation, entry of the task and parameters of a run."""
    return trials.of_training(config, BATCHES[wildcards.batches])


def probe_trials_of(wildcards):
    """What probe trials depend on, likewise."""
    return trials.of_probe(config, PROBES[wildcards.probe])


def training_trials_need(wildcards, attempt):
    """Memory and time to sample training trials."""
    run = BATCHES[wildcards.batches]
    return [attempt * need for need in trials.task_of(config, run).training_need(run)]


def probe_trials_need(wildcards, attempt):
    """Memory and time to sample a probe."""
    task = trials.task_of(config, PROBES[wildcards.probe])
    return [attempt * need for need in task.probe_need()]


rule sample_training_trials:
    """Sample the training trials that all conditions of a task, time step and seed share."""
    input:
        unpack(files_of_trials(BATCHES, "batches")),
        library=library_of_trials("sample_training_trials.py", BATCHES, "batches"),
    output:
        inputs=f"{RESULTS}/trials/{{batches}}/inputs.npy",
        targets=f"{RESULTS}/trials/{{batches}}/targets.npy",
    log:
        f"{RESULTS}/logs/sample_training_trials/{{batches}}.log",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: training_trials_need(wildcards, attempt)[0],
        runtime=lambda wildcards, attempt: training_trials_need(wildcards, attempt)[1],
    params:
        of_trials=training_trials_of,
    message:
        "Training trials {wildcards.batches}"
    script:
        "../scripts/sample_training_trials.py"


rule sample_probe_trials:
    """Sample the trials on which change is measured, and describe the task."""
    input:
        unpack(files_of_trials(PROBES, "probe")),
        library=library_of_trials("sample_probe_trials.py", PROBES, "probe"),
    output:
        probe=f"{RESULTS}/trials/{{probe}}/probe.npz",
        decision=f"{RESULTS}/trials/{{probe}}/decision.npy",
        description=f"{RESULTS}/trials/{{probe}}/task.json",
    log:
        f"{RESULTS}/logs/sample_probe_trials/{{probe}}.log",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: probe_trials_need(wildcards, attempt)[0],
        runtime=lambda wildcards, attempt: probe_trials_need(wildcards, attempt)[1],
    params:
        of_trials=probe_trials_of,
        number=probe_count,
    message:
        "Probe trials {wildcards.probe}"
    script:
        "../scripts/sample_probe_trials.py"


rule plot_trials:
    """Draw a few trials of a task with numbers over time: what a network sees, and what is asked of it."""
    input:
        probe=first_probe,
        library=library("plot_trials.py"),
    output:
        pdf=f"{RESULTS}/tasks/{{task}}/figures/trials.pdf",
        png=report(
            f"{RESULTS}/tasks/{{task}}/figures/trials.png",
            caption="../report/trials.rst",
            category="Tasks",
            subcategory="{task}",
            labels={"figure": "trials"},
        ),
    log:
        f"{RESULTS}/logs/plot_trials/{{task}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        run=run_of_first_probe,
        kind=lambda wildcards: registry.task(config["tasks"][wildcards.task]).comparable,
        settings=lookup(within=config, dpath="figures"),
    message:
        "Figure of the trials of {wildcards.task}"
    script:
        "../scripts/plot_trials.py"
