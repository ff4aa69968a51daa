"""Environments of NeuroGym without importing it."""

import inspect
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from neurogym.envs.registration import ALL_NATIVE_ENVS, all_envs, make

from richlazy.tasks import neurogym_environments, neurogym_files, neurogym_registration

TESTS = Path(__file__).parents[2]
LIBRARY = TESTS.parent / "workflow/scripts"


def test_the_names_are_those_that_neurogym_registers():
    assert neurogym_registration.native() == set(all_envs())


def made(environment, **keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(environment, **keywords).unwrapped


@pytest.mark.parametrize("environment", sorted(all_envs()))
def test_what_the_files_say_of_an_environment_is_what_neurogym_makes(environment):
    facts = neurogym_files.facts(environment)
    module, name = ALL_NATIVE_ENVS[environment].split(":")
    arguments = set(inspect.signature(getattr(sys.modules[module], name).__init__).parameters) - {"self"}
    assert set(facts.arguments) == arguments - {"dt", "timing"}
    assert facts.has_timing == ("timing" in arguments)
    if environment == "AnnubesEnv-v0":  # its arguments have no defaults, and its periods no `timing`
        return
    env = made(environment)
    assert set(facts.periods) == set(env.timing)
    for period, written in facts.periods.items():
        assert not isinstance(env.timing[period], int) or written == str(env.timing[period])
    for argument, taken in facts.arguments.items():
        default = inspect.signature(type(env).__init__).parameters[argument].default
        found = default if default is not None else getattr(env, argument, None)
        assert not taken or isinstance(found, {"a list": (list, tuple), "a number": (int, float)}.get(taken, bool))


# Their trials need times of their own, of which a job says more.
PARTICULAR = {"AnnubesEnv-v0", "HierarchicalReasoning-v0", "Null-v0", "ToneDetection-v0"}


@pytest.mark.parametrize("environment", sorted(set(all_envs()) - PARTICULAR))
def test_an_environment_without_classes_is_one_that_no_job_can_make(environment):
    facts = neurogym_files.facts(environment)
    try:
        neurogym_environments.make_environment(environment, "installed", 100, dict.fromkeys(facts.periods, 100))
    except ValueError:
        assert not facts.has_classes
    else:
        assert facts.has_classes


def test_counted_periods_follow_an_argument():
    counted = {"n_bin": 2}
    facts = neurogym_files.facts("PulseDecisionMaking-v0", counted)
    assert set(facts.periods) == set(made("PulseDecisionMaking-v0", **counted).timing)


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("self.timing = {'a': 1, 'b': f()}", {"a": "1", "b": "f()"}),
        ("self.timing = times()", None),
        ("self.timing = {**others}", None),
        ("self.timing = {'a': 1}\n        self.timing[name()] = 2", None),
    ],
)
def test_periods_that_the_text_does_not_tell_are_left_to_the_job(tmp_path, monkeypatch, text, periods):
    package = tmp_path / "neurogym" / "envs" / "native"
    package.mkdir(parents=True)
    (tmp_path / "neurogym" / "__init__.py").touch()
    (package / "mine.py").write_text(
        f"class Mine(TrialEnv):\n    def __init__(self, dt=100, timing=None):\n        {text}\n"
        "class Other(Mine):\n    pass\n"
    )
    spec = type("Spec", (), {"origin": str(tmp_path / "neurogym" / "__init__.py")})
    monkeypatch.setattr(neurogym_files, "find_spec", lambda name: spec)
    neurogym_files._class.cache_clear()
    neurogym_files._facts.cache_clear()
    try:
        assert neurogym_files.facts("Mine-v0").periods == periods
        assert neurogym_files.facts("Other-v0") is None  # it stands on another environment
        assert neurogym_files.facts("Absent-v0") is None
    finally:
        neurogym_files._class.cache_clear()
        neurogym_files._facts.cache_clear()


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
