"""Test, judge and draw the committed reference results again, from their tables of runs alone."""

from pathlib import Path

import yaml

from compare_conditions import compare_conditions
from publish_reference import over_all
from richlazy.experiments import grids, planning
from richlazy.figures import effect_figure, figure_style
from richlazy.figures.figure_context import FigureContext
from richlazy.measures.registry import labels
from richlazy.storage import logs, parquet


def judge_reference(folder, config, register, roles, published_values):
    """Statistics, effects, verdicts and robustness of all that is published, under the rules and settings of today."""
    published = yaml.safe_load(Path(folder, "config.yaml").read_text())
    for runs in sorted(Path(folder).glob("experiments/*/tables/runs.parquet")):
        test_again(runs.parent.parent, published, config, roles)
    over_all(folder, config, published, register, roles, published_values)


def test_again(folder, published, config, roles):
    """Statistics of one published experiment, and the figure of its effects."""
    name = folder.name
    arms, compare = planning.arms(published, name), published["experiments"][name]["compare"]
    known = parquet.meanings(folder / "tables/runs.parquet")
    measures = [measure for measure in grids.measures(published, name, "statistics") if measure in known]
    model = planning.model_of(published, name)
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
    params = snakemake.params
    judge_reference(params.folder, snakemake.config, params.register, params.roles, params.published_values)
