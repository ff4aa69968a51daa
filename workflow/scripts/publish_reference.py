"""Copy the small results of finished experiments to the committed reference, with their provenance."""

from pathlib import Path

import yaml

from judge_claims import judge_claims
from plot_robustness import plot_robustness
from richlazy import reference
from richlazy.experiments import grids
from richlazy.figures import robustness_figure
from richlazy.figures.context import FigureContext
from richlazy.storage import array_io, logs


def publish_reference(folder, selected, files, config, workflow_folder, register):
    """Publish the selected experiments; verdicts and robustness are of all that are published, earlier ones too."""
    root = Path(files[0]).parents[3]  # <root>/experiments/<name>/tables/runs.parquet
    for file in map(Path, files):
        reference.copy_whole(file, Path(folder, file.relative_to(root)))
    for experiment in selected:
        reference.save_origin(Path(folder, "experiments", experiment), root, workflow_folder)
    kept = Path(folder, "config.yaml")
    merged = reference.merged_configuration(yaml.safe_load(kept.read_text()) if kept.exists() else {}, config)
    array_io.save_text(kept, yaml.safe_dump(merged, sort_keys=False))
    published = [*Path(folder).glob("experiments/*/statistics/*"), *Path(folder).glob("experiments/*/tables/runs.*")]
    written = (Path(folder, f"claims.{suffix}") for suffix in ("parquet", "md", "html"))
    judge_claims(register, sorted(published), *written, config["statistics"], config["scale"])
    trends = sorted(path for path in published if path.stem == "trends")
    comparisons = grids.rank_comparisons(merged, merged["experiments"])
    drawn = Path(folder, "figures", "robustness")
    context = FigureContext(robustness_figure.TITLE, config["figures"], png=drawn.with_suffix(".png"))
    level = config["statistics"]["significance_level"]
    plot_robustness(context, trends, comparisons, level, drawn.with_suffix(".parquet"))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "torch", "matplotlib")
    inputs, params = snakemake.input, snakemake.params
    workflow_folder = Path(snakemake.scriptdir).parents[1]
    publish_reference(params.folder, params.selected, inputs.files, snakemake.config, workflow_folder, inputs.register)
