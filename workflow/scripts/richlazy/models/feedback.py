"""Rules of learning whose errors reach units by other ways than the weights themselves.

Backpropagation sends errors from the outputs to the units by w', and from each unit to those that drive it by W_h'
(``backpropagation``). A rule puts other matrices in these places and leaves the forward pass and the products of errors
and rates as they are:

    after_leak: g[t] = D[t] (B_out e[t] + rho g[t+1] + (1 - rho) B_rec g[t+1])
    inside:     g[t] = rho g[t+1] + D[t] (B_out e[t] + (1 - rho) B_rec g[t+1])

| rule | B_rec | B_out | source |
|---|---|---|---|
| eligibility | 0 | w' | Bellec et al. 2020, symmetric e-prop: what a synapse needs is its own trace |
| rflo | 0 | fixed, random | Murray 2019, random-feedback local online learning |
| feedback_alignment | W_h' | fixed, random | Lillicrap et al. 2016, at the readout |
| recurrent_feedback | fixed, random | w' | the same within the network |
| truncated | W_h', 0 at every k-th step | w' | truncated backpropagation through time |

Without B_rec the recursion equals the sum over eligibility traces that run forward in time: a unit needs nothing of the
future. Mind that traces hold one step where rho is 0: such a rule then gives no credit for earlier steps.
"""

import numpy as np
import torch

from richlazy.models.backpropagation import Backpropagation
from richlazy.models.rate_network import Weights
from richlazy.storage.seeds import generator

# Rules whose errors do not reach units at the step before; and those with fixed feedback, with what it replaces.
LOCAL = ("eligibility", "rflo")
FIXED = {"recurrent_feedback": "recurrent", "rflo": "readout", "feedback_alignment": "readout"}


def fixed_feedback(weights: torch.Tensor, correlation: float, seeds: list[int], stream: str) -> torch.Tensor:
    """Random matrices in place of the weights of K networks before training, of equal Frobenius norm.

    Args:
        weights: (K, rows, N), those which the feedback replaces.
        correlation: of its entries with these: c W + sqrt(1 - c²) G, G Gaussian of the norm of W.
        seeds: of each network.
        stream: of the seeds, from which G is drawn.
    """
    found = torch.empty_like(weights)
    for place, seed in enumerate(seeds):
        initial = weights[place].detach().cpu().numpy().astype(float)
        drawn = generator(seed, stream).standard_normal(initial.shape)
        drawn *= np.linalg.norm(initial) / np.linalg.norm(drawn)
        mixed = correlation * initial + np.sqrt(1 - correlation**2) * drawn
        found[place] = torch.from_numpy(mixed).to(found)
    return found


def fixed_of_rule(rule: str, initial: Weights, correlation: float, seeds: list[int]) -> dict[str, torch.Tensor]:
    """Fixed feedback of a rule by the name of the matrix that it replaces; empty for rules without it.

    Args:
        rule: its name (``training.rules``).
        initial: weights of K networks before training.
        correlation: of the feedback with those that it replaces, from -1 to 1.
        seeds: of each network; they decide what is random.
    """
    names = [FIXED[rule]] if rule in FIXED else []
    return {name: fixed_feedback(getattr(initial, name), correlation, seeds, f"{name}_feedback") for name in names}


def way_back(rule: str, weights: Weights, fixed: dict[str, torch.Tensor]) -> tuple[torch.Tensor | None, torch.Tensor]:
    """Matrices by which a rule sends errors back, as ``Backpropagation.send_back_by`` takes them.

    Args:
        rule: its name.
        weights: of K networks; errors follow them where there is no fixed feedback.
        fixed: as ``fixed_of_rule`` gives it.
    """
    recurrent = None if rule in LOCAL else fixed.get("recurrent", weights.recurrent)
    return recurrent, fixed.get("readout", weights.readout)


def prepare(rule: str, passes: Backpropagation, correlation: float, truncation_steps: int, seeds: list[int]):
    """Let passes send errors back by a rule, for weights before training; arguments as ``fixed_of_rule`` takes them.

    Args:
        passes: of the networks.
        truncation_steps: after how many steps errors are cut.
    """
    back = way_back(rule, passes.weights, fixed_of_rule(rule, passes.weights, correlation, seeds))
    return passes.send_back_by(*back, truncation_steps if rule == "truncated" else None)
