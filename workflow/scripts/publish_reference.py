"""Copy the small results of finished experiments to the committed reference, with their provenance."""

import shutil
from pathlib import Path

import pandas as pd
import yaml

from judge_claims import judge_claims
from richlazy import logs, records, reference, tables


def publish_reference(folder, selected, files, config, workflow_folder, register):
    root = Path(files[0]).parents[3]  # <root>/experiments/<name>/tables/runs.parquet
    for file in map(Path, files):
        target = Path(folder, file.relative_to(root))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    for experiment in selected:
        runs = tables.load_table(root / "experiments" / experiment / "tables" / "runs.parquet")
        target = Path(folder, "experiments", experiment)
        prints = pd.DataFrame([{"run": row.run} | reference.fingerprint(row.network) for row in runs.itertuples()])
        tables.save_table(target / "tables" / "fingerprints.parquet", prints, reference.FINGERPRINT_COLUMNS)
        seconds = reference.wall_seconds(root / "benchmarks", runs["run"])
        records.save_json(target / "provenance.json", reference.provenance(workflow_folder, seconds))
    kept = Path(folder, "config.yaml")
    earlier = yaml.safe_load(kept.read_text()) if kept.exists() else {}
    records.save_text(kept, yaml.safe_dump(reference.merged_configuration(earlier, config), sort_keys=False))
    # Verdicts are those of everything that is published, of earlier times too.
    judge_claims(
        register, sorted(Path(folder).glob("experiments/*/statistics/*.parquet")),
        *(Path(folder, f"claims.{suffix}") for suffix in ("parquet", "md", "html")),
        config["statistics"], config["scale"],
    )  # fmt: skip


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "torch")
    inputs, params = snakemake.input, snakemake.params
    publish_reference(
        params.folder, params.selected, inputs.files, snakemake.config,
        Path(snakemake.scriptdir).parents[1], inputs.register,
    )  # fmt: skip
