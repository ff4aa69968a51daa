"""Environments of NeuroGym without importing it."""

import subprocess
import sys
from pathlib import Path

from neurogym.envs.registration import all_envs

from richlazy.tasks import neurogym_registration

TESTS = Path(__file__).parents[2]
LIBRARY = TESTS.parent / "workflow/scripts"


def test_the_names_are_those_that_neurogym_registers():
    assert neurogym_registration.native() == set(all_envs())


def test_the_workflow_checks_a_configuration_without_heavy_imports():
    """What every start of Snakemake pays for: planning needs no numerics."""
    code = (
        "import sys\n"
        "from richlazy.configuration import checks\n"
        "from richlazy.connectome import cave_token\n"
        "from richlazy.experiments import grids\n"
        "from richlazy.storage import import_closure\n"
        "from shipped import CONFIG\n"
        "checks.check(CONFIG)\n"
        "print(sorted({'neurogym', 'torch', 'matplotlib', 'pandas', 'scipy.linalg', 'gymnasium'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=LIBRARY.parents[1], env={"PYTHONPATH": f"{LIBRARY}:{TESTS}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
