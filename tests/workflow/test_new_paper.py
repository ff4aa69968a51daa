"""A paper of one's own, from its folder to verdicts, through the real workflow."""

import pandas as pd
import yaml

from richlazy.storage import parquet
from runner import new_project
from shipped import CLAIMS as SHIPPED

EXPERIMENT = {"source": "Doe 2026, Figure 1", "preset": "doe_networks", "seeds": 2}
PAPER = {
    "presets": {"doe_networks": {"leak": "euler", "rectification": "after_leak", "momentum": 0.0, "gain": 1.2}},
    "structures": {"doe_softened": {"kind": "soft_rank", "entries": "uniform"}},
    "experiments": {
        "doe_rank": EXPERIMENT
        | {
            "title": "Rank of the initial recurrent weights",
            "grid": {"task": ["2AF"], "structure": ["svd_truncation"], "rank": [1, 4, 16]},
            "compare": "rank",
        },
        "doe_softened": EXPERIMENT
        | {
            "title": "Singular values that fall",
            "grid": {"task": ["2AF"], "structure": ["doe_softened"], "decay_exponent": [1.0, 8.0]},
            "compare": "decay_exponent",
            "measures": ["kernel_alignment"],
        },
        # The networks of doe_rank.
        "doe_losses": EXPERIMENT
        | {
            "title": "Final losses",
            "grid": {"task": ["2AF"], "structure": ["svd_truncation"], "rank": [1, 4, 16]},
            "compare": "rank",
            "measures": ["final_loss"],
        },
    },
}
CLAIM = {"paper": "Doe 2026", "location": "Figure 1", "scale": "paper"}
CLAIMS = [
    CLAIM
    | {
        "id": "doe2026-rank",
        "statement": "The higher the rank, the less the tangent kernel of the recurrent weights turns.",
        "experiment": "doe_rank",
        "test": "trend",
        "direction": "increasing",
        "measures": ["kernel_alignment_recurrent"],
    },
    CLAIM
    | {
        "id": "doe2026-loss",
        "statement": "All networks learn to a loss of less than a thousand nats.",
        "experiment": "doe_losses",
        "test": "bound",
        "at_most": 1000,
        "measures": ["final_loss"],
    },
]


def test_a_new_paper_is_a_new_folder_and_nothing_else(tmp_path):
    project = new_project(tmp_path / "project")
    folder = project.folder / "data/papers/doe_2026"
    folder.mkdir()
    (folder / "experiments.yaml").write_text(yaml.safe_dump(PAPER))
    (folder / "claims.yaml").write_text(yaml.safe_dump(CLAIMS))
    names = list(PAPER["experiments"])
    project.configure(experiments_to_build=names, training={"batching": "condition"})

    planned = project.jobs("doe_rank")  # each experiment is a target of its own name
    assert planned["plot_measures"] and "judge_claims" not in planned
    results = project.folder / "results/tiny"
    figure = "experiments/doe_rank/figures/measures.png"
    project.run("results/tiny/claims.md", f"results/tiny/{figure}")
    assert (results / figure).exists()
    assert set(parquet.load_table(results / "experiments/doe_rank/tables/runs.parquet")["gain"]) == {1.2}

    verdicts = parquet.load_table(results / "claims.parquet").set_index("id")
    mine = verdicts[verdicts["paper"] == "Doe 2026"]
    assert list(mine.index) == ["doe2026-rank", "doe2026-loss"]
    assert "not run" not in set(mine["verdict"])
    assert mine.loc["doe2026-loss", ["supporting", "contradicting"]].tolist() != [0, 1]
    # Those of the other papers are there as well, and say that their experiments were not built.
    others = verdicts[verdicts["paper"] != "Doe 2026"]
    assert len(others) == len(SHIPPED) and set(others["verdict"]) == {"not run"}
    text = (results / "claims.md").read_text()
    assert text.index("doe2026-rank") < text.index("liu2024-figure1") < text.index("schuessler2020")
    assert pd.notna(mine["effect"]).all()
    assert project.jobs("results/tiny/claims.md") == {}
