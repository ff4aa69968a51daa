"""The page of the published results, from their committed tables: nothing is run."""

import json
from pathlib import Path
from typing import Any

import yaml

from richlazy.experiments import page_plan
from richlazy.pages.results_page import Given


def given(folder: Path, project: Path, library: str) -> Given:
    """What the page of published results is made of.

    Args:
        folder: of the published results, with ``config.yaml`` and for each experiment ``provenance.json``.
        project: folder of the project; its papers say what they show.
        library: JavaScript of the chart library.
    """
    config: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text())
    names = sorted(path.parents[1].name for path in folder.glob("experiments/*/tables/runs.parquet"))
    experiments = page_plan.described(config, [name for name in names if name in config["experiments"]])
    for file in sorted(project.glob("data/papers/*/experiments.yaml")):
        for name, entry in yaml.safe_load(file.read_text())["experiments"].items():
            if name in experiments and "paper_shows" in entry:
                experiments[name]["paper_shows"] = entry["paper_shows"]
    origins = {name: folder / "experiments" / name / "provenance.json" for name in experiments}
    return Given(
        folder=folder,
        experiments=experiments,
        methods=page_plan.methods(config),
        measures=page_plan.measures(),
        provenance={name: json.loads(file.read_text()) for name, file in origins.items() if file.exists()},
        library=library,
        beside=sorted([*folder.glob("figures/*.png"), *folder.glob("[ct]*s/*/figures/*.png")]),
        options="",
        captions=project / "workflow/report",
    )
