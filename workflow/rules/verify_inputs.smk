"""Names and input functions of verify.smk. No rules."""

import functools
import re

import yaml

from richlazy.training import rules as learning_rules

REFERENCE = config["recheck"]["reference"]
REFERENCE_TABLE = f"{REFERENCE}/experiments/{{experiment}}/tables/{{table}}.parquet"
SCRIPTS_OF_A_RUN = [
    "build_connectivity.py",
    "build_teacher_aligned.py",
    "sample_training_trials.py",
    "sample_probe_trials.py",
    "train_teacher.py",
]
# What they import by name: every structure, every kind of task with what samples its trials, every model, every rule.
MODULES_OF_A_RUN = (
    *(
        name
        for key, kind in registry.members().items()
        for name in [f"tasks.kinds.{key}", kind.trials]
        if name
    ),
    *(STRUCTURES.module(kind) for kind in STRUCTURES),
    *(
        stage
        for model in plan.models.values()
        for stage in [model.planning, model.training, model.measuring]
    ),
    *learning_rules.MODULES,
)
# Paths of runs of any model.
RUN_OF_ANY_MODEL = "|".join(
    f"(?:{late_import.load(model.planning).RUN_PATH})" for model in plan.models.values()
)


@functools.cache
def reference_config():
    """Configuration of the reference results."""
    return yaml.safe_load(Path(REFERENCE, "config.yaml").read_text())


def data_at_hand():
    """Files of data that a row of the reference results can be trained on: those that need no download, or that are there."""
    there = Path(RESULTS).glob("[isw]*/**/*.np[yz]")
    return trials.files_at_hand(config) | {
        str(path.relative_to(RESULTS)) for path in there
    }


@functools.cache
def recheck_sample():
    """Rows of the reference results to train again, and a sentence about those that are left out."""
    from richlazy import rechecking

    settings = config["recheck"]
    found = rechecking.runs_tables(REFERENCE)
    if not found:
        sys.exit(
            f"recheck finds no tables of runs in {REFERENCE}; name the folder of reference results in recheck.reference"
        )
    without = trials.tasks_without_data(reference_config(), data_at_hand())
    rows = rechecking.sample_rows(found, settings["runs"], settings["seed"], without)
    return rows, rechecking.left_out(found, without)


def recheck_results(wildcards):
    """Input function that draws rows of the reference results to train again."""
    return [
        f"{RESULTS}/recheck/{row.experiment}/{row.run}.json"
        for row in recheck_sample()[0].itertuples()
    ]


def data_of_recheck(wildcards):
    """Input function that gives the files of data of which the task of a row of the reference results is made."""
    name = re.match("task~([^+/]+)", wildcards.run)[1]
    needed = trials.data_files(registry.named(reference_config()["tasks"], name))
    return {need: f"{RESULTS}/{file}" for need, file in needed.items()}
