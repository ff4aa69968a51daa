"""Faults in real runs, as many as take a few minutes; `make campaign` injects a thousand."""

import pytest

from faults.campaign import Fault, campaign, table
from faults.every_kind import KINDS, impossible


@pytest.mark.faults
def test_after_a_fault_of_each_kind_the_documented_commands_lead_to_equal_bytes():
    kinds = [kind for kind in KINDS if kind not in impossible()]
    faults = campaign(kinds, len(kinds), seed=0, per_chain=-(-len(kinds) // 2), at_once=2)
    print(table(faults))
    assert {fault.kind for fault in faults} == set(kinds)
    assert [fault for fault in faults if fault.outcome == "FAILED"] == []


def test_the_table_counts_every_fault_once():
    faults = [Fault("a", 0, "survived"), Fault("a", 0, "FAILED"), Fault("bb", 1, "refused")]
    first, second, last = (line.split() for line in table(faults).splitlines()[1:])
    assert first == ["a", "2", "1", "0", "0", "1"]
    assert second == ["bb", "1", "0", "0", "1", "0"]
    assert last == ["all", "3", "1", "0", "1", "1"]
