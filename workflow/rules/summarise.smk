"""From runs to tables, statistics and claims.

Reads   measures.json and history.json of every run of an experiment, followed.json of those that it follows;
        data/papers/*/claims.yaml; configuration: statistics
        initial weights of an experiment
Writes  experiments/{experiment}/tables/runs.parquet, curves.parquet, connectivity.parquet, spectra.parquet
        experiments/{experiment}/statistics/trends.parquet, contrasts.parquet, losses.parquet,
        interactions.parquet
        claims.parquet, claims.md, claims.html
"""

for folder, model in MODELS.items():

    rule:
        """Collect the runs of an experiment into its tables: one row per network, or per part of one, and loss curves."""
        name:
            f"tabulate{model.suffix}"
        input:
            measures=run_files("measures.json"),
            histories=run_files("history.json"),
            followed=followed_files,
            library=library("tabulate_runs.py", modules=(model.tabulating,)),
        output:
            **{
                table: TABLES.replace("{table}", table)
                for table in model.tables
                if table != "connectivity"
            },
        log:
            f"{RESULTS}/logs/tabulate/{{experiment}}.log",
        wildcard_constraints:
            experiment=one_of(EXPERIMENTS_OF[folder]),
        group:
            "summaries"
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(10),
        params:
            implementation=model.tabulating,
            settings=tabulating_settings,
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
    wildcard_constraints:
        experiment=one_of(EXPERIMENTS_OF["runs"]),
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
    wildcard_constraints:
        experiment=one_of(EXPERIMENTS_OF["runs"]),
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


for folder, model in MODELS.items():

    rule:
        """Test the effect of what an experiment compares on every measure, and whether losses are comparable."""
        name:
            f"compare_conditions{model.suffix}"
        input:
            runs=TABLES.replace("{table}", "runs"),
            library=library("compare_conditions.py"),
        output:
            **{
                table: STATISTICS.replace("{table}", table)
                for table in model.statistics
            },
        log:
            f"{RESULTS}/logs/compare_conditions/{{experiment}}.log",
        wildcard_constraints:
            experiment=one_of(EXPERIMENTS_OF[folder]),
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
        statistics=statistics_files(*SELECTED),
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
