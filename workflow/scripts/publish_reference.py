"""Copy the small results of a finished run to the committed reference, with their provenance."""

import shutil
from pathlib import Path

import pandas as pd
import yaml

from richlazy import logs, records, reference, tables


def publish_reference(root, folder, selected, files, config, workflow_folder):
    for file in map(Path, files):
        target = Path(folder, file.relative_to(root))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    seconds = {}
    for rule in ("train", "measure"):
        timings = [pd.read_csv(path, sep="\t")["s"].sum() for path in (root / "benchmarks" / rule).rglob("*.tsv")]
        seconds[rule] = round(float(sum(timings)), 1)
    for experiment in selected:
        runs = tables.load_table(root / "experiments" / experiment / "tables" / "runs.parquet")
        prints = pd.DataFrame([{"run": row.run} | reference.fingerprint(row.network) for row in runs.itertuples()])
        target = Path(folder, "experiments", experiment, "tables", "fingerprints.parquet")
        tables.save_table(target, prints, reference.FINGERPRINT_COLUMNS)
    records.save_text(Path(folder, "config.yaml"), yaml.safe_dump(config, sort_keys=False))
    records.save_json(Path(folder, "provenance.json"), reference.provenance(workflow_folder, seconds))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "torch")
    claims, params = snakemake.input.claims, snakemake.params
    publish_reference(
        Path(claims).parent, params.folder, params.selected, [*snakemake.input.files, claims],
        snakemake.config, Path(snakemake.scriptdir).parents[1],
    )  # fmt: skip
