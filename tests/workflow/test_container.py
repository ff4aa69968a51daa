"""The recipe of a container: no test machine builds it, so its parts are held to the project."""

import json
import re
import shlex
import shutil

import pytest

from runner import ROOT, call, snakemake

INSTRUCTIONS = [
    line.split(maxsplit=1)
    for line in (ROOT / "Containerfile").read_text().splitlines()
    if line and not line.startswith("#")
]


def of(kind):
    return [arguments for name, arguments in INSTRUCTIONS if name == kind]


@pytest.fixture
def image(tmp_path):
    """What the recipe copies from a checkout."""
    for arguments in of("COPY"):
        *sources, target = shlex.split(arguments)
        for source in sources:
            committed = call(["git", "ls-files", "--", source], ROOT).stdout.splitlines()
            assert committed, f"{source} is not committed"
            for name in committed:
                place = tmp_path / target / (name.removeprefix(f"{source}/") if name != source else name.split("/")[-1])
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, place)
    return tmp_path


def test_every_instruction_is_one_that_this_test_knows():
    assert {name for name, _ in INSTRUCTIONS} == {"FROM", "RUN", "WORKDIR", "COPY", "CMD"}
    [base] = of("FROM")
    oldest = re.search(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text())[1]
    assert int(re.fullmatch(r"docker\.io/library/python:3\.(\d+)-slim-bookworm", base)[1]) >= int(oldest)


def test_commands_are_those_of_the_makefile_and_of_debian(image):
    words = [shlex.split(command) for line in of("RUN") for command in line.split(" && ")] + [json.loads(of("CMD")[0])]
    assert {command[0] for command in words} == {"apt-get", "make", "rm"}
    for target in [command[1] for command in words if command[0] == "make"]:
        assert call(["make", "-n", target], image).returncode == 0, target
    installed = call(["make", "-n", "install-locked"], image).stdout
    assert "--require-hashes -r envs/lock.txt" in installed and (image / "envs/lock.txt").is_file()


def test_what_is_copied_is_all_that_the_command_needs(image):
    ran = call(["make", "-n", "run"], image).stdout
    (image / "results/quick").mkdir()
    planned = re.findall(r"snakemake (--profile profiles/quick .*)$", ran, re.MULTILINE)[0]
    assert "--quiet rules" in planned  # where nobody sees bars
    done = snakemake(image, "-n", *planned.split())
    assert "A run would need" in done.stdout + done.stderr
    scripts = re.findall(r"workflow/scripts/\w+\.py", ran)
    assert scripts and all((image / script).is_file() for script in scripts)
