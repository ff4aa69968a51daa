"""Trained networks as files that others can use in place of training.

Reads   what training makes of every network of an experiment, with its certificates
Writes  artefacts/{experiment}.zip   these files as they are, and a manifest.json: parameters, code and checksums
"""

import itertools
from pathlib import PurePath

from snakemake.io import strip_wildcard_constraints

# What training makes, as its rules name it.
TRAINED = {
    kind: [
        strip_wildcard_constraints(file)
        for file in getattr(rules, f"train_{kind}").output
    ]
    for kind in JOBS
}


@functools.cache
def trained_files():
    """Files that training makes of each network, by its folder below the results."""
    found = {}
    for kind, jobs in plan.jobs.items():
        for pattern, folder in itertools.product(TRAINED[kind], jobs.folders):
            file = PurePath(pattern.replace("{networks}", folder))
            found.setdefault(str(file.parent.relative_to(RESULTS)), []).append(
                str(file)
            )
    return found


def packed_runs(wildcards):
    """Params function that gives the parameters of every network of an experiment, by its folder below the results."""
    folder = plan.model[wildcards.experiment].folder
    return {
        f"{folder}/{path}": parameters.told(plan.all_runs[path])
        for path in plan.paths_of_runs(wildcards)
    }


def packed_files(wildcards):
    """Input function that gives what training makes of every network of an experiment."""
    every = trained_files()
    return [file for folder in packed_runs(wildcards) for file in every[folder]]


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
    message:
        "Packing the networks of {wildcards.experiment}"
    script:
        "../scripts/pack_experiment.py"


rule pack_networks:
    """Pack the trained networks of each experiment that is published."""
    input:
        [f"{RESULTS}/artefacts/{name}.zip" for name in plan.published],
