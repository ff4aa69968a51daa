"""Refusals of what does not fit, in a sentence: arrays of another shape, entries that are no entries."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError

from richlazy.configuration import messages
from richlazy.models.rate_network import Weights


def entry(name: str, given: Any, model: Any) -> None:
    """Refuse an entry of the configuration that its model does not take, in the words of the check of a configuration.

    Args:
        name: what sentences call it.
        given: the entry.
        model: that it has to fit, such as ``registries.TaskEntry``.
    """
    named = dict[str, model]
    try:
        TypeAdapter(named).validate_python({name: given})
    except ValidationError as error:
        raise ValueError("\n".join(text for _, text in messages.sentences(error, named, {name: given}))) from None


def sizes_of(weights: Weights) -> dict[str, int]:
    """N, N_in and N_out of one network, whose matrices fit each other."""
    readout = array("weights.readout", weights.readout, ("N_out", "N"))
    known = {"N_out": readout.shape[0], "N": readout.shape[1]}
    known["N_in"] = array("weights.input", weights.input, ("N", "N_in"), known).shape[1]
    if weights.is_recurrent:
        array("weights.recurrent", weights.recurrent, ("N", "N"), known)
    return known


def targets(given: Any, axes: Sequence[str], sizes: Mapping[str, int], loss: str) -> np.ndarray:
    """Classes, or numbers with a further axis N_out, that fit inputs, outputs and loss."""
    kind = np.asarray(given).dtype
    if loss != "cross_entropy":
        if not np.issubdtype(kind, np.floating):
            raise ValueError(f"targets: loss {loss} expects floating-point numbers, got {kind}")
        return array("targets", given, (*axes, "N_out"), sizes, may_miss=loss == "masked_squared_error")
    if not np.issubdtype(kind, np.integer):
        raise ValueError(f"targets: loss cross_entropy expects whole numbers, the classes, got {kind}")
    classes = array("targets", given, axes, sizes)
    if classes.min() < 0 or classes.max() >= sizes["N_out"]:
        raise ValueError(
            f"targets: expected classes from 0 to {sizes['N_out'] - 1}, one for each output of the network, "
            f"got {classes.min()} to {classes.max()}"
        )
    return classes


def array(
    name: str,
    given: Any,
    axes: Sequence[str],
    sizes: Mapping[str, int] = MappingProxyType({}),
    may_miss: bool = False,
) -> np.ndarray:
    """An array whose axes have the names that are expected, and the sizes that are known.

    Args:
        name: what sentences call it.
        given: array of NumPy or PyTorch.
        axes: names of its axes.
        sizes: of some axes, by name.
        may_miss: whether some of its numbers may be nan.

    Raises:
        ValueError: where it has other axes or sizes, where it is empty and where a number is not finite.
    """
    found = given.numpy() if isinstance(given, torch.Tensor) else np.asarray(given)
    expected = f"({', '.join(axes)})"
    if found.ndim == len(axes) - 1:
        got = f"({', '.join(axes[1:])}) = {found.shape}; add an axis: {name}[None]"
        raise ValueError(f"{name}: expected {expected}, got {got}")
    if found.ndim != len(axes):
        raise ValueError(f"{name}: expected {expected}, got {found.shape}")
    if any(size != sizes.get(axis, size) for axis, size in zip(axes, found.shape, strict=True)):
        known = ", ".join(str(sizes.get(axis, axis)) for axis in axes)
        raise ValueError(f"{name}: expected {expected} = ({known}), got {found.shape}")
    if not found.size:
        raise ValueError(f"{name}: expected {expected}, got no numbers, {found.shape}")
    if np.isinf(found).any() or (np.isnan(found).any() and not may_miss):
        raise ValueError(f"{name}: expected finite numbers, got some that are not")
    return found
