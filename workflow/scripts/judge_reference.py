"""Test, judge and draw the committed reference results again, from their tables of runs alone."""

from pathlib import Path

from compare_conditions import compare_conditions
from publish_reference import over_all
from richlazy.experiments import grids, planning
from richlazy.figures import effect_figure, figure_style
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.registry import labels
from richlazy.storage import logs, parquet


def compare_again(folder, published, config, roles):
    """Statistics of one published experiment, and the figure of its effects, under the rules and settings of today."""
    name, model = folder.name, planning.model_of(published, folder.name)
    arms, compare = planning.arms(published, name), published["experiments"][name]["compare"]
    known = parquet.meanings(folder / "tables/runs.parquet")
    measures = [measure for measure in grids.measures(published, name, "statistics") if measure in known]
    tables = {table: folder / f"statistics/{table}.parquet" for table in model.statistics}
    settings = config["statistics"] | roles | {"measures": measures}
    compare_conditions(folder / "tables/runs.parquet", tables, arms, compare, settings)
    if "effects" in model.figures:
        title = figure_style.as_written(published["experiments"][name]["title"])
        page = FigureContext(title, config["figures"], folder / "figures/effects.png", None, arms, compare, labels())
        found = (parquet.load_table(tables[table]) for table in ("trends", "contrasts"))
        effect_figure.plot(page, *found, config["statistics"]["significance_level"])


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "scipy", "matplotlib")
    params, config, published = snakemake.params, snakemake.params.config, snakemake.params.published
    for runs in sorted(Path(params.folder).glob("experiments/*/tables/runs.parquet")):
        compare_again(runs.parents[1], published, config, params.roles)
    over_all(params.folder, config, published, params.register, params.roles, params.published_values)
