"""The documentation names only what exists, and the configuration reference follows schema and defaults."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shipped import CONFIG

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "workflow" / "docs"
PAGES = sorted(ROOT / page for page in ("README.md", "CONTRIBUTING.md", "config/README.md", "data/README.md"))
PAGES += sorted(DOCS.glob("*.md"))
RECIPES = [DOCS / "extending.md", DOCS / "trace_a_number.md"]
LIBRARY = ROOT / "workflow/scripts"
MODULES = {
    path.stem: ".".join(path.relative_to(LIBRARY).with_suffix("").parts) for path in LIBRARY.rglob("richlazy/**/*.py")
}
SUFFIXES = "py|md|smk|yaml|rst|toml|txt"
DOTTED = rf"^(?:{'|'.join(MODULES)})\.(?!(?:{SUFFIXES}|parquet)$)\w+$"


def spans(page: Path) -> list[str]:
    """Texts in backticks outside of code blocks."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", text)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def named(pattern: str, pages=RECIPES) -> list[tuple[str, str]]:
    """Page and name of everything in backticks that has a form."""
    return sorted({(page.name, match) for page in pages for span in spans(page) for match in re.findall(pattern, span)})


# The configuration reference


def make_reference(*arguments: str, script: Path = DOCS / "make_configuration_reference.py"):
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=False)


def test_the_configuration_reference_is_up_to_date():
    done = make_reference("--check")
    assert done.returncode == 0, done.stderr


def test_a_stale_configuration_reference_is_found_and_made_again(tmp_path):
    for part in ("workflow/scripts", "data/papers"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("config.yaml", "workflow/docs/make_configuration_reference.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text((ROOT / file).read_text())
    (tmp_path / "workflow/schemas").mkdir()
    script, page = (
        tmp_path / "workflow/docs" / name for name in ("make_configuration_reference.py", "configuration.md")
    )
    assert make_reference("--check", script=script).returncode == 1  # it does not exist yet
    make_reference(script=script)
    assert page.read_text() == (DOCS / "configuration.md").read_text()
    assert make_reference("--check", script=script).returncode == 0
    for made in (ROOT / "workflow/schemas").glob("*.yaml"):
        assert (tmp_path / "workflow/schemas" / made.name).read_text() == made.read_text()
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("batch_size: 32", "batch_size: 64"))
    done = make_reference("--check", script=script)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "configuration.md is stale; run python workflow/docs/make_configuration_reference.py"
    )


def test_the_library_reference_is_up_to_date():
    done = make_reference("--check", script=DOCS / "make_library_reference.py")
    assert done.returncode == 0, done.stderr


def test_the_example_of_the_library_reference_runs(tmp_path):
    [example] = re.findall(r"^```python\n(import richlazy\n.*?)^```", (DOCS / "library.md").read_text(), re.M | re.S)
    command, surroundings = [sys.executable, "-c", example], {**os.environ, "PYTHONPATH": str(LIBRARY)}
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, check=False)
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stderr
    assert (tmp_path / "measures.png").stat().st_size > 10_000


def keys(schema, path=()):
    """Dotted names of all keys of the schema; <name> stands for what the user names."""
    for key, inner in schema.get("properties", {}).items():
        yield ".".join((*path, key))
        yield from keys(inner, (*path, key))
    if isinstance(schema.get("additionalProperties"), dict) and "properties" in schema["additionalProperties"]:
        yield from keys(schema["additionalProperties"], (*path, "<name>"))


def test_the_configuration_reference_describes_every_key_once():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    groups = {key for key, inner in schema["properties"].items() if inner.get("type") == "object"}
    listed = re.findall(r"^\| `([^`]+)` \|", (DOCS / "configuration.md").read_text(), re.MULTILINE)
    assert sorted(set(listed)) == sorted(listed)
    # Groups that stand in several places have a table of their own.
    shared = {key for inner in schema["$defs"].values() for key in keys(inner)}
    assert shared >= {"task", "cells", "presynaptic", "sha256"}
    named_by_user = {"tasks.<name>.timing_ms.<period>", "keep.<column>", "keep_connections.<column>"}
    named_by_user |= {"figures.names.<name>"}
    assert set(keys(schema)) - groups | shared == set(listed) - named_by_user


# Links, files and names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page):
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text())
    for file, anchor in links:
        target = (page.parent / file) if file else page
        assert target.exists(), f"{page.name} links to {file}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to #{anchor}"


@pytest.mark.parametrize(("page", "file"), named(rf"(?<![\w<>./-])([\w.-]+(?:/[\w.-]+)*\.(?:{SUFFIXES}))(?![\w<])"))
def test_files_that_a_recipe_names_exist(page, file):
    if file in {"mine.yaml", "claims.md"}:
        return  # of the reader, or a result
    if "/" in file and not file.startswith("results/"):
        assert (ROOT / file).exists()
    elif "/" not in file:
        assert [path for path in ROOT.rglob(file) if ".venv" not in path.parts]


@pytest.mark.parametrize(("page", "test"), named(r"\btest_\w+(?!\w*\.py)\b"))
def test_tests_that_a_recipe_names_exist(page, test):
    texts = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert f"def {test}(" in texts or list((ROOT / "tests").rglob(f"{test}.py"))


@pytest.mark.parametrize(("page", "name"), named(DOTTED))
def test_functions_and_keys_that_a_recipe_names_exist(page, name):
    """Names such as ``measuring.measure`` are functions of the library, or keys of a configuration group."""
    group, attribute = name.split(".")
    if attribute not in CONFIG.get(group, {}):
        assert hasattr(importlib.import_module(MODULES[group]), attribute)


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.name)
def test_recipes_have_at_most_five_steps(page):
    assert not re.search(r"^[6-9]\. ", page.read_text(), re.MULTILINE)


def test_the_checks_of_names_see_something():
    assert len(named(r"\btest_\w+\b")) > 15
    assert len(named(DOTTED)) > 30


def test_each_word_of_the_glossary_has_a_short_explanation_and_a_link():
    entries = re.split(r"^- ", (DOCS / "glossary.md").read_text(), flags=re.MULTILINE)[1:]
    words = [entry.split(":")[0] for entry in entries]
    assert len(words) == len(set(words)) > 30
    for entry in entries:
        assert re.match(r"\*\*\w", entry)
        explanation, *links = re.split(r"\s\[[^\]]+\]\(", " ".join(entry.split()))
        assert links, f"{entry[:30]} has no link"
        assert len(re.findall(r"[.!?](?=\s|$)", explanation)) <= 2


def test_every_caption_of_the_report_exists():
    rules = ROOT / "workflow" / "rules"
    captions = re.findall(r'caption="([^"]+)"', "".join(path.read_text() for path in rules.glob("*.smk")))
    assert captions
    assert [caption for caption in captions if not (rules / caption).is_file()] == []


def test_python_of_the_pages_is_valid():
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / "trace_a_number.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    ast.parse("\n".join(blocks))
