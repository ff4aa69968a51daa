"""Random configurations are refused in clear sentences, or can be planned. `make fuzz` tries thousands."""

import copy
import random

import pytest

from fuzzing.mutants import BASE, mutant
from fuzzing.outcomes import is_clear, outcome, runs_in_seconds


@pytest.mark.parametrize("seed", range(60))
def test_a_random_configuration_is_refused_clearly_or_planned(seed):
    config, changes = mutant(random.Random(seed))
    assert outcome(config).failure == "", changes


def test_without_a_change_all_experiments_are_planned():
    found = outcome(BASE)
    assert found.plan is not None
    assert not runs_in_seconds(found.plan)  # of all together


def test_mutants_are_of_both_kinds_and_the_same_for_a_seed():
    found = [outcome(mutant(random.Random(seed))[0]) for seed in range(200, 230)]
    assert 2 <= sum(one.plan is not None for one in found) <= 20
    first, second = (mutant(random.Random(3)) for _ in range(2))
    assert repr(first) == repr(second)


def test_remains_of_a_program_in_a_sentence_are_seen():
    assert is_clear("training.batch_size is 0; it must be at least 1")
    assert not is_clear("training.batch_size is None; it must be at least 1")
    assert not is_clear("training.batch_size is 0;\nit must be at least 1")


@pytest.mark.parametrize("group", ["word_vectors", "connectomes", "presets", "tasks", "structures", "image_sets"])
@pytest.mark.parametrize("value", [None, 1, "all", [1], True])
def test_a_group_that_is_no_mapping_is_refused(group, value):
    found = outcome(BASE | {group: value})
    assert found.failure == ""
    assert found.sentences[0].startswith(group)


def test_a_value_of_several_types_within_one_of_several_types_has_one_sentence():
    config = copy.deepcopy(BASE)
    config["connectomes"]["v1_column"]["release"]["format"]["keep"]["is_column"] = [["yes", {}]]
    assert outcome(config).sentences == (
        "connectomes.v1_column.release.format.keep.is_column[0] must be a text or a number or true or false, not "
        '["yes", {}]; see the key in workflow/docs/configuration.md',
    )
