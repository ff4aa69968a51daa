"""The command for a CUDA device does what it says, also where there is none and little is installed. No timing."""

import dataclasses
import json
import subprocess
import sys

import pytest
import torch

from . import ROOT, SCRIPTS, gpu

# What a machine with a device may lack.
ABSENT = (
    *("snakemake", "neurogym", "caveclient", "pydantic", "jsonschema", "yaml", "platformdirs", "hypothesis", "pooch"),
    *("jinja2", "vl_convert", "pyarrow", "pandas", "gymnasium"),
)
PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ImportError(f"{{name}} is not installed here")

sys.meta_path.insert(0, Absent())
sys.path[:0] = {paths!r}
import test_devices
from tests.benchmarks import gpu
gpu.main(["--first", "--share", "0.1"])
"""
SMALL = [
    dataclasses.replace(case, networks=2, size=12, steps=min(case.steps, 5), trials=4, updates=6) for case in gpu.CASES
]


def test_it_needs_little(tmp_path):
    paths = [str(folder) for folder in (SCRIPTS, ROOT / "tests", ROOT / "tests/unit/storage", ROOT)]
    program = PROGRAM.format(absent=set(ABSENT), paths=paths)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "NeuroGym, 10 networks: " in done.stdout


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_a_case_is_measured(case):
    line = gpu.measure(case, torch.device("cpu"), case.updates)
    assert line.same_bytes and line.error == 0 and line.update_us > 0
    assert (line.kernel_ms is not None) == case.kernels
    assert line.network_s == pytest.approx(line.update_us * gpu.ITERATIONS / 2 / 1e6)
    assert str(line).startswith(f"{case.name}: ")


def test_a_case_that_fails_is_said_and_stops_no_other(monkeypatch, capsys):
    measure = gpu.measure

    def measured(case, device, updates):
        if case is SMALL[0]:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return measure(case, device, updates)

    monkeypatch.setattr(gpu, "measure", measured)
    found = list(gpu.lines(torch.device("cpu"), SMALL[:2]))
    assert [line.name for line in found] == [SMALL[1].name]
    assert capsys.readouterr().out == f"FAILED {SMALL[0].name}: out of memory\n"


def test_the_whole_command(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gpu, "CASES", SMALL[:1])
    monkeypatch.setattr(gpu.devices, "prepare", lambda name: torch.device("cpu"))
    monkeypatch.setattr(gpu, "run_tests", lambda: print("tests"))
    monkeypatch.setattr(gpu, "processes", lambda count, arguments: 1.0)
    gpu.main(["--json", str(tmp_path / "gpu.json")])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"cpu, PyTorch {torch.__version__}" and said[1] == "tests"
    assert said[2].startswith(SMALL[0].name) and said[3] == "8 processes that share the device: 1.0 s with their starts"
    written = json.loads((tmp_path / "gpu.json").read_text())
    assert written["device"] == "cpu" and [line["name"] for line in written["lines"]] == [SMALL[0].name]
