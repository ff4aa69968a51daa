"""Another workflow imports this one as a module: it plans and builds in the folder of the other one."""

import shutil
import subprocess
import zipfile

import pandas as pd
import pytest
import yaml

from runner import CONTENT_DECIDES, ROOT, TINY, job_counts, merged, snakemake

SMALL = merged(
    TINY,
    {
        "training": {"iterations": 10, "batching": "condition"},
        "experiments": {
            "figure_1": {"grid": {"task": ["2AF"], "rank": [1, 4]}, "follow": {"iterations": [0, 5], "seeds": [0]}}
        },
    },
)
TABLE = "results/tiny/experiments/figure_1/tables/runs.parquet"
COUNTED = """
rule all:
    input:
        "count.txt",


rule count:
    input:
        "TABLE",
    output:
        "count.txt",
    run:
        import pandas

        with open(output[0], "w") as file:
            print(len(pandas.read_parquet(input[0])), file=file)
"""


@pytest.fixture
def importer(tmp_path):
    """A function that writes a workflow which imports this one, and gives a function that runs it."""

    def write(module="", before="", after="", configuration=None):
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(configuration or {}))
        (tmp_path / "Snakefile").write_text(
            f'configfile: "config.yaml"\n{before}\n'
            f'module richlazy:\n    snakefile:\n        "{ROOT / "Snakefile"}"\n{module}\n'
            f"use rule * from richlazy as richlazy_*\n{after}\n"
        )
        return run

    def run(*arguments):
        done = snakemake(tmp_path, "--cores", "2", *CONTENT_DECIDES, *arguments)
        return done.stdout + done.stderr

    return write


def test_an_importer_builds_a_table_in_a_folder_of_its_own_configuration(importer, tmp_path):
    module = '    config:\n        config["networks"]\n    prefix:\n        "networks/"'
    run = importer(module, before=COUNTED.replace("TABLE", f"networks/{TABLE}"), configuration={"networks": SMALL})
    run()
    assert (tmp_path / "count.txt").read_text() == "4\n"
    assert list(pd.read_parquet(tmp_path / "networks" / TABLE)["rank"]) == [1, 1, 4, 4]
    assert len(list(tmp_path.rglob("network.npz"))) == 4
    assert {path.name for path in tmp_path.iterdir()} == {
        ".snakemake", "Snakefile", "config.yaml", "count.txt", "networks",
    }  # fmt: skip
    assert "Nothing to be done" in run()
    assert job_counts(run("richlazy_pack_networks")) == {"richlazy_pack_networks": 1, "richlazy_pack_experiment": 1}
    with zipfile.ZipFile(tmp_path / "networks/results/tiny/artefacts/figure_1.zip") as pack:
        names = [name.rpartition("/")[2] for name in pack.namelist()]
    assert names.count("network.npz") == names.count("history.json") == 4


def test_an_importer_may_hand_over_its_whole_configuration(importer):
    run = importer("    config:\n        config", after=COUNTED.replace("TABLE", TABLE), configuration=SMALL)
    assert job_counts(run("--dry-run", "count.txt"))["richlazy_train_condition"] == 2
    assert "richlazy_judge_claims" in run("--dry-run")  # the default target is that of this workflow


def test_an_importer_without_configuration_plans_what_the_project_would(importer):
    planned = importer()("--dry-run", "--quiet", "rules", "--", "richlazy_figure_2")
    counts = job_counts(planned)
    assert counts["richlazy_download_cave_table"] > 1 and counts["richlazy_train_network"] > 1
    assert all(name.startswith("richlazy_") for name in counts)
    assert "localrules" not in planned  # Snakemake warns of names that are none of its rules


def test_an_importer_that_names_a_commit_is_told_to_clone(tmp_path):
    shutil.copy(ROOT / "Snakefile", tmp_path)
    git = ["git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(tmp_path)]
    for words in (["init", "-q"], ["add", "Snakefile"], ["commit", "-qm", "One file"]):
        subprocess.run([*git, *words], check=True)
    (tmp_path / "mine.smk").write_text(
        f'module mine:\n    snakefile:\n        "git+file://{tmp_path}/Snakefile@HEAD"\n\nuse rule * from mine\n'
    )
    done = snakemake(tmp_path, "--dry-run", "--snakefile", "mine.smk", check=False)
    assert done.returncode != 0
    assert "git clone it, and name its Snakefile by its path" in done.stdout + done.stderr


def test_the_snakefile_of_the_catalog_plans_what_that_of_the_project_does(tmp_path):
    plans = []
    for snakefile in ("Snakefile", "workflow/Snakefile"):
        settings = ["--snakefile", str(ROOT / snakefile), "--configfile", str(ROOT / "tests/configs/tiny.yaml")]
        done = snakemake(tmp_path, "--dry-run", "--cores", "1", "--workflow-profile", "none", *settings)
        plans.append(job_counts(done.stdout))
    assert plans[0] == plans[1] and plans[0]["train_network"] == 12
