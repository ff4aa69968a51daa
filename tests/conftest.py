"""Settings of every test session: one thread, repeatable examples, no use of global random numbers."""

import copy
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

import shipped

TESTS = Path(__file__).parent
_CONFIG = copy.deepcopy(shipped.CONFIG)

# Examples are drawn the same way in every session, and no session depends on failures of the one before.
settings.register_profile("richlazy", max_examples=25, deadline=None, derandomize=True, database=None)
settings.load_profile("richlazy")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep in one process what shares a build: the tests of a file, and of tests/workflow those of a module's fixture.

    With ``-n 2 --dist loadgroup``, as `make test` runs them. What runs Snakemake goes first, so that no process of
    pytest waits for a long build at the end.
    """
    items.sort(key=lambda item: not {"workflow", "conformance"} & set(item.path.relative_to(TESTS).parts))
    for item in items:
        group = item.nodeid.partition("::")[0]
        if "workflow" in item.path.relative_to(TESTS).parts:
            found = item._fixtureinfo.name2fixturedefs
            shared = [name for name, definitions in found.items() if definitions[-1].scope == "module"]
            if not shared:
                continue
            group += ":" + sorted(shared)[0]
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


@pytest.fixture(autouse=True)
def _subnormal_numbers_stay():
    """A test that prepares a device makes tiny numbers 0 for its process, which the next test must not inherit."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _shipped_configuration_untouched():
    """Fail a test that changes the configuration which all tests of its process share, instead of a copy."""
    yield
    if shipped.CONFIG != _CONFIG:
        shipped.CONFIG.clear()
        shipped.CONFIG.update(copy.deepcopy(_CONFIG))
        pytest.fail("the test changed shipped.CONFIG; let it change a copy")


@pytest.fixture(autouse=True)
def _global_random_state_untouched():
    """Fail a test after which a global generator stands elsewhere: every random number has a named stream."""
    python, (name, keys, *position), torch_state = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    assert random.getstate() == python, "the test changed the global state of random"
    name_after, keys_after, *position_after = np.random.get_state()
    unchanged = name_after == name and np.array_equal(keys_after, keys) and position_after == position
    assert unchanged, "the test changed the global random state of numpy"
    assert torch.equal(torch.get_rng_state(), torch_state), "the test changed the global random state of torch"
