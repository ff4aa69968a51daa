"""A structure that a user adds costs a module, an oracle and an entry: the recipe of extending.md, to the letter."""

import re
import shutil
import sys
import textwrap

import numpy as np
import pytest
import yaml

from runner import ROOT, call, new_project

LIBRARY = "workflow/scripts/richlazy/connectivity"
RECIPE = (
    (ROOT / "workflow/docs/extending.md")
    .read_text()
    .split("## A structure of the initial weights")[1]
    .split("\n## ")[0]
)
MODULE, ORACLE, ENTRY = (
    textwrap.dedent(block) for block in re.findall(r"^   ```\w+\n(.*?)^   ```", RECIPE, re.MULTILINE | re.DOTALL)
)
SWEEP = yaml.safe_load(re.search(r"`grid: ({.*?})`", RECIPE)[1])


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The three steps in a copy of the project, with the sweep that the recipe names."""
    project = new_project(tmp_path_factory.mktemp("new_structure") / "project")
    module = re.search(r"such as (\w+\.py)", RECIPE)[1]
    (project.folder / LIBRARY / module).write_text(MODULE)
    shutil.copytree(ROOT / "tests", project.folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", project.folder)
    line = re.search(r"line `(.*?)` in `ORACLES`", RECIPE)[1]
    project.edit("tests/conformance/test_structures.py", "ORACLES = {\n", f"{ORACLE}\n\nORACLES = {{\n    {line}\n")
    with (project.folder / "config.yaml").open("a") as configuration:
        configuration.write(ENTRY)
    project.configure(
        experiments_to_build=["new"],
        experiments={
            "new": {
                "title": "A new structure", "source": "no paper", "preset": "reproduction", "grid": SWEEP,
                "compare": re.search(r"`compare: (\w+)`", RECIPE)[1], "seeds": 2,
            }
        },
    )  # fmt: skip
    return project


def test_a_new_structure_passes_the_conformance_tests(project):
    command = [sys.executable, "-m", "pytest", "-q", "tests/conformance/test_structures.py"]
    command += ["-k", "sparse or every_structure_has"]
    done = call(command, project.folder)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\d\d passed", done.stdout, re.MULTILINE)


def test_its_weights_are_built_for_every_value_of_its_option(project):
    assert project.run("--until", "build_connectivity") == {"build_connectivity": 6}
    for share in SWEEP["kept_fraction"]:
        own = "" if share == 0.1 else f"+kept_fraction~{share}"
        [path] = project.folder.glob(f"results/tiny/connectivity/structure~sparse{own}+matching~*/*/seed~0/*.npy")
        weights = np.load(path)
        assert (weights != 0).mean() == pytest.approx(share, abs=1 / weights.size)


def test_an_edit_of_another_structure_builds_none_of_its_weights(project):
    project.run("--until", "build_connectivity")
    assert project.jobs("--until", "build_connectivity") == {}
    project.edit(f"{LIBRARY}/dale.py", "return weights", "return 1.0 * weights")
    assert project.jobs("--until", "build_connectivity") == {}
    project.edit(f"{LIBRARY}/sparse.py", "base, 0.0)", "2.0 * base, 0.0)")
    assert project.jobs("--until", "build_connectivity") == {"build_connectivity": 6}


def test_a_mistake_in_its_entry_is_one_sentence(project):
    project.configure(structures={"sparse": {"kept_fraction": 1.5}})
    done = project.snakemake("--dry-run", check=False)
    project.configure(structures={"sparse": {"kept_fraction": 0.1}})
    assert done.returncode and "structures.sparse.kept_fraction is 1.5; it must be below 1" in done.stderr
