"""Stored batches on their way to the device: many are brought at a time, and taken one by one."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from richlazy.training.optimisers import GradientDescent, ScaledDescent


class StagedDescent:
    """Descent on many stored batches at a time, which lie ready on the device of the weights.

    On a CUDA device one update is recorded as a graph and replayed: at these sizes launching the kernels
    of an update one by one takes longer than they do. What is followed stays on the device until it is asked for.

    Args:
        descent: of K networks.
        inputs, targets: for each network its batches, as ``train`` takes them.
        most: how many batches are staged at most.
    """

    def __init__(
        self,
        descent: GradientDescent | ScaledDescent,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        most: int,
    ):
        directions = descent.directions
        device = directions.inputs.device
        self.descent, self.sources = descent, list(zip(inputs, targets, strict=True))
        self.batch = (directions.inputs[None], directions.targets[None])
        self.staged = tuple(part.new_zeros(most, *part.shape[1:]) for part in self.batch)
        self.position = torch.zeros(1, dtype=torch.int64, device=device)
        rows = (len(directions.inputs), 1, directions.loss_rows)
        self.log_likelihood = directions.errors.new_zeros(rows)
        self.log_likelihoods = directions.errors.new_zeros(most, *rows)
        # The decision is one class of a trial only where the loss is that of its last step.
        self.judges = directions.loss_steps == "last" and directions.loss.classifies
        self.right = self.log_likelihood.new_zeros(rows, dtype=torch.bool)
        self.rights = self.right.new_zeros(most, *rows) if self.judges else None
        self.update: Callable[[], None] = self._recorded_update() if device.type == "cuda" else self._update

    def stage(self, first: int, last: int) -> None:
        """Bring the batches of iterations first to last - 1 to the device; the next update takes the first.

        Iteration i takes the stored batch i mod stored. One network's batches are in memory beside the staged ones.
        """
        for network, sources in enumerate(self.sources):
            batches = (torch.from_numpy(one[np.arange(first, last) % len(one)][:, None]) for one in sources)
            for staged, given in zip(self.staged, self.descent.directions.arranged(*batches), strict=True):
                staged[: last - first, network : network + 1].copy_(given)
        self.position.zero_()

    def advance(self, updates: int) -> None:
        """So many updates, each on the next of the staged batches."""
        for _ in range(updates):
            self.update()

    def losses(self, updates: int) -> np.ndarray:
        """Mean loss of each network over the first updates since ``stage``, (K,)."""
        return -self.log_likelihoods[:updates].double().mean((0, 2, 3)).cpu().numpy()

    def losses_of_batches(self, updates: int) -> np.ndarray:
        """Loss of each network on each of the first batches since ``stage``, before its update, (updates, K)."""
        return -self.log_likelihoods[:updates].double().mean((2, 3)).cpu().numpy()

    def accuracies(self, updates: int) -> np.ndarray | None:
        """Share of correct classes over the first updates since ``stage``, (K,); None where none are judged."""
        return None if self.rights is None else self.rights[:updates].double().mean((0, 2, 3)).cpu().numpy()

    def _update(self) -> None:
        """One update on the batch at ``position``, which moves on: nothing here asks the device for a number."""
        for staged, batch in zip(self.staged, self.batch, strict=True):
            torch.index_select(staged, 0, self.position, out=batch)
        self.descent.step(self.log_likelihood)
        self.log_likelihoods.index_copy_(0, self.position, self.log_likelihood[None])
        if self.rights is not None:
            self.descent.directions.loss.judge(self.right)
            self.rights.index_copy_(0, self.position, self.right[None])
        self.position.add_(1)

    def _recorded_update(self) -> Callable[[], None]:
        """The update as a CUDA graph. The libraries must have run before; silent trials teach nothing meanwhile."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self.position.zero_()
                self._update()
        torch.cuda.current_stream().wait_stream(aside)
        self.descent.restart()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._update()
        return graph.replay
