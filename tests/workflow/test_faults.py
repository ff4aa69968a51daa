"""A few faults in a real run; `make campaign` injects a hundred of them."""

import random

import pytest

from faults.campaign import Chain, Fault, table
from faults.every_kind import KINDS
from faults.kinds import Setting

FEW = (
    "training job killed",
    "record damaged",
    "all processes killed (power)",
    "second Snakemake at once",
)


@pytest.mark.faults
def test_after_each_fault_the_documented_commands_lead_to_equal_bytes(finished, project):
    chain = Chain(project, 0, Setting(project.folder, random.Random(0)))
    whole = chain.go_through(FEW, finished.results())
    assert whole, chain.faults[-1].sentence
    assert [fault.kind for fault in chain.faults] == list(FEW)
    outcomes = {fault.kind: fault.outcome for fault in chain.faults}
    assert outcomes["training job killed"] == "continued"
    refused = ("record damaged", "second Snakemake at once")
    assert {outcomes[kind] for kind in refused} == {"refused"}


def test_the_kinds_of_the_short_campaign_are_those_of_the_long_one():
    assert set(FEW) <= set(KINDS)


def test_the_table_counts_every_fault_once():
    faults = [Fault("a", 0, "survived"), Fault("a", 0, "FAILED"), Fault("bb", 1, "refused")]
    first, second, last = (line.split() for line in table(faults).splitlines()[1:])
    assert first == ["a", "2", "1", "0", "0", "1"]
    assert second == ["bb", "1", "0", "0", "1", "0"]
    assert last == ["all", "3", "1", "0", "1", "1"]
