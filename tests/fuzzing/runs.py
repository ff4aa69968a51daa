"""A run of Snakemake with one configuration in place of the project's."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from runner import CONTENT_DECIDES, new_project, snakemake


def run_to_figures(config: Any, folder: Path) -> str:
    """Build everything of a configuration at the scale that it has; what failed, empty where nothing did."""
    project = new_project(folder)
    (folder / "mutant.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    options = ["--configfile", "mutant.yaml", "--replace-workflow-config", "--workflow-profile", "none"]
    done = snakemake(folder, *options, *CONTENT_DECIDES, "--cores", "1", check=False)
    figures = list(folder.glob(f"results/{config['scale']}/experiments/*/figures/*.png"))
    shutil.rmtree(project.folder)
    if done.returncode:
        return f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return "" if figures else "no figure was drawn"
