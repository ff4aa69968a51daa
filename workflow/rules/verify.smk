"""Committed reference results: publishing them, judging them again, and training a sample of them again.

Reads   results/reference/ (recheck, judge_reference); all results of the selected experiments (publish_reference)
Writes  recheck/{row}.json, recheck/verdict.txt
        results/reference/: for each experiment tables, fingerprints of the weights, statistics, PNG and
        provenance.json; claims, published_values and figures/robustness.png of all of them, config.yaml
"""


include: "verify_inputs.smk"


rule recheck:
    """Train a random sample of the networks in results/reference/ again, and compare weights and measures."""
    input:
        results=recheck_results,
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
        code=library("recheck.py"),
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
        origin=origin_of_connectome(RESULTS),
        published_origin=origin_of_connectome(REFERENCE),
        runs=REFERENCE_TABLE.replace("{table}", "runs"),
        config=f"{REFERENCE}/config.yaml",
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
        mem_mb=mb_again,
        runtime=minutes_again,
    params:
        code=library("train_again.py", *SCRIPTS_OF_A_RUN, modules=MODULES_OF_A_RUN),
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
        code=library(
            "recheck_run.py",
            modules=tuple(
                stage
                for model in plan.models.values()
                for stage in [model.planning, model.tabulating]
            ),
        ),
        run="{run}",
    message:
        "Comparing {wildcards.run}"
    script:
        "../scripts/recheck_run.py"


rule publish_reference:
    """Copy the small results of the selected experiments to results/reference/, with provenance."""
    input:
        files=results.publishable,
        registers=[project_file(file) for file in [*CLAIM_FILES, *PUBLISHED_FILES]],
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
        code=library(
            "publish_reference.py",
            "judge_claims.py",
            "compare_published_values.py",
            "plot_robustness.py",
        ),
        folder=REFERENCE,
        selected=plan.published,
        config=config,
        register=CLAIMS,
        roles=measure_registry.roles(),
        published_values=PUBLISHED_VALUES,
    message:
        "Publishing the results of {params.selected} to {params.folder}"
    script:
        "../scripts/publish_reference.py"


rule judge_reference:
    """Test, judge and draw results/reference/ again from its tables, under the rules and settings of today."""
    input:
        runs=lambda wildcards: sorted(
            map(str, Path(REFERENCE).glob("experiments/*/tables/runs.parquet"))
        ),
        registers=[project_file(file) for file in [*CLAIM_FILES, *PUBLISHED_FILES]],
    # No output: whoever asks for it wants it now, whatever was judged before.
    log:
        f"{RESULTS}/logs/judge_reference.log",
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        code=library(
            "judge_reference.py",
            "publish_reference.py",
            "compare_conditions.py",
            "judge_claims.py",
            "compare_published_values.py",
            "plot_robustness.py",
        ),
        folder=REFERENCE,
        published=lambda wildcards: reference_config(),
        config={key: config[key] for key in ("scale", "statistics", "figures")},
        register=CLAIMS,
        roles=measure_registry.roles(),
        published_values=PUBLISHED_VALUES,
    message:
        "Judging {params.folder} again"
    script:
        "../scripts/judge_reference.py"
