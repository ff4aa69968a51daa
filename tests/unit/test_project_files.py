"""Files that describe the project to contributors, to GitHub and to Snakemake's catalog say the same as each other."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CI = (ROOT / ".ci/run").read_text()
GITHUB = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
COMMANDS = [step["run"] for job in GITHUB["jobs"].values() for step in job["steps"] if "run" in step]


def lines_of_target(target):
    """Commands of a target of the Makefile."""
    lines = (ROOT / "Makefile").read_text().partition(f"\n{target}: ")[2].splitlines()[1:]
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in lines[: lines.index("")]]


def test_github_runs_each_command_of_ci_in_a_step_of_its_own():
    expected = re.findall(r"^(?:step )?(make [\w-]+)", CI, re.MULTILINE)
    assert expected and [command for command in COMMANDS if command.startswith("make")] == expected


def test_github_installs_the_packages_of_ci():
    def packages(text):
        found = re.findall(r"apt-get install -qq -y ([\w -]+)", text)
        return sorted(name for names in found for name in names.split())

    assert packages("\n".join(COMMANDS)) == packages(CI.replace(">/dev/null", "")) != []


def test_hooks_before_a_commit_are_those_of_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["entry"] for hook in hooks] == lines_of_target("lint")


def test_versions_of_the_project_agree():
    project, citation = (ROOT / name for name in ("pyproject.toml", "CITATION.cff"))
    version = yaml.safe_load(citation.read_text())["version"]
    assert f'\nversion = "{version}"\n' in project.read_text()
    assert re.search(rf"^## {re.escape(version)} ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_oldest_python_is_that_of_github():
    oldest = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[1]
    assert [job["container"] for job in GITHUB["jobs"].values()] == [f"python:{oldest}-bookworm"]


def test_the_catalog_finds_what_it_asks_for():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["report"] is True and usage["software-stack-deployment"]["conda"] is True
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    assert 'include: "../Snakefile"' in (ROOT / "workflow/Snakefile").read_text()
    assert (ROOT / "config/README.md").exists() and (ROOT / "LICENSE").exists()
    assert {"snakemake", "workflow"} <= set(re.findall(r"\w+", (ROOT / "README.md").read_text().lower()))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "config/README.md"])
def test_folders_and_targets_that_a_page_names_exist(page):
    text = (ROOT / page).read_text()
    targets = re.findall(r"\bmake ([\w-]+)", "\n".join(re.findall(r"```(.*?)```", text, re.DOTALL)))
    assert all(re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for target in targets)
    folders = re.findall(r"`((?:workflow|tests|data|results)/[\w/]*)`", text)
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_make_help_says_what_each_target_is_for():
    command = ["make", "--no-print-directory", "help"]  # `make test` is a make around this one
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    assert [line.split()[0] for line in told] == targets
    assert all(re.fullmatch(r"\S+ +\S.{10,}|help +this list", line) for line in told)


def test_tests_that_share_a_build_stay_in_one_process(request):
    """pytest 9.2 loses the groups of pytest-xdist 3.8 without a word, and every build is made twice."""
    if not request.config.getoption("loadgroup", False):
        pytest.skip("tests are not grouped, as `make test` does")
    assert request.node.nodeid.endswith("@tests/unit/test_project_files.py")
