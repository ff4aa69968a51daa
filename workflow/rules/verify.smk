"""Committed reference results: publishing them, and training a sample of them again.

Reads   results/reference/ (recheck); all results of the selected experiments (publish_reference)
Writes  recheck/{row}.json, recheck/verdict.txt
        results/reference/: for each experiment tables, fingerprints of the weights, statistics, PNG and
        provenance.json; claims and figures/robustness.png of all of them, config.yaml
"""

REFERENCE = config["recheck"]["reference"]
REFERENCE_TABLE = f"{REFERENCE}/experiments/{{experiment}}/tables/{{table}}.parquet"
SCRIPTS_OF_A_RUN = [
    project_file(f"workflow/scripts/{script}.py")
    for script in [
        "build_connectivity",
        "draw_batches",
        "draw_probe",
        "draw_teacher_batches",
        "draw_teacher_probe",
        "train_networks",
        "measure_networks",
    ]
]


rule recheck:
    """Train a random sample of the rows in results/reference/ again, not of LSTMs, and compare weights and measures."""
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
        tolerance=lookup(within=config, dpath="recheck/tolerance"),
    message:
        "Comparing networks trained again with the reference"
    script:
        "../scripts/recheck.py"


rule recheck_run:
    """Train one row of the reference results again, from nothing, and compare it."""
    input:
        runs=REFERENCE_TABLE.replace("{table}", "runs"),
        fingerprints=REFERENCE_TABLE.replace("{table}", "fingerprints"),
        provenance=f"{REFERENCE}/experiments/{{experiment}}/provenance.json",
        config=f"{REFERENCE}/config.yaml",
        scripts=SCRIPTS_OF_A_RUN,
        library=library(
            "recheck_run.py",
            "build_connectivity.py",
            "draw_batches.py",
            "draw_probe.py",
            "draw_teacher_batches.py",
            "draw_teacher_probe.py",
            "train_networks.py",
            "measure_networks.py",
        ),
    output:
        temp(f"{RESULTS}/recheck/{{experiment}}/{{run}}.json"),
    log:
        f"{RESULTS}/logs/recheck/{{experiment}}/{{run}}.log",
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        run="{run}",
    message:
        "Training again {wildcards.run}"
    script:
        "../scripts/recheck_run.py"


rule publish_reference:
    """Copy the small results of the selected experiments to results/reference/, with provenance."""
    input:
        files=publishable_files,
        register=project_file("data/claims.yaml"),
        scripts=[
            project_file(f"workflow/scripts/{script}.py")
            for script in ["judge_claims", "plot_robustness"]
        ],
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
        selected=[*SELECTED, *LANGUAGE_NAMES],
    message:
        "Publishing the results of {params.selected} to {params.folder}"
    script:
        "../scripts/publish_reference.py"
