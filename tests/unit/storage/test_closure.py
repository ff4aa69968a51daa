"""The import closure: what an edit of a library module reruns."""

import ast
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kinds_of_tasks
import richlazy
from richlazy.connectivity.base import STRUCTURES
from richlazy.experiments import trials
from richlazy.models.registry import MODELS
from richlazy.storage import import_closure as closure_module
from richlazy.storage.import_closure import import_closure, module_closure
from richlazy.tasks import registry as task_registry

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
LIBRARY = sorted((ROOT / "workflow" / "scripts" / "richlazy").rglob("*.py"))
# Themes of measures: no figure is drawn again where a formula changes.
FORMULAS = {"change", "effective_ranks", "low_rank_change", "task_kernels", "task_alignment", "learning_speed"}
NUMERICS = {"loop", "measuring", "neurogym_environments", "neurogym_trials", "rate_network", "tangent_kernel"}


def names(files):
    return {file.stem for file in files}


def module_name(file):
    """Dotted name of a module of the library, or of a package by its initialiser."""
    parts = file.relative_to(ROOT / "workflow" / "scripts").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def closure_of(script):
    return names(import_closure(ROOT / "workflow" / "scripts" / script))


# The scripts of this workflow


@pytest.mark.parametrize(
    ("script", "present", "absent"),
    [
        # What trains, measures and tabulates is a module of the model, which the rule lists beside the script.
        *(
            (script, {"base", "late_import"}, NUMERICS | {"hypothesis_tests", "lstm", "measure_figure", "registry"})
            for script in ("train_networks.py", "measure_networks.py", "tabulate_runs.py")
        ),
        ("build_connectivity.py", {"base", "matching", "seeds"}, NUMERICS | {"hypothesis_tests", "measure_figure"}),
        (
            "sample_training_trials.py",
            {"array_io", "late_import"},
            NUMERICS | {"base", "image_trials", "measure_figure", "registry", "seeds", "settings"},
        ),
        (
            "compare_conditions.py",
            {"hypothesis_tests", "parquet"},
            NUMERICS - {"measuring", "rate_network", "tangent_kernel"} | {"claims"},
        ),
        (
            "plot_measures.py",
            {"measure_figure", "parquet", "spectrum_panel"},
            NUMERICS | FORMULAS | {"claims", "hypothesis_tests"},
        ),
        ("plot_effects.py", {"effect_figure", "parquet"}, NUMERICS | FORMULAS),
        ("plot_trajectories.py", {"trajectory_figure"}, NUMERICS | FORMULAS),
        ("plot_robustness.py", {"robustness_figure"}, NUMERICS | FORMULAS),
        ("judge_claims.py", {"claims", "one_sided_tests", "parquet"}, NUMERICS | {"measure_figure"}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_script_depends_on_what_its_result_depends_on(script, present, absent):
    found = closure_of(script)
    assert present <= found
    assert not found & absent


# Kinds of tasks whose trials are sampled by jobs.
SAMPLED = {key: kind for key, kind in task_registry.members().items() if kind.trials}


@pytest.mark.parametrize("key", SAMPLED)
def test_trials_of_one_kind_depend_on_no_other_kind_and_on_no_planning(key):
    found = {module_name(file) for file in module_closure(SAMPLED[key].trials)}
    of_tasks = {name.removeprefix("richlazy.") for name in found if name.startswith("richlazy.tasks.")}
    others = {kind.trials for kind in SAMPLED.values()} - {SAMPLED[key].trials}
    assert SAMPLED[key].trials in of_tasks
    # Trials that a network teaches are made of images.
    assert not of_tasks & (others - ({"tasks.image_trials"} if "images" in SAMPLED[key].needs else set()))
    planning = ("base", "entries", "registry", "kinds", *(f"kinds.{other}" for other in SAMPLED))
    assert not of_tasks & {f"tasks.{name}" for name in planning}
    stages = {name.split(".")[1] for name in found - {"richlazy"}}
    assert not stages & {"configuration", "experiments", "figures", "job_needs", "measures", "tables", "training"}
    assert ("richlazy.models.rate_network" in found) == ("teacher" in SAMPLED[key].needs)


@pytest.mark.parametrize("key", SAMPLED)
def test_the_listed_closure_is_what_is_imported_when_trials_of_a_kind_are_sampled(key, tmp_path):
    net, files = kinds_of_tasks.network_and_files(key, tmp_path)
    implementation, entry, run = net.training_trials
    _, _, probe_run = net.probe_trials
    program = f"""
import json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {str(ROOT / "workflow" / "scripts")!r})
import sample_training_trials, sample_probe_trials
entry, run, probe_run, files = json.loads(sys.argv[1])
folder = {str(tmp_path)!r}
x, y, probe, decision, about = (folder + name for name in ("/x.npy", "/y.npy", "/p.npz", "/d.npy", "/t.json"))
sample_training_trials.sample_training_trials(x, y, about, {implementation!r}, entry, run, files)
sample_probe_trials.sample_probe_trials(probe, decision, about, {implementation!r}, entry, probe_run, files, 2)
print(json.dumps(sorted(name for name in sys.modules if name.startswith("richlazy."))))
"""
    arguments = json.dumps([entry, run, probe_run, files])
    finished = subprocess.run([sys.executable, "-c", program, arguments], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    scripts = ("sample_training_trials.py", "sample_probe_trials.py")
    listed = {file for script in scripts for file in import_closure(ROOT / "workflow" / "scripts" / script)}
    for module in trials.modules(net.training_trials, "trials"):
        listed |= set(module_closure(module))
    assert sorted(module_name(file) for file in listed) == json.loads(finished.stdout)


@pytest.mark.parametrize(
    ("module", "present", "absent"),
    [
        (
            MODELS["recurrent"].training,
            {"array_io", "loop", "rate_network"},
            {"hypothesis_tests", "measure_figure", "measuring", "tangent_kernel"},
        ),
        (
            MODELS["recurrent"].measuring,
            {"measuring", "rate_network", "tangent_kernel"},
            {"hypothesis_tests", "learning_speed", "loop", "measure_figure", "neurogym_environments"},
        ),
        (MODELS["lstm"].training, {"lstm", "sentences"}, {"hypothesis_tests", "lstm_measures", "lstm_tables"}),
        (MODELS["lstm"].measuring, {"lstm", "sentences"}, {"hypothesis_tests", "lstm_training", "lstm_tables"}),
        (MODELS["lstm"].tabulating, {"lstm_tables", "parquet"}, {"lstm_training", "lstm_measures", "lstm"}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_jobs_of_a_model_depend_on_its_own_modules(module, present, absent):
    found = names(module_closure(module))
    assert present <= found
    assert not found & absent


@pytest.mark.parametrize("stage", ["training", "measuring", "tabulating"])
def test_an_edit_of_one_model_leaves_the_jobs_of_others(stage):
    """Models of one folder share their modules."""
    for model in MODELS.values():
        others = {
            f"richlazy.{module}"
            for other in MODELS.values()
            if other.folder != model.folder
            for module in (other.planning, other.training, other.measuring, other.tabulating)
        }
        found = {module_name(file) for file in module_closure(getattr(model, stage))}
        assert others and not found & (others | {"richlazy.models.registry"})


@pytest.mark.parametrize("kind", STRUCTURES)
def test_the_listed_closure_is_what_is_imported_when_weights_of_a_structure_are_built(kind):
    program = f"""
import json, sys
sys.path.insert(0, {str(ROOT / "workflow" / "scripts")!r})
import build_connectivity
build_connectivity.STRUCTURES[{kind!r}]
print(json.dumps(sorted(name for name in sys.modules if name.startswith("richlazy."))))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    listed = {
        *import_closure(ROOT / "workflow/scripts/build_connectivity.py"),
        *module_closure(STRUCTURES.module(kind)),
    }
    assert sorted(module_name(file) for file in listed) == json.loads(finished.stdout)


@pytest.mark.parametrize("script", [script.name for script in SCRIPTS])
def test_no_job_depends_on_the_checks_of_the_configuration(script):
    assert not closure_of(script) & {"checks", "import_closure"}
    # What reads the files of others words their mistakes like those of a configuration.
    assert "error_messages" not in closure_of(script) or re.match(r"download_|import_", script)


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
    found[script] = sorted(name for name in sys.modules if name.split(".")[0] in ours and name != "richlazy")
print(json.dumps(found))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def closure_with_scripts(script):
    """Closure of a script and of the scripts beside it that it imports, as names of modules."""
    siblings: dict[Path, None] = {}
    waiting = [script]
    while waiting:
        text = waiting.pop().read_text()
        found = [other for other in SCRIPTS if re.search(rf"^from {other.stem} import", text, re.MULTILINE)]
        waiting += [other for other in found if other not in siblings]
        siblings |= dict.fromkeys(found)
    files = {file for one in (script, *siblings) for file in import_closure(one)}
    return sorted({module_name(file) for file in files} | {sibling.stem for sibling in siblings})


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_closure_is_what_python_really_imports(script):
    assert closure_with_scripts(script) == really_imported()[str(script)]


def library_of_rules():
    """For every rule with a script: that script, and the scripts whose code the rule names."""
    files = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    every = "".join(file.read_text() for file in files)
    lists = re.findall(r"^([A-Z_]+) = \[\n(.*?)\]", every, flags=re.MULTILINE | re.DOTALL)
    for file in files:
        text = file.read_text()
        for name, scripts in lists:
            text = text.replace(f"*{name}", scripts)
        for rule in re.split(r"^ *(?:rule|checkpoint)\b", text, flags=re.MULTILINE)[1:]:
            # A rule of a loop has its name in quotes.
            name = re.search(r'(?s)^ (\w+):|name:\s+f"(\w+?)_?\{', rule)
            name, script = name and (name[1] or name[2]), re.search(r'script:\s+"\.\./scripts/(\w+\.py)"', rule)
            if script:
                yield (
                    name,
                    script[1],
                    re.findall(r'"(\w+\.py)"', " ".join(re.findall(r"library(?:_of_\w+)?\(([^)]*)\)", rule))),
                )


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
    # Run by make and by the user.
    alone = {"print_verdicts.py", "check_results.py", "adopt_results.py", "reproduce.py", "fetch_networks.py"}
    alone.add("describe_reference.py")
    assert {script for _, script, _ in RULES} | alone == {script.name for script in SCRIPTS}


def test_every_script_that_makes_results_certifies_them():
    checking = {"train_again.py", "recheck_run.py", "recheck.py", "publish_reference.py", "judge_reference.py"}
    making = {script for rule, script, _ in RULES if rule not in DOWNLOADS} - checking
    certifying = {path.name for path in SCRIPTS if "    with jobs.running(snakemake" in path.read_text()}
    assert certifying == making


@pytest.mark.parametrize(
    ("rule", "script", "listed"),
    [pytest.param(*row, id=row[0]) for row in RULES],
)
def test_every_rule_lists_all_library_modules_that_its_script_loads(rule, script, listed):
    if rule in DOWNLOADS:
        assert not listed
        return
    assert script in listed  # it is an input itself: its content decides, where Snakemake would look at its time
    scripts = ROOT / "workflow" / "scripts"
    inputs = {module_name(file) for other in listed for file in import_closure(scripts / other)}
    loaded = really_imported()[str(scripts / script)]
    assert {name for name in loaded if name.startswith("richlazy.")} <= inputs


def test_a_figure_is_told_the_colours_that_its_script_reads():
    """Of colours and measures of the configuration: one more would draw it again for nothing, one less would fail."""
    rules = "".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    scripts = ROOT / "workflow" / "scripts"
    found = {}
    for rule in re.split(r"^rule ", rules, flags=re.MULTILINE):
        if told := re.search(r"settings=figure_settings\((.*?)\)", rule):
            script = scripts / re.search(r'script:\s+"\.\./scripts/(\w+\.py)"', rule)[1]
            text = "".join(file.read_text() for file in (script, *import_closure(script)) if "public" not in file.parts)
            read = set(re.findall(r'"(dot_colour|median_colour)"|settings\["(measures)"\]', text))
            found[script.stem] = {"".join(pair) for pair in read}
            assert found[script.stem] == set(re.findall(r"\w+", told[1])), script.stem
    assert len(found) == 11 and found["plot_measures"] > found["plot_effects"] > found["plot_losses"] == set()


# Any script


@pytest.mark.parametrize(
    "statement",
    [
        "if TYPE_CHECKING:\n    import numpy\nelse:\n    import richlazy.measures.tangent_kernel",
        "import richlazy.measures.tangent_kernel",
        "import numpy, richlazy.measures.tangent_kernel",
        "import richlazy.measures.tangent_kernel as kernels",
        "from richlazy.measures import tangent_kernel",
        "from richlazy.measures import tangent_kernel as anything, kernel_cost",
        "from richlazy.measures import (\n    tangent_kernel,\n)",
        "from richlazy.measures.tangent_kernel import tangent_kernel",
        "from richlazy.measures.tangent_kernel import *",
        "def later():\n    from richlazy.measures import tangent_kernel",
        "try:\n    import richlazy.measures.tangent_kernel\nexcept ImportError:\n    pass",
        "if True: from richlazy.measures.tangent_kernel import tangent_kernel as t",
    ],
)
def test_every_spelling_of_an_import_is_found(tmp_path, statement):
    script = tmp_path / "script.py"
    script.write_text(statement)
    # It imports rate_network, which imports array_io and seeds: directly or not makes no difference.
    found = import_closure(script)
    assert {"__init__", "tangent_kernel", "rate_network", "array_io", "seeds"} <= names(found)
    packages = {module_name(file) for file in found if file.stem == "__init__"}
    assert {"richlazy.measures", "richlazy.models", "richlazy.storage"} <= packages
    assert "richlazy" not in packages


@pytest.mark.parametrize(
    "statement",
    ["", "import numpy", "if TYPE_CHECKING: import richlazy.storage",
     "import richlazyness", "from other.richlazy import kernels", "'import richlazy.storage'",
     "# import richlazy.storage", "import kernels", "richlazy = 1; richlazy.kernels"],
)  # fmt: skip
def test_what_is_no_import_of_the_library_is_not_found(tmp_path, statement):
    script = tmp_path / "script.py"
    script.write_text(statement)
    assert import_closure(script) == []


def test_names_for_people_are_no_part_of_a_job(tmp_path):
    """The library's own ``__init__`` is in no closure, which is right while it changes nothing that a job sees."""
    script = tmp_path / "script.py"
    script.write_text("import richlazy")
    assert import_closure(script) == []
    initialiser = ast.parse((closure_module._PACKAGE / "__init__.py").read_text())
    kinds = {type(node) for node in initialiser.body}
    assert kinds == {ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef}
    functions = {node.name for node in initialiser.body if isinstance(node, ast.FunctionDef)}
    assert functions == {"__getattr__", "__dir__"}  # no value of its own, no other library to load
    modules = {node.names[0].name for node in initialiser.body if isinstance(node, ast.Import)}
    modules |= {node.module for node in initialiser.body if isinstance(node, ast.ImportFrom)}
    assert modules == {"importlib", "sys", "typing"}


@pytest.mark.parametrize("name", richlazy.__all__)
def test_a_job_that_asks_for_a_name_for_people_is_refused(tmp_path, name):
    script = tmp_path / "script.py"
    script.write_text(f"from richlazy import {name}")
    with pytest.raises(ImportError, match=f"imports richlazy.{name}, which is no module of the library"):
        import_closure(script)


@pytest.mark.parametrize("file", [*LIBRARY, *SCRIPTS], ids=lambda file: file.stem)
def test_no_module_asks_for_a_name_for_people(file):
    """By attribute, as in ``richlazy.train``, which no import shows."""
    if file == closure_module._PACKAGE / "__init__.py":
        return
    attributes = {
        node.attr
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "richlazy"
    }
    assert attributes <= {"__name__"}


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
    monkeypatch.setattr(closure_module, "_PACKAGE", folder)
    return tmp_path


def test_the_closure_of_a_module_holds_it_and_all_initialisers_on_the_way(package):
    assert names(module_closure("second")) == {"first", "second", "third"}
    below = package / "richlazy" / "below"
    below.mkdir()
    (below / "__init__.py").write_text("")
    (below / "last.py").write_text("from richlazy import alone")
    (package / "richlazy" / "alone.py").write_text("")
    found = {str(file.relative_to(package / "richlazy")) for file in module_closure("below.last")}
    assert found == {"alone.py", "below/__init__.py", "below/last.py"}
    with pytest.raises(ImportError, match="which is no module of the library"):
        module_closure("below.missing")


def test_indirect_and_circular_imports_are_followed(package):
    script = package / "script.py"
    script.write_text("from richlazy import second")
    assert names(import_closure(script)) == {"first", "second", "third"}


def test_the_closure_is_sorted_and_names_files_that_exist(package):
    script = package / "script.py"
    script.write_text("from richlazy.alone import x")
    found = import_closure(str(script))
    assert found == sorted(found)
    assert all(isinstance(file, Path) and file.is_file() for file in found)
    assert len(found) == len(set(found)) == 4


def test_a_module_that_becomes_imported_enters_the_closure(package):
    script = package / "script.py"
    script.write_text("from richlazy import second")
    (package / "richlazy" / "third.py").write_text("import richlazy.alone")
    assert "alone" in names(import_closure(script))


# What the closure relies on


@pytest.mark.parametrize("file", [*LIBRARY, *SCRIPTS], ids=lambda file: file.stem)
def test_imports_are_absolute_and_stand_in_the_text(file):
    """The closure reads neither relative imports nor imports by a name that is computed."""
    tree = ast.parse(file.read_text())
    relative = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert not relative
    computed = re.findall(r"import_module|__import__|runpy|exec\(", file.read_text())
    # A job imports the module of its own kind of task, structure or model alone, which its rule lists:
    # test_the_listed_closure_is_what_is_imported_when_...
    # Names for people are no part of a job.
    alone = (closure_module._PACKAGE / "storage/late_import.py", closure_module._PACKAGE / "__init__.py")
    assert computed == (["import_module"] if file in alone else [])


# The stages from the ground up: a module imports from its own package and from those before it.
PACKAGES = (
    "storage", "connectivity", "connectome", "theory", "models", "tasks", "training", "measures", "experiments",
    "statistics", "configuration", "tables", "figures", "pages", "adoption", "public",
)  # fmt: skip


def package_of(name):
    """Place of a module in the order of the packages, by its dotted name; modules beside the packages have none."""
    parts = name.split(".")
    return PACKAGES.index(parts[1]) if parts[1:2] and parts[1] in PACKAGES else None


@pytest.mark.parametrize("file", LIBRARY, ids=module_name)
def test_no_module_imports_from_a_later_stage(file):
    own = package_of(module_name(file))
    tree = ast.parse(file.read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = {f"{name}." for name in imported if name.startswith("richlazy.") and own is not None}
    assert [name for name in names if (package_of(name) or 0) > own] == []


@pytest.mark.parametrize("file", LIBRARY, ids=module_name)
def test_a_module_fits_in_the_head(file):
    assert len(file.read_text().splitlines()) <= 300


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


@pytest.mark.parametrize(
    "statement",
    [
        "import richlazy.fourth",
        "from richlazy import fourth",
        "from richlazy.fourth import x",
        "import richlazy.first.x",
        "from richlazy.below import fourth",
        "from richlazy.below.fourth import x",
        "def late():\n    import richlazy.fourth",
    ],
)
def test_an_import_that_leads_to_no_module_is_refused(package, statement):
    script = package / "script.py"
    script.write_text(statement)
    with pytest.raises(ImportError, match=r"script\.py imports richlazy\..*, which is no module of the library"):
        import_closure(script)


def test_modules_of_packages_are_followed_with_the_initialisers_on_the_way(package):
    below = package / "richlazy" / "below"
    (below / "deeper").mkdir(parents=True)
    (below / "__init__.py").write_text("from richlazy import alone\nLIMIT = 3")
    (below / "deeper" / "__init__.py").write_text("")
    (below / "deeper" / "last.py").write_text("from richlazy.below import LIMIT")
    script = package / "script.py"
    script.write_text("from richlazy.below.deeper import last")
    files = {str(file.relative_to(package / "richlazy")) for file in import_closure(script)}
    assert {"below/__init__.py", "below/deeper/__init__.py", "below/deeper/last.py", "alone.py"} <= files
