"""Copy the small results of finished experiments to the committed reference, with their provenance."""

import shutil
from pathlib import Path

import yaml

from judge_claims import judge_claims
from richlazy import damage, logs, records, reference, tables


def publish_reference(folder, selected, files, config, workflow_folder, register):
    """Publish the selected experiments; verdicts are those of all that are published, earlier ones too."""
    root = Path(files[0]).parents[3]  # <root>/experiments/<name>/tables/runs.parquet
    for file in map(Path, files):
        target = Path(folder, file.relative_to(root))
        target.parent.mkdir(parents=True, exist_ok=True)
        damage.check(file)
        shutil.copyfile(file, target)
    for experiment in selected:
        target = Path(folder, "experiments", experiment)
        runs = tables.load_table(target / "tables" / "runs.parquet")
        prints = target / "tables" / "fingerprints.parquet"
        tables.save_table(prints, reference.fingerprints(runs), reference.FINGERPRINT_COLUMNS)
        seconds = reference.wall_seconds(root / "benchmarks", runs["run"])
        records.save_json(target / "provenance.json", reference.provenance(workflow_folder, seconds))
    kept = Path(folder, "config.yaml")
    merged = reference.merged_configuration(yaml.safe_load(kept.read_text()) if kept.exists() else {}, config)
    records.save_text(kept, yaml.safe_dump(merged, sort_keys=False))
    published = [*Path(folder).glob("experiments/*/statistics/*"), *Path(folder).glob("experiments/*/tables/runs.*")]
    written = (Path(folder, f"claims.{suffix}") for suffix in ("parquet", "md", "html"))
    judge_claims(register, sorted(published), *written, config["statistics"], config["scale"])


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "pandas", "torch")
    inputs, params = snakemake.input, snakemake.params
    workflow_folder = Path(snakemake.scriptdir).parents[1]
    publish_reference(params.folder, params.selected, inputs.files, snakemake.config, workflow_folder, inputs.register)
