"""Figures of published experiments, drawn again from their tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from richlazy.experiments import grids, planning
from richlazy.figures import (
    effect_figure,
    figure_style,
    interaction_figure,
    loss_figure,
    lstm_figure,
    measure_figure,
    trajectory_figure,
    truncation_figure,
)
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import registry
from richlazy.storage import parquet


def drawn_again(
    folder: Path, target: Path, published: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Callable[[], None]]:
    """What draws the figures of a published experiment, by name: all but those of trials.

    Args:
        folder: of the experiment, with its tables.
        target: folder of the figures.
        published: configuration of all that is published.
        config: that of today, whose look the figures get.
    """
    experiment = published["experiments"][folder.name]
    tables = {file.stem: parquet.load_table(file) for file in sorted(folder.glob("*/*.parquet"))}

    def context(figure: str, labels: Mapping[str, Any]) -> FigureContext:
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

    def measures() -> None:
        known = [name for name in grids.measures(published, folder.name, "figures") if name in tables["runs"]]
        spectra, page = tables.get("spectra"), context("measures", registry.labels(known))
        spectrum = experiment.get("spectrum") if spectra is not None else None
        measure_figure.plot(page, tables["runs"], known, spectra=spectra, spectrum=spectrum)

    def losses() -> None:
        loss_figure.plot(context("losses", {}), tables["runs"], tables["curves"])

    def effects() -> None:
        page, settings = context("effects", registry.labels()), config["statistics"]
        effect_figure.plot(page, tables["trends"], tables["contrasts"], settings)

    def interactions() -> None:
        known = [name for name in grids.measures(published, folder.name, "statistics") if name in tables["runs"]]
        page, level = context("interactions", registry.labels(known)), config["statistics"]["significance_level"]
        interaction_figure.plot(page, tables["runs"], tables["interactions"], level)

    def trajectories() -> None:
        page = context("trajectories", registry.quantity_labels())
        trajectory_figure.plot(page, tables["runs"], tables["curves"])

    def truncation() -> None:
        truncation_figure.plot(context("truncation", {}), tables["runs"], tables["truncations"])

    def lstm() -> None:
        known = {name: tables[name] for name in planning.model_of(published, folder.name).tables if name in tables}
        lstm_figure.plot(context("lstm", {}), known, experiment.get("draw", experiment.get("weights")))

    known = {draw.__name__: draw for draw in (measures, losses, effects, interactions, trajectories, truncation, lstm)}
    return {name: known[name] for name in planning.figure_names(published, folder.name) if name in known}
