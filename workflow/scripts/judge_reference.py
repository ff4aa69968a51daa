"""Test, judge and draw the committed reference results again, from their tables alone."""

from pathlib import Path

from compare_conditions import compare_conditions
from publish_reference import over_all
from richlazy import published_figures
from richlazy.experiments import grids, planning
from richlazy.storage import logs, parquet


def compare_again(folder, published, config, roles):
    """Statistics of one published experiment under the rules and settings of today."""
    name, model = folder.name, planning.model_of(published, folder.name)
    arms, compare = planning.arms(published, name), published["experiments"][name]["compare"]
    known = parquet.meanings(folder / "tables/runs.parquet")
    measures = [measure for measure in grids.measures(published, name, "statistics") if measure in known]
    tables = {table: folder / f"statistics/{table}.parquet" for table in model.statistics}
    settings = config["statistics"] | roles | {"measures": measures}
    compare_conditions(folder / "tables/runs.parquet", tables, arms, compare, settings)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "scipy", "matplotlib")
    params, config, published = snakemake.params, snakemake.params.config, snakemake.params.published
    for runs in sorted(Path(params.folder).glob("experiments/*/tables/runs.parquet")):
        compare_again(runs.parents[1], published, config, params.roles)
        for draw in published_figures.drawn_again(
            runs.parents[1], runs.parents[1] / "figures", published, config
        ).values():
            draw()
    project = Path(snakemake.scriptdir).resolve().parents[1]
    over_all(params.folder, config, published, params.register, params.roles, params.published_values, project)
