"""Names and input functions of artefacts.smk. No rules."""

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
