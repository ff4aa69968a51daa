"""Connectomes through real Snakemake runs: from a CAVE server on loopback, from files, and as the tutorial has it."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

import cave_server
from runner import ROOT, merged, new_project

FOLDER = "results/tiny/connectomes/v1_column"
LARVA = ROOT.parent / "shared/data/em/larva_brain"


def select(project, *, server: str, cells: int = 20) -> None:
    """Let Figure 19 be built from CAVE at an address, with few cells."""
    cave = {"server": server, "selection": {"cells": cells}, "chunk_cells": 6, "timeout_s": 20}
    project.configure(
        experiments_to_build=["figure_19"],
        connectomes={"v1_column": {"source": "cave", "cave": cave}},
        experiments={"figure_19": {"grid": {"size": [cells]}, "seeds": 2}},
    )


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home without any token, and no proxy before loopback."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CAVE_TOKEN", raising=False)
    return tmp_path / "home"


def test_without_a_token_nothing_starts_and_a_dry_run_works(home, tmp_path):
    project = new_project(tmp_path / "project")
    select(project, server="http://127.0.0.1:9")  # nothing listens there
    assert project.jobs()["download_cave_table"] == 2
    done = project.snakemake(check=False)
    assert done.returncode != 0
    assert "No job was started. CAVE at http://127.0.0.1:9 needs a token" in done.stderr
    assert "release, file or synthetic" in done.stderr
    assert not (project.folder / "results").exists() or not list((project.folder / "results").rglob("*.npy"))


def test_the_matrix_comes_from_the_server_once_and_the_token_stays_out(home, tmp_path, monkeypatch):
    project = new_project(tmp_path / "project")
    with cave_server.serve(cave_server.column()) as server:
        monkeypatch.setenv("CAVE_TOKEN", cave_server.TOKEN)
        select(project, server=server.url)
        targets = (f"{FOLDER}/weights.npy", f"{FOLDER}/figures/connectome.png")
        project.run(*targets)
        weights = np.load(project.folder / FOLDER / "weights.npy")
        chosen = pd.read_parquet(project.folder / FOLDER / "selection.parquet")
        np.testing.assert_array_equal(weights, brute_force_weights(server.tables, chosen))
        asked = len(server.requests)
        # Neither patience nor a code edit asks again what a frozen version cannot change.
        project.configure(connectomes={"v1_column": {"cave": {"timeout_s": 21, "chunk_cells": 7}}})
        project.edit("workflow/scripts/richlazy/connectome/cave_tables.py", '"""', '"""Once more: ')
        assert "download_cave_table" not in project.jobs(*targets)
        project.run(*targets)
        assert len(server.requests) == asked
    project.assert_adopts_itself(*targets)
    shutil.rmtree(project.folder / "data/downloads")  # a copy of the results alone is complete
    project.assert_adopts_itself(*targets)
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert [path for path in files if cave_server.TOKEN.encode() in path.read_bytes()] == []
    assert not (home / ".cloudvolume").exists()


def brute_force_weights(tables, chosen) -> np.ndarray:
    """W[post, pre] with one loop over all synapses of the server."""
    place = {root: index for index, root in enumerate(chosen["root"])}
    weights = np.zeros((len(chosen), len(chosen)))
    for synapse in tables[cave_server.SYNAPSES].itertuples():
        pre, post = place.get(synapse.pre_pt_root_id), place.get(synapse.post_pt_root_id)
        if pre is not None and post is not None and pre != post:
            weights[post, pre] += int(chosen["sign"].iloc[pre]) * int(synapse.size)
    return weights


def test_an_edited_file_rebuilds_only_what_is_made_of_it(tmp_path):
    project = new_project(tmp_path / "project")
    rng = np.random.default_rng(0)
    edges = pd.DataFrame(
        [(pre, post, rng.integers(1, 50)) for pre in range(10) for post in range(10) if rng.random() < 0.5],
        columns=["from", "to", "synapses"],
    )
    edges.to_csv(project.folder / "edges.csv", index=False)
    layout = {"connections": "edge_list", "presynaptic": "from", "postsynaptic": "to", "weight": "synapses"}
    project.configure(
        experiments_to_build=["mine"],
        connectomes={
            "mine": {
                "source": "file",
                "file": {
                    "description": "ten cells of a test",
                    "connections": "edges.csv",
                    "format": layout | {"sign": "positive"},
                    "selection": {"by": "all", "cells": 10},
                },
            }
        },
        structures={"mine": {"kind": "connectome", "connectome": "mine"}},
        experiments={
            "mine": {
                "title": "A connectome of a test", "source": "no paper", "preset": "reproduction",
                "grid": {"task": ["2AF"], "size": [10], "structure": ["gaussian", "mine"]},
                "compare": "structure", "spectrum": "eigenvalues", "seeds": 2,
            }
        },
    )  # fmt: skip
    project.run()
    project.assert_adopts_itself()
    project.configure(connectomes={"mine": {"file": {"description": "the same ten cells"}}})
    jobs = project.run()
    assert jobs["plot_connectome"] == jobs["tabulate"] == 1
    assert not jobs.keys() & {"import_connectome", "build_connectivity", "train_network", "measure_condition"}
    before = project.results()
    edges.assign(synapses=edges["synapses"] + edges.index).to_csv(project.folder / "edges.csv", index=False)
    jobs = project.run()
    assert {rule: jobs[rule] for rule in ("import_connectome", "assemble_connectome")} == {
        "import_connectome": 1, "assemble_connectome": 1,
    }  # fmt: skip
    assert {rule: jobs[rule] for rule in ("build_connectivity", "train_network", "measure_condition")} == {
        "build_connectivity": 2, "train_network": 2, "measure_condition": 1,
    }  # fmt: skip
    after = project.results()
    gaussian = [name for name in before if "structure~gaussian" in name]
    assert gaussian and all(after[name] == before[name] for name in gaussian)
    made_of_it = [name for name in before if "structure~mine" in name and name.endswith("network.npz")]
    assert len(made_of_it) == 2 and all(after[name] != before[name] for name in made_of_it)


def test_the_tutorial_puts_a_brain_beside_the_structures_of_figure_2(tmp_path):
    if not LARVA.exists():
        pytest.skip("the larva brain is not at ../shared/data/em/larva_brain")
    project = new_project(tmp_path / "project")
    shutil.copytree(LARVA, project.folder / "larva")
    page = (ROOT / "workflow/docs/your_connectome.md").read_text()
    tutorial = yaml.safe_load(re.search(r"```yaml\n(scale: larva.*?)```", page, re.DOTALL).group(1))
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    seconds = {"training": tiny["training"], "probe": tiny["probe"], "statistics": tiny["statistics"]}
    seconds["training"] |= {"batching": "condition"}  # half the jobs, equal bytes
    seconds |= {"scale": "tiny", "experiments": {"figure_2": {"seeds": 2}}}
    (project.folder / "tiny.yaml").write_text(yaml.safe_dump(merged(tutorial, seconds)))
    project.run()
    results = project.folder / "results/tiny"
    runs = pd.read_parquet(results / "experiments/figure_2/tables/runs.parquet")
    assert set(runs["structure"]) == {
        "gaussian", "cell_types", "dale", "connectome", "chain_over", "chain_under", "larva",
    }  # fmt: skip
    assert set(runs.loc[runs["structure"] == "larva", "size"]) == {200}
    assert runs.loc[runs["structure"] == "larva", "connectome"].str.startswith("larva (file): 200 most").all()
    # What is drawn by a generator says so wherever it goes.
    assert runs.loc[runs["structure"] == "connectome", "connectome"].str.contains("synthetic, not data").all()
    contrasts = pd.read_parquet(results / "experiments/figure_2/statistics/contrasts.parquet").set_index("level")
    assert contrasts.loc[["connectome"], "connectome"].str.contains("synthetic, not data").all()
    assert contrasts.loc[["dale"], "connectome"].isna().all()
    assert "synthetic, not data" in (results / "claims.md").read_text()
    weights = np.load(results / "connectomes/larva/weights.npy")
    assert weights.shape == (200, 200) and {-1.0, 1.0} <= set(np.sign(weights).ravel())
