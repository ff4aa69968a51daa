"""Figures of what the networks of an experiment did, for those that ask for them.

Reads   experiments/{experiment}/tables/runs, curves and truncations, answers of networks; configuration: figures
Writes  experiments/{experiment}/figures/ as PDF and PNG: trajectories where it follows runs or its tasks are learned one
        after another, truncation where it truncates weight changes, outputs where its figures show those of networks
"""


rule plot_trajectories:
    """Draw how the networks of an experiment that follows runs move: their tangent kernels, or their weights."""
    input:
        runs=f"{RESULTS}/experiments/{{experiment}}/tables/runs.parquet",
        curves=f"{RESULTS}/experiments/{{experiment}}/tables/curves.parquet",
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/trajectories.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/trajectories.png",
            caption="../report/trajectories.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "networks during training"},
        ),
    log:
        f"{RESULTS}/logs/plot_trajectories/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_trajectories.py"),
        arms=plan.arms,
        compare=of_experiment("compare"),
        title=of_experiment("title"),
        source=of_experiment("source"),
        labels=measure_registry.quantity_labels(),
        options=of_experiment("figure", {}),
        settings=figure_settings(),
    message:
        "Figure of the networks of {wildcards.experiment} during training"
    script:
        "../scripts/plot_trajectories.py"


rule plot_truncation:
    """Draw how low in rank the change of the recurrent weights is: singular values, and loss when truncated."""
    input:
        runs=f"{RESULTS}/experiments/{{experiment}}/tables/runs.parquet",
        truncations=f"{RESULTS}/experiments/{{experiment}}/tables/truncations.parquet",
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/truncation.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/truncation.png",
            caption="../report/truncation.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "rank of the weight change"},
        ),
    log:
        f"{RESULTS}/logs/plot_truncation/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_truncation.py"),
        arms=plan.arms,
        compare=of_experiment("compare"),
        title=of_experiment("title"),
        source=of_experiment("source"),
        settings=figure_settings(),
    message:
        "Figure of the rank of the weight change of {wildcards.experiment}"
    script:
        "../scripts/plot_truncation.py"


rule plot_outputs:
    """Draw what trained networks answer on a few trials, over what is asked of them."""
    input:
        answers=plan.answers,
        probes=plan.probes_of_answers,
    output:
        pdf=f"{RESULTS}/experiments/{{experiment}}/figures/outputs.pdf",
        png=report(
            f"{RESULTS}/experiments/{{experiment}}/figures/outputs.png",
            caption="../report/outputs.rst",
            category="Figures",
            subcategory="{experiment}",
            labels={"figure": "outputs of trained networks"},
        ),
    log:
        f"{RESULTS}/logs/plot_outputs/{{experiment}}.log",
    group:
        "summaries"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_outputs.py"),
        networks=plan.described_answers,
        compare=of_experiment("compare"),
        title=of_experiment("title"),
        source=of_experiment("source"),
        settings=figure_settings("dot_colour", "median_colour"),
    message:
        "Figure of what networks of {wildcards.experiment} answer"
    script:
        "../scripts/plot_outputs.py"
