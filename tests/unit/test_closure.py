"""The import closure: what an edit of a library module reruns."""

import ast
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from richlazy import closure
from richlazy.closure import import_closure

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
LIBRARY = sorted((ROOT / "workflow" / "scripts" / "richlazy").rglob("*.py"))
NUMERICS = {"training", "networks", "kernels", "metrics", "trials", "tasks"}


def names(files):
    return {file.stem for file in files}


def closure_of(script):
    return names(import_closure(ROOT / "workflow" / "scripts" / script))


# The scripts of this workflow


@pytest.mark.parametrize(
    ("script", "present", "absent"),
    [
        ("train_networks.py", {"training", "networks", "records"}, {"plotting", "kernels", "metrics", "statistics"}),
        ("measure_networks.py", {"kernels", "metrics", "networks"}, {"training", "plotting", "statistics", "tasks"}),
        ("build_connectivity.py", {"connectivity", "seeds"}, NUMERICS | {"plotting", "statistics"}),
        ("draw_batches.py", {"tasks", "trials", "seeds"}, {"training", "networks", "kernels", "plotting"}),
        ("compare_conditions.py", {"statistics", "tables"}, NUMERICS - {"metrics", "kernels", "networks"} | {"claims"}),
        ("draw_measures.py", {"plotting", "schematic", "tables"}, NUMERICS | {"statistics", "claims"}),
        ("judge_claims.py", {"claims", "bounds", "tables"}, NUMERICS | {"plotting"}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_script_depends_on_what_its_result_depends_on(script, present, absent):
    found = closure_of(script)
    assert present <= found
    assert not found & absent


@pytest.mark.parametrize("script", [script.name for script in SCRIPTS])
def test_no_job_depends_on_the_checks_of_the_configuration(script):
    assert not closure_of(script) & {"configuration", "closure"}
    # What reads the files of others words their mistakes like those of a configuration.
    assert "mistakes" not in closure_of(script) or re.match(r"download_|import_", script)


@functools.cache
def really_imported():
    """For every script the library modules that Python loads when it is imported."""
    program = f"""
import json, runpy, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {str(ROOT / "workflow" / "scripts")!r})
ours = {{"richlazy"}} | set({[script.stem for script in SCRIPTS]!r})
found = {{}}
for script in {[str(script) for script in SCRIPTS]!r}:
    for name in [name for name in sys.modules if name.split(".")[0] in ours]:
        del sys.modules[name]
    runpy.run_path(script, run_name="imported")
    found[script] = sorted(name for name in sys.modules if name.split(".")[0] in ours)
print(json.dumps(found))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def closure_with_scripts(script):
    """Closure of a script and of the scripts beside it that it imports, as names of modules."""
    siblings = [
        other for other in SCRIPTS if re.search(rf"^from {other.stem} import", script.read_text(), re.MULTILINE)
    ]
    files = {file for one in (script, *siblings) for file in import_closure(one)}
    library = {"richlazy" if file.stem == "__init__" else f"richlazy.{file.stem}" for file in files}
    return sorted(library | {sibling.stem for sibling in siblings})


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_closure_is_what_python_really_imports(script):
    assert closure_with_scripts(script) == really_imported()[str(script)]


def library_of_rules():
    """For every rule with a script: that script, and the scripts whose closures the rule lists as input."""
    for file in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for rule in re.split(r"^ *(?:rule|checkpoint)\b", file.read_text(), flags=re.MULTILINE)[1:]:
            # A rule of a loop has its name in quotes.
            name = re.search(r'(?s)^ (\w+):|name:\s+f"(\w+)_', rule)
            name, script = name and (name[1] or name[2]), re.search(r'script:\s+"\.\./scripts/(\w+\.py)"', rule)
            if script:
                yield name, script[1], re.findall(r'"(\w+\.py)"', " ".join(re.findall(r"library\(([^)]*)\)", rule)))


RULES = list(library_of_rules())
# What was downloaded does not depend on code, and no edit of code may download it again.
DOWNLOADS = {
    "download_cave_table",
    "download_cave_nuclei",
    "download_cave_synapses",
    "download_release",
    "download_source",
}


def test_every_script_belongs_to_a_rule():
    alone = {"print_verdicts.py", "check_results.py"}  # run by make and by the user, after the workflow
    assert {script for _, script, _ in RULES} | alone == {script.name for script in SCRIPTS}


@pytest.mark.parametrize(
    ("rule", "script", "listed"),
    [pytest.param(*row, id=row[0]) for row in RULES],
)
def test_every_rule_lists_all_library_modules_that_its_script_loads(rule, script, listed):
    if rule in DOWNLOADS:
        assert not listed
        return
    inputs = set().union(*(closure_of(other) for other in listed))
    loaded = really_imported()[str(ROOT / "workflow" / "scripts" / script)]
    assert {name.removeprefix("richlazy.") for name in loaded if name.startswith("richlazy.")} <= inputs


# Any script


@pytest.mark.parametrize(
    "statement",
    [
        "import richlazy.kernels",
        "import numpy, richlazy.kernels",
        "import richlazy.kernels as kernels",
        "from richlazy import kernels",
        "from richlazy import kernels as anything, seeds",
        "from richlazy import (\n    kernels,\n)",
        "from richlazy.kernels import tangent_kernel",
        "from richlazy.kernels import *",
        "def later():\n    from richlazy import kernels",
        "try:\n    import richlazy.kernels\nexcept ImportError:\n    pass",
        "if True: from richlazy.kernels import tangent_kernel as t",
    ],
)
def test_every_spelling_of_an_import_is_found(tmp_path, statement):
    script = tmp_path / "script.py"
    script.write_text(statement)
    # kernels imports networks, networks imports records and seeds: directly or not makes no difference.
    assert {"__init__", "kernels", "networks", "records", "seeds"} <= names(import_closure(script))


@pytest.mark.parametrize(
    "statement",
    ["", "import numpy", "import richlazyness", "from other.richlazy import kernels", "'import richlazy.kernels'",
     "# import richlazy.kernels", "import kernels", "richlazy = 1; richlazy.kernels"],
)  # fmt: skip
def test_what_is_no_import_of_the_library_is_not_found(tmp_path, statement):
    script = tmp_path / "script.py"
    script.write_text(statement)
    assert import_closure(script) == []


def test_the_package_itself_belongs_to_every_closure(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import richlazy")
    assert import_closure(script) == [closure._PACKAGE / "__init__.py"]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package of its own: first -> second -> third -> first, and one that nobody imports."""
    folder = tmp_path / "richlazy"
    folder.mkdir()
    modules = {
        "__init__": "",
        "first": "import richlazy.second",
        "second": "def late():\n    from richlazy.third import something",
        "third": "from richlazy import first",
        "alone": "from richlazy import first",
    }
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(closure, "_PACKAGE", folder)
    return tmp_path


def test_indirect_and_circular_imports_are_followed(package):
    script = package / "script.py"
    script.write_text("from richlazy import second")
    assert names(import_closure(script)) == {"__init__", "first", "second", "third"}


def test_the_closure_is_sorted_and_names_files_that_exist(package):
    script = package / "script.py"
    script.write_text("from richlazy.alone import x")
    found = import_closure(str(script))
    assert found == sorted(found)
    assert all(isinstance(file, Path) and file.is_file() for file in found)
    assert len(found) == len(set(found)) == 5


def test_a_module_that_becomes_imported_enters_the_closure(package):
    script = package / "script.py"
    script.write_text("from richlazy import second")
    (package / "richlazy" / "third.py").write_text("import richlazy.alone")
    assert "alone" in names(import_closure(script))


# What the closure relies on


@pytest.mark.parametrize("file", [*LIBRARY, *SCRIPTS], ids=lambda file: file.name)
def test_imports_are_absolute_and_stand_in_the_text(file):
    """The closure reads neither relative imports nor imports by a name that is computed."""
    tree = ast.parse(file.read_text())
    relative = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert not relative
    assert not re.search(r"import_module|__import__|runpy|exec\(", file.read_text())


def test_the_library_is_one_flat_package():
    assert {file.parent.name for file in LIBRARY} == {"richlazy"}


# Scripts are thin adapters


def code_lines(text):
    """Lines that hold code: no comments, no blank lines, no docstrings."""
    tree = ast.parse(text)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), start=1)
    return [line for number, line in lines if line.strip() and line.strip()[0] != "#" and number not in docstrings]


def test_code_lines_are_counted_without_comments_and_docstrings():
    assert code_lines('"""Doc\n\nstring."""\n\nimport os  # comment\n# comment\ndef f():\n    """One."""\n') == [
        "import os  # comment",
        "def f():",
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_thin(script):
    text = script.read_text()
    assert len(text.splitlines()) <= 40
    assert len(code_lines(text)) <= 30


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_can_be_imported_without_running(script):
    tree = ast.parse(script.read_text())
    kinds = {type(node) for node in tree.body}
    assert kinds <= {ast.Expr, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.If}
    assert ast.unparse(next(node for node in tree.body if isinstance(node, ast.If)).test) == "__name__ == '__main__'"
    # Snakemake's global stands in the guarded part alone, so that the function can be called from anywhere.
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert "snakemake" not in {
        node.id for function in functions for node in ast.walk(function) if isinstance(node, ast.Name)
    }
