"""From runs to tables, statistics and claims.

Reads   measures.json and history.json of every run of an experiment, followed.json of those that it follows;
        data/papers/*/claims.yaml; configuration: statistics
        initial weights of an experiment
Writes  experiments/{experiment}/tables/runs.parquet, curves.parquet, connectivity.parquet, spectra.parquet
        experiments/{experiment}/statistics/trends.parquet, contrasts.parquet, losses.parquet,
        interactions.parquet
        claims.parquet, claims.md, claims.html
"""


rule tabulate:
    """Collect the runs of an experiment into one row per network and one table of loss curves."""
    input:
        measures=run_files("measures.json"),
        histories=run_files("history.json"),
        followed=followed_files,
        library=library("tabulate_runs.py"),
    output:
        runs=f"{RESULTS}/experiments/{{experiment}}/tables/runs.parquet",
        curves=f"{RESULTS}/experiments/{{experiment}}/tables/curves.parquet",
    log:
        f"{RESULTS}/logs/tabulate/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        settings=collect_settings("statistics", ["convergence_factor", "loss_margin"]),
        connectomes=experiment_connectomes,
        followed=followed_runs,
        theory=experiment_theory,
        swept=experiment_swept_options,
    message:
        "Tables of {wildcards.experiment}"
    script:
        "../scripts/tabulate_runs.py"


rule tabulate_truncations:
    """Collect the losses of the truncated networks of an experiment into one row per network and rank."""
    input:
        truncated=run_files("truncation.json"),
        library=library("tabulate_truncations.py"),
    output:
        f"{RESULTS}/experiments/{{experiment}}/tables/truncations.parquet",
    log:
        f"{RESULTS}/logs/tabulate_truncations/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        runs=experiment_run_paths,
    message:
        "Truncated networks of {wildcards.experiment}"
    script:
        "../scripts/tabulate_truncations.py"


rule tabulate_connectivity:
    """Collect norms, motifs and spectra of the initial recurrent weights of an experiment."""
    input:
        matrices=experiment_connectivities,
        library=library("tabulate_connectivity.py"),
    output:
        connectivity=f"{RESULTS}/experiments/{{experiment}}/tables/connectivity.parquet",
        spectra=f"{RESULTS}/experiments/{{experiment}}/tables/spectra.parquet",
    log:
        f"{RESULTS}/logs/tabulate_connectivity/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        runs=experiment_connectivity_runs,
        connectomes=experiment_connectomes,
        swept=experiment_swept_options,
    message:
        "Initial weights of {wildcards.experiment}"
    script:
        "../scripts/tabulate_connectivity.py"


rule compare_conditions:
    """Test the effect of the compared parameter on every measure, and whether losses are comparable."""
    input:
        runs=f"{RESULTS}/experiments/{{experiment}}/tables/runs.parquet",
        library=library("compare_conditions.py"),
    output:
        trends=STATISTICS.replace("{table}", "trends"),
        contrasts=STATISTICS.replace("{table}", "contrasts"),
        losses=STATISTICS.replace("{table}", "losses"),
        interactions=STATISTICS.replace("{table}", "interactions"),
    log:
        f"{RESULTS}/logs/compare_conditions/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        arms=experiment_arms,
        compare=experiment_setting("compare"),
        measures=experiment_measures("statistics"),
        settings=collect_settings(
            "statistics",
            ["confidence_level", "bootstrap_resamples", "loss_margin"],
        ),
    message:
        "Statistics of {wildcards.experiment}"
    script:
        "../scripts/compare_conditions.py"


rule judge_claims:
    """Judge every claim of the papers from the statistics and runs of the selected experiments."""
    input:
        claims=[project_file(file) for file in CLAIM_FILES],
        statistics=collect(STATISTICS, experiment=SELECTED, table=STATISTIC_NAMES)
        + collect(LANGUAGE_CONTRASTS, language_experiment=LANGUAGE_NAMES),
        runs=collect(
            f"{RESULTS}/experiments/{{experiment}}/tables/runs.parquet",
            experiment=SELECTED,
        ),
        library=library("judge_claims.py"),
    output:
        table=f"{RESULTS}/claims.parquet",
        markdown=f"{RESULTS}/claims.md",
        page=report(
            f"{RESULTS}/claims.html",
            caption="../report/claims.rst",
            category="Claims",
            labels={"content": "verdicts and evidence"},
        ),
    log:
        f"{RESULTS}/logs/judge_claims.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        settings=collect_settings(
            "statistics",
            [
                "significance_level",
                "minimum_seeds",
                "confidence_level",
                "bootstrap_resamples",
            ],
        ),
        scale=config["scale"],
    message:
        "Judging the claims"
    script:
        "../scripts/judge_claims.py"
