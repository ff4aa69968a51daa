"""Names and input functions of artefacts.smk. No rules."""

import itertools
from pathlib import PurePath

from richlazy.experiments.network_plan import training_modules
from snakemake.io import strip_wildcard_constraints

# What training makes, as its rules name it, below the folder of a job.
TRAINED = {
    kind: [
        strip_wildcard_constraints(file).partition("{networks}/")[2]
        for file in getattr(rules, f"train_{kind}").output
    ]
    for kind in TRAINING
}


@functools.cache
def trained_files():
    """Files that training makes of each network, by its folder below the results."""
    found = {}
    for kind, jobs in plan.training_jobs.items():
        for folder, below in itertools.product(jobs.folders, TRAINED[kind]):
            file = PurePath(jobs.model.folder, folder, below)
            found.setdefault(str(file.parent), []).append(f"{RESULTS}/{file}")
    return found


def packed_runs(wildcards):
    """Params function that gives the parameters of every network of an experiment, by its folder below the results."""
    folder = plan.model[wildcards.experiment].folder
    return {
        f"{folder}/{path}": parameters.told(plan.all_runs[path])
        for path in plan.paths_of_runs(wildcards)
    }


def code_of_packed(wildcards):
    """Params function that describes the code of their training, which certificates name: they are packed, too."""
    model = plan.model[wildcards.experiment]
    runs = (plan.all_runs[path] for path in plan.paths_of_runs(wildcards))
    modules = (module for run in runs for module in training_modules(model, run))
    return library("train_networks.py", modules=tuple(dict.fromkeys(modules)))


def packed_files(wildcards):
    """Input function that gives what training makes of every network of an experiment."""
    every = trained_files()
    return [file for folder in packed_runs(wildcards) for file in every[folder]]
