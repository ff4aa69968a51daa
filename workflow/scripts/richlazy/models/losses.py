"""Losses of the outputs, with their gradients, on preallocated arrays.

A loss sees the outputs y of K networks at the steps that count, its rows: (K, N_out, rows). Classes come before
rows: the soft maximum then runs along contiguous rows, 7 times faster. A log-likelihood is minus the loss of one row,
so that the two losses are followed, averaged and bounded alike. The errors are e = dL/dy for L the sum over rows.

    cross_entropy:  log-likelihood = log softmax(y)[c],                 e = softmax(y) - onehot(c)
    squared_error:  log-likelihood = -1/2 sum_k (y_k - y*_k)^2,         e = y - y*
    masked_squared_error: as squared_error over the outputs that are asked for, times rows over their number

The second is the log-likelihood of targets with Gaussian noise of variance 1, up to a constant. The mean over rows of
the third is half the mean square over all outputs asked for in a batch (Schuessler et al. 2020, section 2).
"""

import torch


class CrossEntropy:
    """Cross-entropy of the soft maximum with classes.

    Args:
        outputs: an array of the shape and kind of the outputs, (K, N_out, rows).

    Attributes:
        targets: classes c, (K, 1, rows), to be set before each use.
    """

    classifies = True

    def __init__(self, outputs: torch.Tensor):
        networks, _, rows = outputs.shape
        self.targets = outputs.new_zeros(networks, 1, rows, dtype=torch.int64)
        self.log_probabilities = torch.zeros_like(outputs)
        self.minus_ones = torch.full_like(self.targets, -1, dtype=outputs.dtype)
        self.likeliest = torch.zeros_like(self.targets)

    def arranged(self, targets: torch.Tensor, first_step: int) -> torch.Tensor:
        """Classes (..., K, T, B) from ``first_step`` on in the shape of ``targets``, (..., K, 1, rows)."""
        return targets[..., first_step:, :].flatten(-2)[..., None, :]

    def forward(self, outputs: torch.Tensor, log_likelihoods: torch.Tensor) -> None:
        """Write the log-likelihood of each row, (K, 1, rows). The outputs may be overwritten."""
        torch.log_softmax(outputs, 1, out=self.log_probabilities)
        torch.gather(self.log_probabilities, 1, self.targets, out=log_likelihoods)

    def backward(self, errors: torch.Tensor) -> None:
        """Write the errors of the last ``forward`` over the array that held its outputs."""
        torch.exp(self.log_probabilities, out=errors)
        errors.scatter_add_(1, self.targets, self.minus_ones)

    def judge(self, correct: torch.Tensor) -> None:
        """Write whether the likeliest class of the last ``forward`` is the target, (K, 1, rows); of equals the first.

        By its place, not by its value: a silent network, to which all classes are equal, is right by chance only.
        """
        torch.argmax(self.log_probabilities, 1, keepdim=True, out=self.likeliest)
        torch.eq(self.likeliest, self.targets, out=correct)


class SquaredError:
    """Half the squared distance to target outputs.

    Args:
        outputs: an array of the shape and kind of the outputs, (K, N_out, rows).

    Attributes:
        targets: target outputs y*, (K, N_out, rows), to be set before each use.
    """

    classifies = False

    def __init__(self, outputs: torch.Tensor):
        self.targets, self.squares = torch.zeros_like(outputs), torch.zeros_like(outputs)

    def arranged(self, targets: torch.Tensor, first_step: int) -> torch.Tensor:
        """Target outputs (..., K, T, B, N_out) from ``first_step`` on in the shape of ``targets``."""
        return targets[..., first_step:, :, :].flatten(-3, -2).transpose(-1, -2)

    def forward(self, outputs: torch.Tensor, log_likelihoods: torch.Tensor) -> None:
        """Write the log-likelihood of each row, (K, 1, rows), and the errors over the outputs."""
        outputs.sub_(self.targets)
        torch.mul(outputs, outputs, out=self.squares)
        torch.sum(self.squares, 1, keepdim=True, out=log_likelihoods)
        log_likelihoods.mul_(-0.5)

    def backward(self, errors: torch.Tensor) -> None:
        """``forward`` has left the errors where its outputs were."""

    def judge(self, correct: torch.Tensor) -> None:
        """There is no class to be right about."""
        raise NotImplementedError("target outputs are neither right nor wrong")


class MaskedSquaredError(SquaredError):
    """Half the mean squared distance to those target outputs that are asked for; the others are nan.

    Args:
        outputs: an array of the shape and kind of the outputs, (K, N_out, rows).
    """

    def __init__(self, outputs: torch.Tensor):
        super().__init__(outputs)
        self.unasked = torch.zeros_like(outputs, dtype=torch.bool)

    def forward(self, outputs: torch.Tensor, log_likelihoods: torch.Tensor) -> None:
        """Write the log-likelihood of each row, (K, 1, rows), and the errors over the outputs."""
        torch.ne(self.targets, self.targets, out=self.unasked)
        outputs.sub_(self.targets).masked_fill_(self.unasked, 0)
        torch.mul(outputs, outputs, out=self.squares)
        torch.sum(self.squares, 1, keepdim=True, out=log_likelihoods)
        asked = self.unasked.logical_not().sum((1, 2), keepdim=True).clamp_(min=1)
        share = outputs.shape[-1] / asked.to(outputs.dtype)
        log_likelihoods.mul_(share * -0.5)
        outputs.mul_(share)


LOSSES: dict[str, type[CrossEntropy] | type[SquaredError]] = {
    "cross_entropy": CrossEntropy,
    "squared_error": SquaredError,
    "masked_squared_error": MaskedSquaredError,
}
