"""Copy the small results of finished experiments to the committed reference, with their provenance."""

from pathlib import Path

from compare_published_values import compare_published_values
from judge_claims import judge_claims
from plot_robustness import plot_robustness
from richlazy import reference
from richlazy.experiments import grids, planning
from richlazy.figures import robustness_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.registry import labels
from richlazy.storage import logs


def publish_reference(folder, selected, files, config, workflow_folder, register, roles, published_values):
    """Publish the selected experiments; what is over several is of all that are published, earlier ones too."""
    root = Path(files[0]).parents[3]  # <root>/experiments/<name>/tables/runs.parquet
    for file in map(Path, files):
        reference.copy_whole(file, Path(folder, file.relative_to(root)))
    for experiment in selected:
        reference.save_origin(Path(folder, "experiments", experiment), root, workflow_folder)
    merged = reference.update_configuration(Path(folder, "config.yaml"), config)
    published = [*Path(folder).glob("experiments/*/statistics/*"), *Path(folder).glob("experiments/*/tables/runs.*")]
    written = {"table": f"{folder}/claims.parquet", "markdown": f"{folder}/claims.md", "page": f"{folder}/claims.html"}
    settings, comparisons = config["statistics"] | roles, planning.comparisons(merged, merged["experiments"])
    judge_claims(
        register, sorted(published), settings=settings, scale=config["scale"], comparisons=comparisons, **written
    )
    compare_with_papers(folder, published_values, config["statistics"]["confidence_level"])
    trends = sorted(path for path in published if path.stem == "trends")
    rows, level = Path(folder, "figures", "robustness.parquet"), config["statistics"]["significance_level"]
    page = FigureContext(robustness_figure.TITLE, config["figures"], rows.with_suffix(".png"), labels=labels())
    plot_robustness(page, trends, grids.rank_comparisons(merged, merged["experiments"]), level, rows)


def compare_with_papers(folder, register, confidence):
    """Set numbers of papers beside those of all published experiments."""
    runs = sorted(Path(folder).glob("experiments/*/tables/runs.parquet"))
    stem = f"{folder}/published_values"
    compare_published_values(register, runs, f"{stem}.parquet", f"{stem}.md", None, confidence)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "torch", "matplotlib")
    inputs, params = snakemake.input, snakemake.params
    workflow_folder = Path(snakemake.scriptdir).parents[1]
    publish_reference(
        params.folder,
        params.selected,
        inputs.files,
        snakemake.config,
        workflow_folder,
        params.register,
        params.roles,
        params.published_values,
    )
