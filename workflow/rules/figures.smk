"""Figures of every experiment, from its tables and statistics alone.

Reads   experiments/{experiment}/tables/*.parquet and statistics/*.parquet; configuration: figures
Writes  experiments/{experiment}/figures/measures, losses, effects as PDF and PNG, interactions where it asks for them
        figures/robustness as PDF, PNG and Parquet, of all selected experiments that compare the rank of initial weights
"""


rule plot_measures:
    """Draw the measures of change of an experiment: a dot per run, a bar at the median."""
    input:
        unpack(results.spectra),
        runs=f"{RESULTS}/experiments/{{experiment}}/tables/runs.parquet",
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/measures.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/measures.png",
            caption="../report/measures.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "measures of change"},
        ),
    log:
        f"{RESULTS}/logs/plot_measures/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_measures.py"),
        arms=plan.arms,
        compare=of_experiment("compare"),
        title=of_experiment("title"),
        source=of_experiment("source"),
        spectrum=of_experiment("spectrum"),
        measures=plan.drawn_measures,
        labels=plan.drawn_labels,
        roles=plan.drawn_roles,
        options=of_experiment("figure", {}),
        settings=figure_settings("dot_colour", "median_colour"),
    message:
        "Figure of the measures of {wildcards.experiment}"
    script:
        "../scripts/plot_measures.py"


rule plot_losses:
    """Draw the loss curves of an experiment with the lowest loss that any observer can reach."""
    input:
        runs=f"{RESULTS}/experiments/{{experiment}}/tables/runs.parquet",
        curves=f"{RESULTS}/experiments/{{experiment}}/tables/curves.parquet",
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/losses.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/losses.png",
            caption="../report/losses.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "loss curves"},
        ),
    log:
        f"{RESULTS}/logs/plot_losses/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_losses.py"),
        arms=plan.arms,
        compare=of_experiment("compare"),
        title=of_experiment("title"),
        options=of_experiment("figure", {}),
        settings=figure_settings(),
    message:
        "Figure of the losses of {wildcards.experiment}"
    script:
        "../scripts/plot_losses.py"


rule plot_effects:
    """Draw the effect of the compared parameter on every measure in every arm, with intervals."""
    input:
        trends=STATISTICS.replace("{table}", "trends"),
        contrasts=STATISTICS.replace("{table}", "contrasts"),
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/effects.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/effects.png",
            caption="../report/effects.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "effect sizes"},
        ),
    log:
        f"{RESULTS}/logs/plot_effects/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_effects.py"),
        arms=plan.arms,
        compare=of_experiment("compare"),
        title=of_experiment("title"),
        statistics=collect_settings(
            "statistics", ["significance_level", "confidence_level"]
        ),
        labels=plan.tested_labels,
        settings=figure_settings("median_colour"),
    message:
        "Figure of the effects of {wildcards.experiment}"
    script:
        "../scripts/plot_effects.py"


rule plot_interactions:
    """Draw how the effect of the compared number changes over other numbers that an experiment sweeps."""
    input:
        runs=TABLES.replace("{table}", "runs"),
        interactions=STATISTICS.replace("{table}", "interactions"),
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/interactions.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/interactions.png",
            caption="../report/interactions.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "interactions"},
        ),
    log:
        f"{RESULTS}/logs/plot_interactions/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_interactions.py"),
        arms=plan.arms,
        compare=of_experiment("compare"),
        title=of_experiment("title"),
        significance_level=config["statistics"]["significance_level"],
        labels=plan.tested_labels,
        roles=plan.tested_roles,
        settings=figure_settings("dot_colour", "median_colour", "measures"),
    message:
        "Figure of the interactions of {wildcards.experiment}"
    script:
        "../scripts/plot_interactions.py"


rule plot_robustness:
    """Draw the effect of the rank of the initial weights in every arm of all experiments that compare it."""
    input:
        trends=results.rank_trends(),
    output:
        table=f"{RESULTS}/figures/robustness.parquet",
        pdf=f"{RESULTS}/figures/robustness.pdf",
        png=report(
            f"{RESULTS}/figures/robustness.png",
            caption="../report/robustness.rst",
            category="Robustness",
            labels={"figure": "effect of rank in every arm"},
        ),
    log:
        f"{RESULTS}/logs/plot_robustness.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_robustness.py"),
        comparisons=plan.rank_comparisons,
        labels=measure_registry.labels(),
        statistics=collect_settings(
            "statistics", ["significance_level", "confidence_level"]
        ),
        settings=figure_settings("measures"),
    message:
        "Figure of the effect of rank in every arm"
    script:
        "../scripts/plot_robustness.py"


rule plot_lstm:
    """Draw singular values, accuracy after truncation and the course of training, as Figure 5 of the paper."""
    input:
        **{
            table: TABLES.replace("{table}", table)
            for table in ["runs", "spectra", "truncations", "curves"]
        },
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/lstm.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/lstm.png",
            caption="../report/lstm.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "weights of LSTMs"},
        ),
    log:
        f"{RESULTS}/logs/plot_lstm/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_lstm.py"),
        weights=plan.drawn_weights,
        title=of_experiment("title"),
        source=of_experiment("source"),
        settings=figure_settings(),
    message:
        "Figure of {wildcards.experiment}"
    script:
        "../scripts/plot_lstm.py"
