"""The page for whoever doubts a number: its Python lines lead from a verdict to the weights, and give equal numbers."""

import re
import sys
from pathlib import Path

import pytest

from richlazy.measures import on_probe
from runner import TINY, call

PAGE = Path(__file__).parents[2] / "workflow/docs/trace_a_number.md"


@pytest.fixture(scope="module")
def printed(finished) -> str:
    """What the lines of the page print on the tiny results."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    code = "\n".join(blocks).replace("results/quick", "results/tiny")
    assert "kernel_trials=32" in code
    code = code.replace("kernel_trials=32", f"kernel_trials={TINY['probe']['kernel_trials']}")
    command = [sys.executable, "-c", code]
    done = call(command, finished.folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_effect_and_p_of_a_trend_follow_from_its_runs(printed):
    for name in ("effect", "p"):
        again, stored = re.search(rf"^{name} (\S+) in the table (\S+)$", printed, re.MULTILINE).groups()
        assert float(again) == pytest.approx(float(stored))


def test_measures_of_a_run_follow_from_its_weights(printed):
    rows = {name: values for name, *values in re.findall(r"^(\w+) +(\S+) (\S+)$", printed, re.MULTILINE)}
    for name in on_probe.MEASURES:
        again, stored = map(float, rows[name])
        assert again == pytest.approx(stored, rel=1e-4, nan_ok=True), name


def test_the_verdict_is_printed_with_its_evidence(printed):
    assert printed.startswith("too few runs ")  # no order of three conditions is significant with two seeds
    assert "2AF kernel_alignment_recurrent: " in printed


def test_columns_are_printed_with_their_meaning(printed):
    assert re.search(r"^p_holm +p after Holm's correction", printed, re.MULTILINE)
