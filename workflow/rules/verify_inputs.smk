"""Names and input functions of verify.smk. No rules."""

import functools
import re

import yaml

from richlazy.experiments import variants
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


def connectomes_at_hand():
    """Notes of connectomes on which such a row can be trained, likewise."""
    here = plan.connectomes_from("file", "synthetic").keys()
    there = {
        path.parent.name for path in Path(RESULTS).glob("connectomes/*/weights.npy")
    }
    return {
        grids.connectome_note(config, name)
        for name in here | (there & plan.connectomes.keys())
    }


@functools.cache
def recheck_sample():
    """Rows of the reference results to train again, and a sentence about those that are left out."""
    from richlazy.recheck_sample import AtHand, left_out, runs_tables, sample_rows

    settings = config["recheck"]
    found = runs_tables(REFERENCE)
    if not found:
        sys.exit(
            f"recheck finds no tables of runs in {REFERENCE}; name the folder of reference results in recheck.reference"
        )
    tasks = reference_config()["tasks"]
    here = AtHand(
        trials.tasks_without_data(reference_config(), data_at_hand()),
        connectomes_at_hand(),
        {name: registry.named(tasks, name).key for name in tasks},
    )
    rows = sample_rows(found, settings["runs"], settings["seed"], here)
    return rows, left_out(found, here)


def recheck_results(wildcards):
    """Input function that draws rows of the reference results to train again."""
    return [
        f"{RESULTS}/recheck/{row.experiment}/{row.run}.json"
        for row in recheck_sample()[0].itertuples()
    ]


def data_of_recheck(wildcards):
    """Input function that gives the files of data of which task and structure of a row of the reference results are made."""
    name = re.match("task~([^+/]+)", wildcards.run)[1]
    needed = trials.data_files(registry.named(reference_config()["tasks"], name))
    if connectome := connectome_of_recheck(wildcards):
        needed |= {"connectome": f"connectomes/{connectome}/weights.npy"}
    return {need: f"{RESULTS}/{file}" for need, file in needed.items()}


def planned_again(run):
    """What plans the network of a row of the reference results, its configuration, and itself in a list."""
    plannings = [late_import.load(model.planning) for model in plan.models.values()]
    planning = next(one for one in plannings if re.fullmatch(one.RUN_PATH, run))
    row = planning.run_of_path(run)
    return planning, variants.with_entries_of(reference_config(), row), [row]


def seconds_again(run):
    """Seconds in which the network of a row of the reference results is trained and measured again, on one core."""
    planning, *of_run = planned_again(run)
    return sum(planning.seconds(*of_run))


def needs_again(run, attempt):
    """All MB, and all minutes, that training and measuring it take."""
    planning, *of_run = planned_again(run)
    needs = (planning.training_need, planning.measuring_need)
    return zip(*(need(*of_run, attempt) for need in needs))


def mb_again(wildcards, attempt):
    """MB to train and to measure it, one after the other, with its trials beside it."""
    megabytes, _ = needs_again(wildcards.run, attempt)
    return 1000 * attempt + max(megabytes)


def minutes_again(wildcards, attempt):
    """Minutes to draw its trials, to train and to measure it."""
    _, minutes = needs_again(wildcards.run, attempt)
    return 10 * attempt + sum(minutes)


def connectome_of_recheck(wildcards):
    """The name of the connectome from which a row of the reference results starts, if any."""
    structure = re.search("structure~([^+/]+)", wildcards.run)
    return grids.connectome_of(reference_config(), structure[1]) if structure else None


def origin_of_connectome(root):
    """Input function that gives what says, below a folder, where this connectome comes from and which cells were chosen."""

    def files(wildcards):
        name = connectome_of_recheck(wildcards)
        folder = f"{root}/connectomes/{name}"
        return [f"{folder}/provenance.json", f"{folder}/selection.json"] if name else []

    return files
