"""Trials of the tasks, sampled once for each task, time step and seed.

Reads   images/{image_set}.npz where the task shows images; teachers/{teacher}/network.npz where a network teaches it;
        configuration: tasks, probe.trials; of a run what its kind of task names (richlazy/tasks/base.py)
Writes  trials/{batches}/inputs.npy    (batches, T, B, N_in) float32, trained on, from the first again after the last
        trials/{batches}/targets.npy   (batches, T, B) classes, or (batches, T, B, N_out) float32 for a teacher and for
                                       numbers over time, which are nan where none is asked for
        trials/{batches}/description.json  what training is told of the task
        trials/{probe}/probe.npz       inputs (T, m, N_in), targets (T, m) or (T, m, N_out), never trained on
        trials/{probe}/decision.npy    (T, m), whether a decision is due
        trials/{probe}/task.json       input units, outputs, lowest loss and highest accuracy
        tasks/{task}/figures/trials.pdf and .png   a few trials of a task
"""


rule sample_training_trials:
    """Sample the training trials that all conditions of a task, time step and seed share."""
    input:
        unpack(shared.needs_of_training_trials),
    output:
        inputs=f"{RESULTS}/trials/{{batches}}/inputs.npy",
        targets=f"{RESULTS}/trials/{{batches}}/targets.npy",
        description=f"{RESULTS}/trials/{{batches}}/description.json",
    log:
        f"{RESULTS}/logs/sample_training_trials/{{batches}}.log",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=shared.training_trials_mb,
        runtime=shared.training_trials_minutes,
    params:
        code=library_of_trials(
            "sample_training_trials.py", shared.training_trials, "trials"
        ),
        of_trials=shared.training_trials,
    message:
        "Training trials {wildcards.batches}"
    script:
        "../scripts/sample_training_trials.py"


rule sample_probe_trials:
    """Sample the trials on which change is measured, and describe the task."""
    input:
        unpack(shared.needs_of_probe_trials),
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
        mem_mb=shared.probe_trials_mb,
        runtime=shared.probe_trials_minutes,
    params:
        code=library_of_trials("sample_probe_trials.py", shared.probe_trials, "trials"),
        of_trials=shared.probe_trials,
        number=shared.number_of_probe_trials,
    message:
        "Probe trials {wildcards.probe}"
    script:
        "../scripts/sample_probe_trials.py"


rule plot_trials:
    """Draw a few trials of a task, what is seen and what is asked, and refuse one that nobody could answer."""
    input:
        probe=shared.first_probe,
        decision=shared.decision_of_first_probe,
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
    # Before networks are trained on it.
    priority: 50
    group:
        "summaries"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library_of_trials(
            "plot_trials.py", shared.names_of_pictured, "trials", "names"
        ),
        run=shared.run_of_first_probe,
        names=shared.names_of_pictured,
        kind=shared.kind_of_pictured,
        settings=figure_settings("dot_colour", "median_colour"),
    message:
        "Figure of the trials of {wildcards.task}"
    script:
        "../scripts/plot_trials.py"
