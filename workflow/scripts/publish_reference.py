"""Copy the small results of finished experiments to the committed reference, with their provenance."""

from pathlib import Path

from compare_published_values import compare_published_values
from judge_claims import judge_claims
from plot_robustness import plot_robustness
from richlazy import crate, publishing, reference
from richlazy.experiments import grids, planning
from richlazy.figures import robustness_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.registry import labels
from richlazy.storage import logs


def over_all(folder, config, merged, register, roles, published_values, project):
    """Verdicts, numbers beside those of the papers, and robustness of all that is published, now or earlier."""
    tests, runs = (sorted(Path(folder).glob(f"experiments/*/{of}")) for of in ("statistics/*", "tables/runs.parquet"))
    claims, values = (
        [f"{folder}/{page}.{end}" for end in ("parquet", "md", "html")] for page in ("claims", "published_values")
    )
    every, rows = merged["experiments"], Path(folder, "figures", "robustness.parquet")
    comparisons, ranks = planning.comparisons(merged, every), grids.rank_comparisons(merged, every)
    judge_claims(register, [*tests, *runs], *claims, config["statistics"] | roles, config["scale"], comparisons)
    compare_published_values(published_values, runs, *values, config["statistics"]["confidence_level"])
    page = FigureContext(robustness_figure.TITLE, config["figures"], rows.with_suffix(".png"), labels=labels())
    plot_robustness(page, [path for path in tests if path.stem == "trends"], ranks, config["statistics"], rows)
    publishing.compact_all(folder)
    crate.save(folder, project)
    publishing.check_size(folder)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "torch", "matplotlib")
    params, project = snakemake.params, Path(snakemake.scriptdir).resolve().parents[1]
    publishing.publish(params.folder, params.selected, snakemake.input.files, project)
    merged = reference.update_configuration(Path(params.folder, "config.yaml"), params.config, params.selected)
    over_all(params.folder, params.config, merged, params.register, params.roles, params.published_values, project)
