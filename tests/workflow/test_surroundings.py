"""Surroundings in which no job could start, or no file be read, are named in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

from runner import TINY_SCALE, environment, new_project


def dry_run(folder: Path, python: str | Path, **surroundings: str) -> subprocess.CompletedProcess:
    command = [str(python), "-m", "snakemake", "--dry-run", "--quiet", *TINY_SCALE]
    variables = environment() | surroundings
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def test_a_locale_without_utf_8_gets_the_variable_that_mends_it(tmp_path):
    project = new_project(tmp_path / "project")
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = dry_run(project.folder, sys.executable, **plain)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].endswith(
        "write PYTHONUTF8=1 before the command, as in `PYTHONUTF8=1 snakemake -n`"
    )
    assert dry_run(project.folder, sys.executable, **plain | {"PYTHONUTF8": "1"}).returncode == 0


def test_a_blank_in_the_path_of_python_is_named_and_one_in_that_of_the_project_does_no_harm(tmp_path):
    project = new_project(tmp_path / "My Project")
    assert dry_run(project.folder, sys.executable).returncode == 0
    environment_of_project = project.folder / ".venv"
    (environment_of_project / "bin").mkdir(parents=True)
    python = environment_of_project / "bin/python"
    python.symlink_to(os.path.realpath(sys.executable))
    (environment_of_project / "pyvenv.cfg").write_text(f"home = {Path(os.path.realpath(sys.executable)).parent}\n")
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    done = dry_run(project.folder, python, PYTHONPATH=packages)
    assert done.returncode != 0
    assert (
        f"Python is {python}, a path with a blank, from which Snakemake can start no job; move the project"
        in done.stderr
    )
