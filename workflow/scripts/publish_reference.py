"""Copy the small results of finished experiments to the committed reference, with their provenance."""

from pathlib import Path

from compare_published_values import compare_published_values
from judge_claims import judge_claims
from plot_robustness import plot_robustness
from richlazy import publishing, reference
from richlazy.experiments import grids, planning
from richlazy.figures import robustness_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.registry import labels
from richlazy.storage import logs


def publish_reference(folder, selected, files, config, project, register, roles, published_values):
    """Publish the selected experiments; what is over several is of all that are published, earlier ones too."""
    publishing.publish(folder, selected, files, project)
    merged = reference.update_configuration(Path(folder, "config.yaml"), config)
    over_all(folder, config, merged, register, roles, published_values)


def over_all(folder, config, merged, register, roles, published_values):
    """Verdicts, numbers beside those of the papers, and robustness of all that is published."""
    published = [*Path(folder).glob("experiments/*/statistics/*"), *Path(folder).glob("experiments/*/tables/runs.*")]
    settings, comparisons = config["statistics"] | roles, planning.comparisons(merged, merged["experiments"])
    claims = [f"{folder}/claims.{suffix}" for suffix in ("parquet", "md", "html")]
    judge_claims(register, sorted(published), *claims, settings, config["scale"], comparisons)
    runs = sorted(path for path in published if path.stem == "runs")
    values = [f"{folder}/published_values.{suffix}" for suffix in ("parquet", "md", "html")]
    compare_published_values(published_values, runs, *values, config["statistics"]["confidence_level"])
    trends = sorted(path for path in published if path.stem == "trends")
    rows, level = Path(folder, "figures", "robustness.parquet"), config["statistics"]["significance_level"]
    page = FigureContext(robustness_figure.TITLE, config["figures"], rows.with_suffix(".png"), labels=labels())
    plot_robustness(page, trends, grids.rank_comparisons(merged, merged["experiments"]), level, rows)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "torch", "matplotlib")
    inputs, params = snakemake.input, snakemake.params
    project = Path(snakemake.scriptdir).resolve().parents[1]
    given = (params.folder, params.selected, inputs.files, snakemake.config, project)
    publish_reference(*given, params.register, params.roles, params.published_values)
