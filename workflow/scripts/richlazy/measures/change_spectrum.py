"""Where singular values of the change of the recurrent weights fall to their tail, and eigenvalues that it brings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from richlazy.measures.base import measure, recurrent_networks

if TYPE_CHECKING:
    from richlazy.measures.probed_network import ProbedNetwork


def _drop(network: ProbedNetwork, component: int) -> float:
    """A singular value of the change over the next one; nan where there is no next one."""
    _, values = network.truncations
    has_next = len(values) > component and values[component] > 0
    return float(values[component - 1] / values[component]) if has_next else math.nan


@measure(
    "singular_value_drop_after_2",
    unit="1",
    meaning="second singular value of the change of the recurrent weights over the third",
    label="second singular\nvalue of the change\nover the third",
    defined_for=recurrent_networks,
)
def drop_after_2(network: ProbedNetwork) -> float:
    """Figure 1(g)."""
    return _drop(network, 2)


@measure(
    "singular_value_drop_after_6",
    unit="1",
    meaning="sixth singular value of the change of the recurrent weights over the seventh",
    label="sixth singular\nvalue of the change\nover the seventh",
    defined_for=recurrent_networks,
)
def drop_after_6(network: ProbedNetwork) -> float:
    """Figure 1(h, i)."""
    return _drop(network, 6)


@measure(
    "outlier_eigenvalues",
    unit="eigenvalues",
    meaning="eigenvalues of the final recurrent weights that are larger in modulus than all of the initial ones",
    label="outlier\neigenvalues",
    defined_for=recurrent_networks,
)
def outlier_eigenvalues(network: ProbedNetwork) -> float:
    """Schuessler et al. 2020 and Bordelon et al. 2025 speak of outliers; without initial weights all are."""
    return float((network.after.moduli > network.before.moduli.max()).sum())
