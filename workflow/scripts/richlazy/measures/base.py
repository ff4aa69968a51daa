"""What a measure is, and how one is declared: its name, unit, meaning, label and formula in one place.

A theme of measures is a module of this package, and a measure is a function in it:

    @measure(
        "stable_rank",
        unit="1",
        meaning="|W|_F^2 / s_1^2 of the final recurrent weights, or of the first layer",
        label="stable rank",
    )
    def stable_rank_after(network):
        return stable_rank(network.after.structured)

Columns of tables, choices of the configuration, labels of figures and the reference page follow from it. Planning reads
these modules too, so they import PyTorch and pandas only inside the functions that need them.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

# Of a quantity what the expansion in learning time says of it (module recurrent_expansion), where it does.
PREDICTED = "_predicted"

Stage = Literal["probe", "history", "theory", "snapshot", "pair", "unseen"]
# Of these the experiments alone that ask for them have measures, and only of networks that learned something.
ASKED_FOR = ("pair", "unseen")
Invariance = Literal["order of units", "scale of weights"]
Condition = Callable[[Any], bool]


def every_network(context: Any) -> bool:
    """Every network."""
    return True


def recurrent_networks(network: Any) -> bool:
    """Networks with recurrent weights."""
    return network.is_recurrent


def tanh_networks(network: Any) -> bool:
    """Recurrent networks of tanh units."""
    return network.is_recurrent and network.has_tanh_units


def single_channel_linear_networks(network: Any) -> bool:
    """Linear recurrent networks of one input and one output."""
    return network.is_recurrent and network.is_linear and network.has_single_channels


def single_channel_networks(snapshot: Any) -> bool:
    """Recurrent networks of one input and one output."""
    return snapshot.is_recurrent and snapshot.has_single_channels


def linear_two_layer_networks(network: Any) -> bool:
    """Linear networks of two layers with one output."""
    return network.is_linear_two_layer


def networks_with_classes(network: Any) -> bool:
    """Networks whose targets are classes."""
    return not network.targets.is_floating_point()


def expanded_runs(run: Any) -> bool:
    """Runs that the expansion in learning time is about: linear networks that learn a step response."""
    return run.target is not None


@dataclass(frozen=True)
class Measure:
    """A number that is measured of each trained network.

    Attributes:
        name: column of the table of runs.
        unit: of its values; ``1`` for a pure number.
        meaning: in a line; the table carries it with the column.
        formula: from the context of its stage to a number.
        stage: what its context is: ``probe``, the network before and after training on its probe (a
            ``probed_network.ProbedNetwork``); ``history``, what was recorded in training, or ``theory``, what is
            predicted for it (a ``trained_run.TrainedRun``); ``snapshot``, the network at a moment of its training (a
            ``following.Snapshot``); ``pair``, it and the network of the next seed (a ``network_pair.NetworkPair``);
            ``unseen``, what it does on trials that it was not trained on (an ``asked_network.AskedNetwork``).
        label: in figures, with its line breaks; a measure without one is neither tested nor drawn.
        lazier: the sign with which it grows where learning is lazier, 1 or -1; 0 for neither.
        defined_for: whether it has a meaning for a context; it is nan where it has none.
        invariant_to: what does not change it: ``order of units`` after training alone, or ``scale of weights``, that of
            the recurrent ones.
        censored: whether it is when something happened, or how much of something was needed: it is infinite where that
            did not happen within the updates that were made, and ranks as the largest.
    """

    name: str
    unit: str
    meaning: str
    formula: Callable[[Any], float]
    stage: Stage = "probe"
    label: str | None = None
    lazier: Literal[-1, 0, 1] = 0
    defined_for: Condition = every_network
    invariant_to: tuple[Invariance, ...] = ()
    censored: bool = False

    def __call__(self, context: Any) -> float:
        """Its value, nan where it is not defined. The context keeps it, so that other measures can build on it."""
        if self.name not in context.values:
            context.values[self.name] = float(self.formula(context)) if self.defined_for(context) else math.nan
        return context.values[self.name]


def measure(
    name: str,
    *,
    unit: str,
    meaning: str,
    label: str | None = None,
    lazier: Literal[-1, 0, 1] = 0,
    stage: Stage = "probe",
    defined_for: Condition = every_network,
    invariant_to: tuple[Invariance, ...] = (),
    censored: bool = False,
) -> Callable[[Callable[[Any], float]], Measure]:
    """Make a measure of the function below; arguments are the attributes of ``Measure``."""

    def declare(formula: Callable[[Any], float]) -> Measure:
        return Measure(name, unit, meaning, formula, stage, label, lazier, defined_for, invariant_to, censored)

    return declare


def declared(*themes: ModuleType) -> dict[str, Measure]:
    """Measures that some modules declare, by name, in the order of their text.

    Raises:
        ValueError: where two of them share a name.
    """
    found: dict[str, Measure] = {}
    for one in _declarations(*themes):
        if one.name in found:
            raise ValueError(f"two measures are called {one.name!r}; rename one of them")
        found[one.name] = one
    return found


def _declarations(*themes: ModuleType) -> Iterator[Measure]:
    for theme in themes:
        yield from (
            value
            for value in vars(theme).values()
            if isinstance(value, Measure) and value.formula.__module__ == theme.__name__
        )
