"""Networks that teach a task with images shown row by row, one for each task, condition number and seed.

Reads   images/{image_set}.npz; configuration: tasks.<name>.teacher_network, and what networks of the task have in common
Writes  teachers/{teacher}/network.npz    initial and final weights, float32; its inputs are features F x
        teachers/{teacher}/history.json   loss curve, accuracy, final loss, device
"""


rule train_teacher:
    """Train the network whose answers the runs of a task learn."""
    input:
        images=shared.images_of_teacher,
    output:
        network=f"{RESULTS}/teachers/{{teacher}}/network.npz",
        history=f"{RESULTS}/teachers/{{teacher}}/history.json",
    log:
        f"{RESULTS}/logs/train_teacher/{{teacher}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_teacher/{{teacher}}.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=shared.teacher_mb,
        runtime=shared.teacher_minutes,
        gpu=plan.gpu,
    params:
        code=library("train_teacher.py"),
        teacher=shared.teacher,
        held_out=shared.held_out_of_teacher,
        settings=collect_settings(
            "training", ["divergence_loss", "final_loss_fraction", "device"]
        ),
    message:
        "Teacher {wildcards.teacher}"
    script:
        "../scripts/train_teacher.py"
