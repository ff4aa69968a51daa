"""Passes of rules of learning whose errors reach units by other ways than the weights themselves.

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


class FeedbackPasses(Backpropagation):
    """Both passes with matrices of their own on the way back.

    Attributes:
        recurrent_feedback: in the layout of W_h, (K, N, N): errors of a step reach the units of the step before by its
            transpose; None where they do not.
        readout_feedback: in the layout of w, (K, N_out, N).
        carried: for each step whether errors of the next one reach it at all.
    """

    recurrent_feedback: torch.Tensor | None
    readout_feedback: torch.Tensor
    carried: list[bool]

    def follow(
        self,
        recurrent_feedback: torch.Tensor | None,
        readout_feedback: torch.Tensor,
        truncation_steps: int | None = None,
    ) -> "FeedbackPasses":
        """Send errors back by these matrices, and cut them each ``truncation_steps`` steps."""
        self.recurrent_feedback, self.readout_feedback = recurrent_feedback, readout_feedback
        self.carried = [not truncation_steps or (step + 1) % truncation_steps > 0 for step in range(len(self.deltas))]
        return self

    def backward(self) -> None:
        """Propagate the errors of the last ``forward`` back through time, by the matrices of the rule."""
        deltas, rho = self.deltas, self.rho
        self.loss.backward(self.errors)
        torch.bmm(self.errors_transposed, self.readout_feedback, out=self.loss_deltas)
        for step in range(len(deltas) - 1, -1, -1):
            delta = deltas[step]
            later = deltas[step + 1] if step + 1 < len(deltas) and self.carried[step] else None
            if step < self.first_loss_step:
                delta.zero_()
            if later is not None and self.recurrent_feedback is not None:
                delta.baddbmm_(later, self.recurrent_feedback, alpha=1 - rho)
            if later is not None and not self.inside:
                delta.add_(later, alpha=rho)
            if self.tanh:
                torch.ops.aten.tanh_backward.grad_input(delta, self.rates[step], grad_input=delta)
            elif not self.linear:
                torch.ops.aten.threshold_backward.grad_input(delta, self.rates[step], 0, grad_input=delta)
            if later is not None and self.inside:
                delta.add_(later, alpha=rho)


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
    """Matrices by which a rule sends errors back, as ``FeedbackPasses.follow`` takes them.

    Args:
        rule: its name.
        weights: of K networks; errors follow them where there is no fixed feedback.
        fixed: as ``fixed_of_rule`` gives it.
    """
    recurrent = None if rule in LOCAL else fixed.get("recurrent", weights.recurrent)
    return recurrent, fixed.get("readout", weights.readout)


def prepare(rule: str, passes: FeedbackPasses, correlation: float, truncation_steps: int, seeds: list[int]):
    """Passes of a rule, for weights before training; arguments as ``fixed_of_rule`` takes them.

    Args:
        passes: of the networks.
        truncation_steps: after how many steps errors are cut.
    """
    back = way_back(rule, passes.weights, fixed_of_rule(rule, passes.weights, correlation, seeds))
    return passes.follow(*back, truncation_steps if rule == "truncated" else None)
