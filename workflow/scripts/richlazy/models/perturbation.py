"""Learning from noise: no error is sent back, units try what the loss of a trial does when they are pushed.

Noise xi[t] of a small deviation sigma is added to each state (after_leak: to the argument of the rectifier), and what
the loss L of trial b rises by, against the same trial without noise, stands for the errors of all units:

    g[t] = xi[t] (L(xi) - L(0)) / sigma²,   dW_h = (1 - rho) sum_t g[t] r[t-1]',   dW_x likewise with x[t]

Its expectation is the gradient for small sigma. The variance grows with the number of units and steps, so that small
networks and small learning rates alone learn by it. The readout learns by its own errors, as under all rules.
"""

import torch

from richlazy.models.backpropagation import Backpropagation, aligned_zeros
from richlazy.storage.seeds import generator


class NodePerturbation(Backpropagation):
    """Two forward passes, one of them with noise, in place of a backward one.

    Attributes:
        deviation: sigma of the noise, in the unit of the states.
        noise: of the last batch, (K, T, B, N).
    """

    deviation: float
    noise: torch.Tensor

    def perturb(self, deviation: float, seeds: list[int]) -> "NodePerturbation":
        """Draw the noise of each network from its seed; networks that are trained together do not share any.

        Raises:
            ValueError: for networks that are not on the CPU.
        """
        rates = self.rates[0]
        if rates.device.type != "cpu":
            raise ValueError("rule 'node_perturbation' draws its noise on the CPU; set training.device to cpu")
        self.deviation, self.generators = deviation, [generator(seed, "perturbation") for seed in seeds]
        self.noise = aligned_zeros(rates, len(rates), len(self.rates), *rates.shape[1:])
        self.noise_of_steps, self.is_noisy = self.noise.unbind(1), False
        return self

    def _activate(self, step: int, state: torch.Tensor, rate: torch.Tensor) -> None:
        if self.is_noisy:
            state.add_(self.noise_of_steps[step])
        super()._activate(step, state, rate)

    def gradients(self, log_likelihoods: torch.Tensor, target, factor: float, keep: float = 1.0) -> None:
        """An estimate of the gradient from one draw of noise, as ``Backpropagation.gradients`` gives the gradient."""
        for noise, rng in zip(self.noise, self.generators, strict=True):
            array = noise.numpy()
            rng.standard_normal(dtype=array.dtype, out=array)
        self.noise.mul_(self.deviation)
        self.is_noisy = True
        self.forward(log_likelihoods)
        rises = -log_likelihoods
        self.is_noisy = False
        self.forward(log_likelihoods)
        self.loss.backward(self.errors)
        rises.add_(log_likelihoods)  # of the loss at each step that counts
        of_trials = rises.unflatten(2, (self.steps - self.first_loss_step, -1)).sum((1, 2)) / self.deviation**2
        for delta, noise in zip(self.deltas, self.noise_of_steps, strict=True):
            torch.mul(noise, of_trials[:, :, None], out=delta)
        self.add_gradient(target, factor, keep)
