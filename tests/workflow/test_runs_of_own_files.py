"""Files of connectomes before any job: a dry run refuses each that no job could read, in a sentence of its own."""

import numpy as np
import pandas as pd

from runner import new_project

EDGES = {"connections": "edge_list", "presynaptic": "from", "postsynaptic": "to", "weight": "size", "sign": "positive"}
MATRIX = {"connections": "matrix", "rows": "presynaptic", "sign": "positive"}
CLASSES = {"cell": "id", "class": "kind", "excitatory": ["E"], "inhibitory": ["I"], "sign": "cell_class"}
LARGE = np.array([2**24, 2**24 + 1, 2**24 + 2])
# For each connectome: files, format, and what is said of it.
REFUSED = {
    "decimal": ("from,to,size\n1,2,0,5\n2,1,1,25\n3,1,2,5\n", EDGES, "decimal.csv: row 1 has 4 fields, the header 3;"),
    "repeated": ("from,to,size,size\n1,2,4,9\n2,1,3,9\n", EDGES, "repeated.csv: 2 columns are named 'size'; rename"),
    "words": ("from,to,size\n1,2,4\n2,3,3\n3,1,2\n", EDGES | CLASSES,
              "cells.csv: no row has kind in I, as format.inhibitory says; did you mean 'i'?"),
    "labels": ("0,10,20,30\n10,0,2,5\n20,1,0,4\n30,3,1,0\n", MATRIX, "looks like labels; write format.labels: first"),
    "pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", EDGES,
                "pointer.csv is a Git LFS pointer and not the file itself; run git lfs pull"),
    "gone": (None, EDGES, "gone.csv does not exist; check its path"),
    "empty": (pd.DataFrame({"from": [], "to": [], "size": []}), EDGES, "empty.parquet has no rows"),
    "narrow": (pd.DataFrame({"from": LARGE.astype("float32"), "to": [1, 2, 3], "size": 1}), EDGES,
               "holds ids such as 16777216 that were saved as floating-point numbers and have lost digits"),
}  # fmt: skip
KINDS = "from\tto\ttype\tsize\nA\tB\tchemical\t1\nA\tB\telectrical\t6\nB\tC\tchemical\t2\nC\tA\telectrical\t2\n"


def configure(project, formats):
    """One experiment with a connectome of three cells for each file."""
    entries = {}
    for name, (content, form, _) in formats.items():
        kind = "parquet" if isinstance(content, pd.DataFrame) else "csv"
        path = project.folder / f"{name}.{kind}"
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        elif content is not None:
            path.write_text(content)
        file = {"description": f"{name} of a test", "connections": path.name, "format": form}
        file |= {"selection": {"by": "all", "cells": 3}} | ({"cells": "cells.csv"} if "cell" in form else {})
        entries[name] = {"source": "file", "file": file}
    project.configure(
        experiments_to_build=["figure_2"],
        connectomes=entries,
        structures={name: {"kind": "connectome", "connectome": name} for name in entries},
        experiments={"figure_2": {"grid": {"task": ["2AF"]}, "seeds": 2,
                                  "groups": [{"size": [3], "structure": ["gaussian", *entries]}]}},
    )  # fmt: skip


def test_a_dry_run_refuses_files_that_no_job_could_read(tmp_path):
    project = new_project(tmp_path / "project")
    (project.folder / "cells.csv").write_text("id,kind\n1,E\n2,i\n3,E\n")
    configure(project, REFUSED)
    done = project.snakemake("--dry-run", check=False)
    assert done.returncode != 0
    said = {
        line.split(".file: ")[0].split("connectomes.")[-1]: line
        for line in done.stderr.splitlines()
        if ".file: " in line
    }
    assert said.keys() == REFUSED.keys()
    for name, (_, _, sentence) in REFUSED.items():
        assert sentence in said[name]


def test_a_dry_run_says_what_is_made_of_files_and_a_run_makes_it(tmp_path):
    project = new_project(tmp_path / "project")
    form = EDGES | {"keep_connections": {"type": ["chemical", "electrical"]}, "mirror": {"type": "electrical"}}
    configure(project, {"worm": (KINDS, form | {"unit": "synapses"}, "")})
    assert "Connectome worm: 3 cells of 3 chosen, 5 connections among them." in project.snakemake("--dry-run").stderr
    folder = "results/tiny/connectomes/worm"
    project.run(f"{folder}/weights.npy")
    weights = np.load(project.folder / folder / "weights.npy")
    assert weights.tolist() == [[0, 6, 2], [7, 0, 0], [2, 2, 0]]
