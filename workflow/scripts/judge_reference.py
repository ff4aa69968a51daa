"""Test, judge and draw the committed reference results again, from their tables alone."""

from pathlib import Path

from compare_conditions import compare_conditions
from publish_reference import over_all
from richlazy import publishing
from richlazy.experiments import grids, planning
from richlazy.figures import (
    effect_figure,
    figure_style,
    loss_figure,
    lstm_figure,
    measure_figure,
    trajectory_figure,
    truncation_figure,
)
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import registry
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
    for table in tables.values():
        publishing.compact(table)


def drawn_again(folder, target, published, config):
    """What draws the figures of a published experiment to another folder, by name: all but those of trials."""
    experiment = published["experiments"][folder.name]
    tables = {file.stem: parquet.load_table(file) for file in sorted(folder.glob("*/*.parquet"))}

    def context(figure, labels):
        return FigureContext(
            figure_style.as_written(experiment["title"]),
            config["figures"],
            target / f"{figure}.png",
            None,
            planning.arms(published, folder.name),
            experiment["compare"],
            labels,
            registry.roles(),
            experiment.get("figure", {}),
        )

    def measures():
        known = [name for name in grids.measures(published, folder.name, "figures") if name in tables["runs"]]
        spectra, page = tables.get("spectra"), context("measures", registry.labels(known))
        spectrum = experiment.get("spectrum") if spectra is not None else None
        measure_figure.plot(page, tables["runs"], known, spectra=spectra, spectrum=spectrum)

    def losses():
        loss_figure.plot(context("losses", {}), tables["runs"], tables["curves"])

    def effects():
        page, settings = context("effects", registry.labels()), config["statistics"]
        effect_figure.plot(page, tables["trends"], tables["contrasts"], settings)

    def trajectories():
        page = context("trajectories", registry.quantity_labels())
        trajectory_figure.plot(page, tables["runs"], tables["curves"])

    def truncation():
        truncation_figure.plot(context("truncation", {}), tables["runs"], tables["truncations"])

    def lstm():
        lstm_figure.plot(context("lstm", {}), tables, experiment.get("draw", experiment.get("weights")))

    known = {draw.__name__: draw for draw in (measures, losses, effects, trajectories, truncation, lstm)}
    return {name: known[name] for name in planning.figure_names(published, folder.name) if name in known}


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "scipy", "matplotlib")
    params, config, published = snakemake.params, snakemake.params.config, snakemake.params.published
    for runs in sorted(Path(params.folder).glob("experiments/*/tables/runs.parquet")):
        compare_again(runs.parents[1], published, config, params.roles)
        for draw in drawn_again(runs.parents[1], runs.parents[1] / "figures", published, config).values():
            draw()
    over_all(params.folder, config, published, params.register, params.roles, params.published_values)
