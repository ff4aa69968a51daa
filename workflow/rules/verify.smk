"""Committed reference results: publishing them, and training a sample of them again.

Reads   results/reference/ (recheck); all results of the selected experiments (publish_reference)
Writes  recheck/{row}.json, recheck/verdict.txt
        results/reference/: for each experiment tables, fingerprints of the weights, statistics, PNG and
        provenance.json; claims and figures/robustness.png of all of them, config.yaml
"""

import functools

import yaml

REFERENCE = config["recheck"]["reference"]
REFERENCE_TABLE = f"{REFERENCE}/experiments/{{experiment}}/tables/{{table}}.parquet"
SCRIPTS_OF_A_RUN = [
    "build_connectivity.py",
    "build_teacher_aligned.py",
    "sample_training_trials.py",
    "sample_probe_trials.py",
    "train_teacher.py",
]
# What they import by name: every structure, every kind of task with what samples its trials, and every model.
MODULES_OF_A_RUN = (
    *(
        f"tasks.{module}"
        for key, kind in registry.members().items()
        for module in [f"kinds.{key}", kind.trials]
        if module
    ),
    *(STRUCTURES.module(kind) for kind in STRUCTURES),
    *(
        stage
        for model in plan.models.values()
        for stage in [model.planning, model.training, model.measuring]
    ),
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
    needed = trials.data_files(registry.task(reference_config()["tasks"][name]))
    return {need: f"{RESULTS}/{file}" for need, file in needed.items()}


rule recheck:
    """Train a random sample of the networks in results/reference/ again, and compare weights and measures."""
    input:
        results=recheck_results,
        library=library("recheck.py"),
    output:
        f"{RESULTS}/recheck/verdict.txt",
    log:
        f"{RESULTS}/logs/recheck.log",
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        tolerance=config["recheck"]["tolerance"],
        left_out=lambda wildcards: recheck_sample()[1],
    message:
        "Comparing networks trained again with the reference"
    script:
        "../scripts/recheck.py"


rule train_again:
    """Train and measure the network of one row of the reference results again, from nothing."""
    input:
        unpack(data_of_recheck),
        runs=REFERENCE_TABLE.replace("{table}", "runs"),
        config=f"{REFERENCE}/config.yaml",
        library=library("train_again.py", *SCRIPTS_OF_A_RUN, modules=MODULES_OF_A_RUN),
    output:
        network=temp(f"{RESULTS}/recheck/{{experiment}}/{{run}}/network.npz"),
        measures=temp(f"{RESULTS}/recheck/{{experiment}}/{{run}}/measures.json"),
    log:
        f"{RESULTS}/logs/train_again/{{experiment}}/{{run}}.log",
    wildcard_constraints:
        run=RUN_OF_ANY_MODEL,
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        run="{run}",
        given=lambda wildcards: list(data_of_recheck(wildcards)),
        sources={name: {"title": source["title"]} for name, source in SOURCES.items()},
    message:
        "Training again {wildcards.run}"
    script:
        "../scripts/train_again.py"


rule recheck_run:
    """Compare a network that was trained again with its row of the reference results."""
    input:
        network=rules.train_again.output.network,
        measures=rules.train_again.output.measures,
        runs=REFERENCE_TABLE.replace("{table}", "runs"),
        fingerprints=REFERENCE_TABLE.replace("{table}", "fingerprints"),
        provenance=f"{REFERENCE}/experiments/{{experiment}}/provenance.json",
        library=library(
            "recheck_run.py",
            modules=tuple(
                stage
                for model in plan.models.values()
                for stage in [model.planning, model.tabulating]
            ),
        ),
    output:
        temp(f"{RESULTS}/recheck/{{experiment}}/{{run}}.json"),
    log:
        f"{RESULTS}/logs/recheck/{{experiment}}/{{run}}.log",
    wildcard_constraints:
        run=RUN_OF_ANY_MODEL,
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        run="{run}",
    message:
        "Comparing {wildcards.run}"
    script:
        "../scripts/recheck_run.py"


rule publish_reference:
    """Copy the small results of the selected experiments to results/reference/, with provenance."""
    input:
        files=results.publishable,
        claims=[project_file(file) for file in CLAIM_FILES],
        library=library("publish_reference.py", "judge_claims.py", "plot_robustness.py"),
    output:
        touch(f"{RESULTS}/published.done"),
    log:
        f"{RESULTS}/logs/publish_reference.log",
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        folder=REFERENCE,
        selected=plan.selected,
    message:
        "Publishing the results of {params.selected} to {params.folder}"
    script:
        "../scripts/publish_reference.py"
