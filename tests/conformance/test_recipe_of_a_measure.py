"""The recipe for a measure in extending.md, followed from its text in a copy of the library."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "workflow/docs/extending.md").read_text()
RECIPE = re.search(r"^## A measure\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)[1]
NAME = "largest_weight_change"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of library and tests with the two blocks of the recipe at the ends of the files that it names."""
    folder = tmp_path_factory.mktemp("recipe")
    skipped = shutil.ignore_patterns("__pycache__", "*.npz")
    for part in ("workflow/scripts/richlazy", "tests/conformance"):
        shutil.copytree(ROOT / part, folder / part, ignore=skipped)
    for file in ("tests/oracles.py", "pyproject.toml"):
        shutil.copy(ROOT / file, folder / file)
    declaration, oracle = re.findall(r"^ {3}```python\n(.*?)^ {3}```", RECIPE, re.MULTILINE | re.DOTALL)
    theme = re.search(r"such as `(\w+\.py)`", RECIPE)[1]
    oracles = re.search(r"`(tests/conformance/\w+\.py)`", RECIPE)[1]
    for file, text in ((f"workflow/scripts/richlazy/measures/{theme}", declaration), (oracles, oracle)):
        with (folder / file).open("a") as end:
            end.write("\n\n" + textwrap.dedent(text))
    return folder


def python(folder, program):
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'workflow/scripts')\n{program}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_measure_is_measured_of_a_tiny_network(folder):
    program = f"""
import torch
from richlazy.measures import measuring
from richlazy.models.rate_network import Dynamics, Weights
torch.manual_seed(0)
before = Weights(torch.randn(4, 4), torch.randn(4, 2), torch.randn(2, 4))
change = torch.zeros(4, 4)
change[1, 2], change[3, 0] = -0.5, 0.25
after = Weights(before.recurrent + change, before.input, before.readout)
targets, decision = torch.tensor([[0, 1, 1]] * 5), torch.ones(5, 3, dtype=torch.bool)
trained = measuring.Trained(before, after, torch.randn(5, 3, 2), targets, decision)
print(measuring.measure(trained, Dynamics(0.2), measuring.ProbeSettings(3))[{NAME!r}])
"""
    assert float(python(folder, program)) == pytest.approx(0.5, abs=1e-6)


def test_columns_and_choices_of_the_configuration_follow_from_its_declaration(folder):
    program = f"""
from richlazy.measures.registry import TESTED
from richlazy.tables.experiment_tables import RUN_COLUMNS
print(RUN_COLUMNS[{NAME!r}], "|", TESTED[{NAME!r}].unit)
"""
    meaning, unit = python(folder, program).split(" | ")
    assert f'meaning="{meaning}"' in RECIPE
    assert f'unit="{unit}"' in RECIPE


def test_it_passes_what_every_measure_passes_and_would_not_without_its_oracle(folder):
    command = [sys.executable, "-m", "pytest", "-q", "tests/conformance/test_measures.py", "-k", NAME]
    environment = {"PYTHONPATH": "tests"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed", done.stdout)
    path = folder / "tests/conformance/measure_oracles.py"
    text = path.read_text()
    path.write_text(text.replace(f"@oracle_of_probe\ndef {NAME}", f"def {NAME}"))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    path.write_text(text)
    assert f"KeyError: '{NAME}'" in done.stdout


def test_planning_needs_neither_pytorch_nor_pandas(folder):
    program = """
import richlazy.measures.registry, richlazy.measures.during_training, richlazy.measures.predictions
print(sorted({"torch", "pandas", "matplotlib", "scipy.linalg", "scipy.stats"} & set(sys.modules)))
"""
    assert python(folder, program) == "[]"
