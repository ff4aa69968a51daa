"""From runs to tables, statistics and claims.

Reads   measures.json and history.json of every run of an experiment, followed.json of those that it follows,
        solutions.json of the first ones of its pairs, unseen.json of those that it asks what they were not trained on;
        data/papers/*/claims.yaml, published_values.yaml; configuration: statistics
        initial weights of an experiment
Writes  experiments/{experiment}/tables/runs.parquet, curves.parquet, connectivity.parquet, spectra.parquet
        experiments/{experiment}/statistics/trends.parquet, contrasts.parquet, losses.parquet,
        interactions.parquet
        claims.parquet, claims.md, claims.html; published_values.parquet, published_values.md, published_values.html
"""

for model in plan.models.values():

    rule:
        """Collect the runs of an experiment into its tables: one row per network, or per part of one, and loss curves."""
        name:
            f"tabulate{model.suffix}"
        input:
            measures=plan.measures_of_runs,
            histories=plan.histories_of_runs,
            followed=plan.followed_runs,
            solutions=plan.solutions_of_runs,
            unseen=plan.unseen_of_runs,
        output:
            **{
                table: TABLES.replace("{table}", table)
                for table in model.tables
                if table != "connectivity"
            },
        log:
            f"{RESULTS}/logs/tabulate/{{experiment}}.log",
        wildcard_constraints:
            experiment=one_of(plan.experiments_of(model)),
        group:
            "summaries"
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(10),
        params:
            code=library("tabulate_runs.py", modules=(model.tabulating,)),
            implementation=model.tabulating,
            settings=plan.tabulating,
        message:
            "Tables of {wildcards.experiment}"
        script:
            "../scripts/tabulate_runs.py"


rule tabulate_truncations:
    """Collect the losses of the truncated networks of an experiment into one row per network and rank."""
    input:
        truncated=plan.truncations_of_runs,
    output:
        f"{RESULTS}/experiments/{{experiment}}/tables/truncations.parquet",
    log:
        f"{RESULTS}/logs/tabulate_truncations/{{experiment}}.log",
    wildcard_constraints:
        experiment=one_of(plan.experiments_of(plan.models["runs"])),
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("tabulate_truncations.py"),
        runs=plan.paths_of_runs,
    message:
        "Truncated networks of {wildcards.experiment}"
    script:
        "../scripts/tabulate_truncations.py"


rule tabulate_connectivity:
    """Collect norms, motifs and spectra of the initial recurrent weights of an experiment."""
    input:
        matrices=plan.initial_weights,
    output:
        connectivity=f"{RESULTS}/experiments/{{experiment}}/tables/connectivity.parquet",
        spectra=f"{RESULTS}/experiments/{{experiment}}/tables/spectra.parquet",
    log:
        f"{RESULTS}/logs/tabulate_connectivity/{{experiment}}.log",
    wildcard_constraints:
        experiment=one_of(plan.experiments_of(plan.models["runs"])),
    group:
        "summaries"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        code=library("tabulate_connectivity.py"),
        runs=plan.initial_weight_parameters,
        connectomes=plan.connectome_notes,
        swept=plan.swept_options,
    message:
        "Initial weights of {wildcards.experiment}"
    script:
        "../scripts/tabulate_connectivity.py"


for model in plan.models.values():

    rule:
        """Test the effect of what an experiment compares on every measure, and whether losses are comparable."""
        name:
            f"compare_conditions{model.suffix}"
        input:
            runs=TABLES.replace("{table}", "runs"),
        output:
            **{
                table: STATISTICS.replace("{table}", table)
                for table in model.statistics
            },
        log:
            f"{RESULTS}/logs/compare_conditions/{{experiment}}.log",
        wildcard_constraints:
            experiment=one_of(plan.experiments_of(model)),
        group:
            "summaries"
        conda:
            "../../envs/analysis.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(10),
        params:
            code=library("compare_conditions.py"),
            arms=plan.arms,
            compare=of_experiment("compare"),
            measures=plan.tested_measures,
            settings=collect_settings(
                "statistics",
                ["significance_level", "confidence_level", "comparable_loss"],
            )
            | measure_registry.roles(),
        message:
            "Statistics of {wildcards.experiment}"
        script:
            "../scripts/compare_conditions.py"


rule judge_claims:
    """Judge every claim of the papers from the statistics and runs of the selected experiments."""
    input:
        claims=[project_file(file) for file in CLAIM_FILES],
        statistics=results.statistics(plan.selected),
        runs=results.tables_of_runs(),
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
        code=library("judge_claims.py"),
        settings=collect_settings(
            "statistics",
            [
                "significance_level",
                "minimum_seeds",
                "confidence_level",
                "comparable_loss",
                "negligible_tau",
                "negligible_share",
            ],
        )
        | measure_registry.roles(),
        register=CLAIMS,
        comparisons=planning.comparisons(config, plan.selected),
        scale=config["scale"],
    message:
        "Judging the claims"
    script:
        "../scripts/judge_claims.py"


rule compare_published_values:
    """Set every number that the papers give beside that of the selected experiments."""
    input:
        values=[project_file(file) for file in PUBLISHED_FILES],
        runs=results.tables_of_runs(),
    output:
        table=f"{RESULTS}/published_values.parquet",
        markdown=f"{RESULTS}/published_values.md",
        page=report(
            f"{RESULTS}/published_values.html",
            caption="../report/published_values.rst",
            category="Claims",
            labels={"content": "numbers of the papers beside ours"},
        ),
    log:
        f"{RESULTS}/logs/compare_published_values.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("compare_published_values.py"),
        register=PUBLISHED_VALUES,
        confidence=config["statistics"]["confidence_level"],
    message:
        "Comparing numbers of the papers"
    script:
        "../scripts/compare_published_values.py"
