"""Mutants of a toy function, and a weak test that lets one survive. `make mutants` tries those of the library."""

import os
import subprocess
import sys

import pytest
import yaml

from mutation.__main__ import SUBJECTS
from mutation.mutants import chosen, mutants
from shipped import ROOT

PACKAGE = ROOT / "workflow/scripts/richlazy"
KNOWN = yaml.safe_load((ROOT / "tests/mutation/equivalents.yaml").read_text())
TOY = '''
"""A toy."""
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    LEFT_ALONE = 1

@register(order=1)
def clip(values: Literal[1], low: float = 0.0) -> float:
    """No mutant -1 of a docstring."""
    if len(values) < 1 and not low == 1:
        raise ValueError(f"{low + 1}")
    values.sort(reverse=True)
    return max(values[1:], low, key=abs) * -2
'''
# A part of the toy, and what stands in its place in its mutants.
FAULTS = [
    ("low: float=0.0", "low: float=1.0"),
    ("if len(values) < 1 and (not low == 1):", "if not (len(values) < 1 and (not low == 1)):"),
    ("1 and (not low == 1):", "1 or not low == 1:"),
    ("< 1", "<= 1"),
    ("< 1", "< 2"),
    ("(not low == 1)", "low == 1"),
    ("low == 1", "low != 1"),
    ("low == 1", "low == 2"),
    ("values.sort(reverse=True)", "pass"),
    ("values.sort(reverse=True)", "values.sort()"),
    ("reverse=True", "reverse=False"),
    ("return max(values[1:], low, key=abs) * -2", "return None"),
    ("max", "min"),
    ("[1:]", "[:]"),
    ("[1:]", "[2:]"),
    (", key=abs", ""),
    ("*", "/"),
    ("-2", "2"),
    ("-2", "-3"),
]


def test_faults_of_each_kind_are_made_one_at_a_time():
    found = [mutant.name.removeprefix("clip: ").split(" -> ") for mutant in mutants(TOY.replace("-> float", ""))]
    lines = dict.fromkeys(before for before, _ in found)
    expected = {(line, line.replace(*fault)) for fault in FAULTS for line in lines if fault[0] in line}
    assert len(lines) == 4
    assert {tuple(one) for one in found} == expected


def test_of_a_long_line_a_name_has_the_part_that_differs():
    long = f"words = ({', '.join(map(str, range(100)))})"
    found = [mutant.name for mutant in mutants(long)]
    assert len(set(found)) == 100
    assert found[50].startswith("module: ...") and " 49, 50, 51, " in found[50].partition(" -> ")[0]
    assert " 49, 51, 51, " in found[50].partition(" -> ")[2] and max(map(len, found)) < 300


def test_a_sample_is_the_same_for_a_seed():
    every = mutants(TOY)
    assert chosen(every, 5, "1") == chosen(every, 5, "1") != chosen(every, 5, "2")
    assert set(chosen(every, 5, "1")) < set(every) == set(chosen(every, 1000, "1"))
    for mutant in every:
        compile(mutant.source, "toy", "exec")


CAMPAIGN = """
import sys
from pathlib import Path
sys.path.insert(0, TESTS)
from mutation.campaign import campaign
sys.exit(campaign(Path("."), {"toy.py": ["test_toy.py"]}, KNOWN, 100, 0) != EXPECTED)
"""
LARGER = "def larger(first, second):\n    return max(first, second + 1)\n"
WEAK = "from toy import larger\n\ndef test_larger():\n    assert larger(3, 2) == 3\n"
STRONG = f"{WEAK}    assert larger(1, 2) == 3 and larger(3, 1) == 3\n"
SURVIVORS = [
    f"larger: return max(first, second + 1) -> return {other}(first, second {sign} 1)"
    for other, sign in (("min", "+"), ("max", "-"))
]
# The others are `return None` and `second + 2`.


def tried(folder, tests, known=(), expected=()):
    """Try the mutants of a toy."""
    (folder / "toy.py").write_text(LARGER)
    (folder / "test_toy.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    values = {"TESTS": str(ROOT / "tests"), "KNOWN": {"toy.py": dict.fromkeys(known, "why")}, "EXPECTED": [*expected]}
    script = CAMPAIGN
    for name, value in values.items():
        script = script.replace(name, repr(value))
    return subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("tests", "known", "left", "counted"),
    [
        (WEAK, [], SURVIVORS, {"killed": 2, "survived": 2}),
        (WEAK, SURVIVORS[:1], SURVIVORS[1:], {"killed": 2, "survived": 1, "equivalent": 1}),
        (STRONG, [], [], {"killed": 4}),
    ],
    ids=["weak", "one known", "strong"],
)
def test_a_weak_test_lets_mutants_survive(tests, known, left, counted, tmp_path):
    done = tried(tmp_path, tests, known, [f"toy.py: {name}" for name in left])
    assert done.returncode == 0, done.stdout + done.stderr
    heading, row, _ = (line.split() for line in done.stdout.splitlines()[-3:])
    found = dict(zip(heading, map(int, row[1:]), strict=True))
    assert {name: number for name, number in found.items() if number} == {"mutants": 4, "tried": 4, **counted}
    assert (tmp_path / "toy.py").read_text() == LARGER


def test_tests_that_fail_without_a_fault_are_an_error(tmp_path):
    done = tried(tmp_path, "def test_it():\n    assert False, 'broken'\n")
    assert "RuntimeError: the tests of toy.py fail without any fault" in done.stderr
    assert "broken" in done.stderr


FOREVER = """
from pathlib import Path
from mutation.runs import Tests
tests = Tests("forever", Path("forever.py"), ["test_forever.py"], Path("."))
print(tests.outcome("while True: pass", 1.5), tests.outcome("", 60), tests.outcome("first = 1 / 0", 60))
"""


def test_a_mutant_that_never_ends_is_stopped(tmp_path):
    (tmp_path / "test_forever.py").write_text("import forever\n\ndef test_it():\n    pass\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        [sys.executable, "-c", FOREVER], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "timeout survived killed\n", done.stderr


@pytest.mark.parametrize("module", SUBJECTS)
def test_subjects_and_their_tests_exist_and_known_mutants_are_mutants(module):
    assert all((ROOT / file.partition("::")[0]).is_file() for file in SUBJECTS[module])
    known = KNOWN.get(f"richlazy/{module}", {})
    assert set(known) <= {mutant.name for mutant in mutants((PACKAGE / module).read_text())}
    assert all(isinstance(reason, str) and len(reason.split()) > 3 for reason in known.values())


def test_known_mutants_are_of_subjects():
    assert set(KNOWN) <= {f"richlazy/{module}" for module in SUBJECTS}
