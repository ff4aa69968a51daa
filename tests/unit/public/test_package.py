"""`pip install .` brings what the library imports, and makes a package that can be imported."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LIBRARY = ROOT / "workflow/scripts/richlazy"
# Planning calls Snakemake itself, and what it reads addresses with; pages of results have two. None is a part of
# the library for people.
OF_THE_WORKFLOW = {"snakemake", "smart_open", "docutils", "markdown_it"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel, from a copy, since building leaves files beside the sources."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(LIBRARY, source / "workflow/scripts/richlazy", ignore=ignored)
    shutil.copytree(ROOT / "envs", source / "envs")
    for file in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    command = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps", "--no-build-isolation", "--quiet"]
    done = subprocess.run([*command, "--wheel-dir", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def needed(wheel):
    """Packages that a wheel asks for, each with its bound."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    return dict(re.fullmatch(r"([\w.-]+)(>=[\d.]+)", line).groups() for line in metadata.get_all("Requires-Dist"))


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_bounds_are_the_pinned_versions(wheel):
    pinned = re.findall(r"^([\w.-]+)==([\d.]+)", (ROOT / "envs/requirements.txt").read_text(), re.MULTILINE)
    bounds = needed(wheel)
    assert len(bounds) > 10
    assert bounds.items() <= {name: f">={version}" for name, version in pinned}.items()


def test_everything_that_the_library_imports_is_asked_for(wheel):
    imported = set()
    for file in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    imported -= {"richlazy", *sys.stdlib_module_names, *OF_THE_WORKFLOW}
    assert {"numpy", "torch", "yaml", "sklearn"} <= imported
    packages = importlib.metadata.packages_distributions()
    asked = {canonical(name) for name in needed(wheel)}
    brought = {
        canonical(re.match(r"[\w.-]+", line)[0])
        for name in asked
        for line in importlib.metadata.requires(name) or ()
        if "extra ==" not in line
    }
    missing = [name for name in imported if not {canonical(one) for one in packages[name]} & (asked | brought)]
    assert missing == []


def test_the_package_is_the_library_and_works_elsewhere(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    packed = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("richlazy/**/*.py")}
    assert packed == {str(path.relative_to(LIBRARY.parent)) for path in LIBRARY.rglob("*.py")}
    program = """
import os, richlazy
assert richlazy.__file__.startswith(os.getcwd())
times = dict.fromkeys(("fixation", "stimulus", "delay", "decision_delay", "decision"), 100)
print(richlazy.draw_probe({"continuous": "romo", "minimum_difference": 0.2, "timing_ms": times}, trials=3).inputs.shape)
"""
    command, surroundings = [sys.executable, "-c", program], {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(6, 3, 1)", done.stderr


def test_the_oldest_python_stands_in_the_metadata(wheel):
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        assert f"Requires-Python: {python}" in archive.read(name).decode()
