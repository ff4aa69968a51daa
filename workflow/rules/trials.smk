"""Trials of the tasks, drawn once for each task, time step and seed.

Reads   images/{image_set}.npz where the task shows images; teachers/{teacher}/network.npz where a network teaches it;
        configuration: tasks, probe.trials; of a run its task, time step, batch size, iterations and seed
Writes  trials/{batches}/inputs.npy    (batches, T, B, N_in) float32, trained on, from the first again after the last
        trials/{batches}/targets.npy   (batches, T, B) classes, or (batches, T, B, N_out) float32 for a teacher and for
                                       numbers over time, which are nan where none is asked for
        trials/{probe}/probe.npz       inputs (T, m, N_in), targets (T, m) or (T, m, N_out), never trained on
        trials/{probe}/decision.npy    (T, m), whether a decision is due
        trials/{probe}/task.json       input units, outputs, lowest loss and highest accuracy
        tasks/{task}/figures/trials.pdf and .png   a few trials of a task with numbers over time
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
    wildcard_constraints:
        batches=f"{trials_of('neurogym')}.+",
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
    wildcard_constraints:
        probe=f"{trials_of('neurogym')}.+",
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
        settings=probe_settings,
    message:
        "Probe trials {wildcards.probe}"
    script:
        "../scripts/draw_probe.py"


rule draw_image_batches:
    """Arrange the images of a task in the batches that all conditions of a seed share."""
    input:
        images=images_of(BATCHES, "batches"),
        library=library("draw_image_batches.py"),
    output:
        inputs=f"{RESULTS}/trials/{{batches}}/inputs.npy",
        targets=f"{RESULTS}/trials/{{batches}}/targets.npy",
    log:
        f"{RESULTS}/logs/draw_batches/{{batches}}.log",
    wildcard_constraints:
        batches=f"{trials_of('images')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(5),
    params:
        run=run_parameters(BATCHES, ["batch_size", "iterations", "seed"], "batches"),
        task=task_of(BATCHES, "batches"),
    message:
        "Batches of images {wildcards.batches}"
    script:
        "../scripts/draw_image_batches.py"


rule draw_image_probe:
    """Hold out the images on which change is measured, and describe the task."""
    input:
        images=images_of(PROBES, "probe"),
        library=library("draw_image_probe.py"),
    output:
        probe=f"{RESULTS}/trials/{{probe}}/probe.npz",
        decision=f"{RESULTS}/trials/{{probe}}/decision.npy",
        description=f"{RESULTS}/trials/{{probe}}/task.json",
    log:
        f"{RESULTS}/logs/draw_probe/{{probe}}.log",
    wildcard_constraints:
        probe=f"{trials_of('images')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        run=run_parameters(PROBES, ["seed"], "probe"),
        task=task_of(PROBES, "probe"),
        settings=probe_settings,
    message:
        "Images held out {wildcards.probe}"
    script:
        "../scripts/draw_image_probe.py"


rule draw_teacher_batches:
    """Draw what a linear teacher teaches: one batch, shared by all conditions of a seed."""
    input:
        library=library("draw_teacher_batches.py"),
    output:
        inputs=f"{RESULTS}/trials/{{batches}}/inputs.npy",
        targets=f"{RESULTS}/trials/{{batches}}/targets.npy",
    log:
        f"{RESULTS}/logs/draw_batches/{{batches}}.log",
    wildcard_constraints:
        batches=f"{trials_of('teacher')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        run=run_parameters(BATCHES, ["condition_number", "seed"], "batches"),
        task=task_of(BATCHES, "batches"),
    message:
        "Lessons of a teacher {wildcards.batches}"
    script:
        "../scripts/draw_teacher_batches.py"


rule draw_teacher_probe:
    """Draw the trials on which change is measured under a linear teacher, and describe the teacher."""
    input:
        library=library("draw_teacher_probe.py"),
    output:
        probe=f"{RESULTS}/trials/{{probe}}/probe.npz",
        decision=f"{RESULTS}/trials/{{probe}}/decision.npy",
        description=f"{RESULTS}/trials/{{probe}}/task.json",
    log:
        f"{RESULTS}/logs/draw_probe/{{probe}}.log",
    wildcard_constraints:
        probe=f"{trials_of('teacher')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        run=run_parameters(PROBES, ["condition_number", "seed"], "probe"),
        task=task_of(PROBES, "probe"),
    message:
        "Probe of a teacher {wildcards.probe}"
    script:
        "../scripts/draw_teacher_probe.py"


rule draw_taught_batches:
    """Arrange images in the batches that all conditions of a seed share, with the answers of a teacher network."""
    input:
        images=images_of(BATCHES, "batches"),
        teacher=network_of_teacher(BATCHES, "batches"),
        library=library("draw_taught_batches.py"),
    output:
        inputs=f"{RESULTS}/trials/{{batches}}/inputs.npy",
        targets=f"{RESULTS}/trials/{{batches}}/targets.npy",
    log:
        f"{RESULTS}/logs/draw_batches/{{batches}}.log",
    wildcard_constraints:
        batches=f"{trials_of('taught')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        teacher=teacher_of(BATCHES, "batches", parameters.ANSWERING_PARAMETERS),
        run=run_parameters(BATCHES, ["batch_size", "iterations", "seed"], "batches"),
        held_out=held_out_of(BATCHES, "batches"),
    message:
        "Answers of a teacher {wildcards.batches}"
    script:
        "../scripts/draw_taught_batches.py"


rule draw_taught_probe:
    """Hold out the images on which change is measured, with the answers of a teacher network, and describe the task."""
    input:
        images=images_of(PROBES, "probe"),
        teacher=network_of_teacher(PROBES, "probe"),
        library=library("draw_taught_probe.py"),
    output:
        probe=f"{RESULTS}/trials/{{probe}}/probe.npz",
        decision=f"{RESULTS}/trials/{{probe}}/decision.npy",
        description=f"{RESULTS}/trials/{{probe}}/task.json",
    log:
        f"{RESULTS}/logs/draw_probe/{{probe}}.log",
    wildcard_constraints:
        probe=f"{trials_of('taught')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(5),
    params:
        teacher=teacher_of(PROBES, "probe", parameters.ANSWERING_PARAMETERS),
        run=run_parameters(PROBES, ["seed"], "probe"),
        held_out=held_out_of(PROBES, "probe"),
        settings=probe_settings,
    message:
        "Images held out, answers of a teacher {wildcards.probe}"
    script:
        "../scripts/draw_taught_probe.py"


rule draw_continuous_batches:
    """Draw the training trials with numbers over time that all conditions of a task, time step and seed share."""
    input:
        library=library("draw_continuous_batches.py"),
    output:
        inputs=f"{RESULTS}/trials/{{batches}}/inputs.npy",
        targets=f"{RESULTS}/trials/{{batches}}/targets.npy",
    log:
        f"{RESULTS}/logs/draw_batches/{{batches}}.log",
    wildcard_constraints:
        batches=f"{trials_of('continuous')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=drawing_numbers_memory,
        runtime=drawing_numbers_minutes,
    params:
        run=run_parameters(
            BATCHES, ["time_step_ms", "batch_size", "iterations", "seed"], "batches"
        ),
        task=trial_settings_of(BATCHES, "batches"),
    message:
        "Training trials {wildcards.batches}"
    script:
        "../scripts/draw_continuous_batches.py"


rule draw_continuous_probe:
    """Draw the trials with numbers over time on which change is measured, and describe the task."""
    input:
        library=library("draw_continuous_probe.py"),
    output:
        probe=f"{RESULTS}/trials/{{probe}}/probe.npz",
        decision=f"{RESULTS}/trials/{{probe}}/decision.npy",
        description=f"{RESULTS}/trials/{{probe}}/task.json",
    log:
        f"{RESULTS}/logs/draw_probe/{{probe}}.log",
    wildcard_constraints:
        probe=f"{trials_of('continuous')}.+",
    group:
        "trials"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        run=run_parameters(PROBES, ["time_step_ms", "seed"], "probe"),
        task=trial_settings_of(PROBES, "probe"),
        settings=probe_settings,
    message:
        "Probe trials {wildcards.probe}"
    script:
        "../scripts/draw_continuous_probe.py"


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
        kind=lookup(within=config, dpath="tasks/{task}/continuous"),
        settings=lookup(within=config, dpath="figures"),
    message:
        "Figure of the trials of {wildcards.task}"
    script:
        "../scripts/plot_trials.py"
