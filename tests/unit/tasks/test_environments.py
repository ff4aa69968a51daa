"""Environments of NeuroGym without importing it."""

import subprocess
import sys
from pathlib import Path

from neurogym.envs.registration import all_envs

from richlazy.tasks import neurogym_registration

LIBRARY = Path(__file__).parents[3] / "workflow/scripts"


def test_the_names_are_those_that_neurogym_registers():
    assert neurogym_registration.native() == set(all_envs())


def test_the_workflow_checks_a_configuration_without_heavy_imports():
    """What every start of Snakemake pays for: planning needs no numerics."""
    code = (
        "import sys, yaml; from pathlib import Path\n"
        "from richlazy.configuration import checks\n"
        "from richlazy.connectome import cave_token\n"
        "from richlazy.experiments import grids\n"
        "from richlazy.storage import import_closure\n"
        "checks.check(yaml.safe_load(Path('config.yaml').read_text()), 'workflow/schemas/config.schema.yaml')\n"
        "print(sorted({'neurogym', 'torch', 'matplotlib', 'pandas', 'scipy.linalg', 'gymnasium'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=LIBRARY.parents[1], env={"PYTHONPATH": str(LIBRARY)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
