"""Numbers that README promises are those of the shipped configuration and of the published results."""

import re
from pathlib import Path

import pytest
import yaml

from richlazy.configuration import checks
from richlazy.experiments import grids
from richlazy.experiments.plan import Plan
from richlazy.statistics import claims
from richlazy.storage import parquet
from shipped import CONFIG, merged

ROOT = Path(__file__).parents[2]
README = " ".join((ROOT / "README.md").read_text().split())
SOURCES = yaml.safe_load((ROOT / "data/sources.yaml").read_text())
WORDS = {"three": 3, "ten": 10}


def networks_of(scale: str) -> dict[str, int]:
    """How many networks a scale trains, by the folder of their model."""
    config = CONFIG
    if scale != "paper":
        config = merged(CONFIG, yaml.safe_load((ROOT / f"profiles/{scale}/scale.yaml").read_text()))
    selected = checks.selected(config)
    plan = Plan(config | grids.with_variants(config, selected), selected, SOURCES)
    return {"networks": len(plan.runs), "LSTMs": len(plan.all_runs) - len(plan.runs)}


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [("quick", r"trains (\d+) small networks and (\w+) LSTMs"), ("paper", r"scale: ([\d,]+) networks and (\w+) LSTMs")],
)
def test_readme_counts_the_networks_that_are_trained(scale, sentence):
    networks, lstms = re.search(sentence, README).groups()
    found = networks_of(scale)
    assert int(networks.replace(",", "")) == found["networks"]
    assert int(WORDS.get(lstms, lstms)) == found["LSTMs"]


def test_readme_counts_the_verdicts_that_are_published():
    table = parquet.load_table(ROOT / "results/reference/claims.parquet")
    counts = table["verdict"].value_counts()
    said = re.search(r"Of (\d+) claims (.+?) \(", README)
    assert int(said[1]) == len(table)
    found = dict.fromkeys(counts.index, 0)
    for part in said[2].split(", "):
        number, word = re.fullmatch(r"(\d+) (?:are |have )?(.+?)(?: yet)?", part).groups()
        found[{"partly": "partly supported"}.get(word, word)] = int(number)
    assert found == counts.to_dict(), claims.summary(table)
