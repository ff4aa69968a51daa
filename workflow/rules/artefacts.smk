"""Trained networks as files that others can use in place of training.

Reads   what training makes of every network of an experiment, with its certificates
Writes  artefacts/{experiment}.zip   these files as they are, and a manifest.json: parameters, code and checksums
"""


include: "artefacts_inputs.smk"


rule pack_experiment:
    """Pack all trained networks of an experiment into one file, with a manifest of parameters and checksums."""
    input:
        packed_files,
    output:
        f"{RESULTS}/artefacts/{{experiment}}.zip",
    log:
        f"{RESULTS}/logs/pack_experiment/{{experiment}}.log",
    wildcard_constraints:
        experiment=one_of(plan.selected),
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        code=library("pack_experiment.py"),
        parameters=packed_runs,
        trained_by=code_of_packed,
    message:
        "Packing the networks of {wildcards.experiment}"
    script:
        "../scripts/pack_experiment.py"


rule pack_networks:
    """Pack the trained networks of each experiment that is published."""
    input:
        [f"{RESULTS}/artefacts/{name}.zip" for name in plan.published],
