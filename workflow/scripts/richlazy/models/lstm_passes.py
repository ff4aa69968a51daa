"""The forward and backward pass of an LSTM layer, written out on arrays that are used again.

With [i, f, g, o][t] = W_ih x[t] + b_ih + W_hh h[t-1] + b_hh, in the order of PyTorch, and s the logistic function:

    c[t] = s(f[t]) c[t-1] + s(i[t]) tanh(g[t]),   h[t] = s(o[t]) tanh(c[t])

(Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000). Automatic differentiation makes an array of
the whole sequence for each step, and a product for each step's part of dL/dW. Here the inputs of all steps are one
product, and so is the gradient of each matrix; a step of either pass has one product and a few operations in place.
"""

import math
from typing import NamedTuple

import torch

_logistic_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


class Room:
    """Arrays by name that are used again, in any shape: each takes as much memory as the largest that was asked for.

    Args:
        dtype: of their numbers.
    """

    def __init__(self, dtype: torch.dtype):
        self.dtype = dtype
        self.arrays: dict[str, torch.Tensor] = {}

    def __call__(self, name: str, *shape: int) -> torch.Tensor:
        """Array of a shape; its numbers are those that were left there."""
        size = math.prod(shape)
        if name not in self.arrays or self.arrays[name].numel() < size:
            self.arrays[name] = torch.empty(size, dtype=self.dtype)
        return self.arrays[name][:size].view(shape)


class Step(NamedTuple):
    """Views of one step: its four gates (B, 4 N), the first two, each of them, and what follows from them, (B, N)."""

    gates: torch.Tensor
    enter_and_forget: torch.Tensor
    enter: torch.Tensor
    forget: torch.Tensor
    new: torch.Tensor
    leave: torch.Tensor
    cell: torch.Tensor
    squashed: torch.Tensor
    state: torch.Tensor


class LayerWeights(NamedTuple):
    """Weights of a layer of N units that reads D numbers, or their gradients; names and rows are those of PyTorch.

    Attributes:
        weight_ih: W_ih, (4 N, D).
        weight_hh: W_hh, (4 N, N).
        bias_ih, bias_hh: (4 N,).
    """

    weight_ih: torch.Tensor
    weight_hh: torch.Tensor
    bias_ih: torch.Tensor
    bias_hh: torch.Tensor


def laid_out(values: torch.Tensor) -> torch.Tensor:
    """Copy of weights; a matrix lies with its columns first in memory, as forward pass and gradients are fastest."""
    return values.T.clone(memory_format=torch.contiguous_format).T if values.ndim == 2 else values.clone()


class Layer:
    """An LSTM layer of N units at T steps of B sequences that end together.

    Args:
        weights: which the passes read.
        gradients: into which ``backward`` writes. Matrices of both are ``laid_out``.

    Attributes:
        states: h of the last ``forward``, (T, B, N).
        deltas: dL/d[i, f, g, o] after ``backward``, (T * B, 4 N). The next ``forward`` overwrites both.
    """

    def __init__(self, weights: LayerWeights, gradients: LayerWeights):
        self.weights, self.gradients = weights, gradients
        self.room = Room(weights.bias_hh.dtype)

    def forward(self, inputs: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        """Run the layer from states of zero.

        Args:
            inputs: x, (T, B, D).
            padding: rows of (T * B) that lie before the start of their sequence, where states stay zero.

        Returns:
            ``states``.
        """
        weights, room = self.weights, self.room
        (steps, batch, _), units = inputs.shape, weights.weight_hh.shape[1]
        self.inputs, self.padding = inputs.flatten(0, 1), padding
        all_gates = room("gates", steps, batch, 4 * units)
        all_cells, squashed, self.states = (room(name, steps, batch, units) for name in ("cells", "squashed", "states"))
        # A step overwrites what it is driven by with its gates, and the backward pass these with its deltas.
        self.deltas = all_gates.flatten(0, 1)
        torch.mm(self.inputs, weights.weight_ih.T, out=self.deltas)
        self.deltas.add_(weights.bias_ih + weights.bias_hh).index_fill_(0, padding, 0)
        # Views are made once: taking one costs nearly as much as the arithmetic on it.
        each_gate = all_gates.unflatten(2, (4, units)).unbind(2)
        arrays = (all_gates, all_gates[..., : 2 * units], *each_gate, all_cells, squashed, self.states)
        self.steps = [Step(*views) for views in zip(*(array.unbind() for array in arrays), strict=True)]
        recurrent, before = weights.weight_hh.T, None
        for step in self.steps:
            if before:
                step.gates.addmm_(before.state, recurrent)
            step.enter_and_forget.sigmoid_()
            step.new.tanh_()
            step.leave.sigmoid_()
            torch.mul(step.enter, step.new, out=step.cell)
            if before:
                step.cell.addcmul_(step.forget, before.cell)
            torch.tanh(step.cell, out=step.squashed)
            torch.mul(step.leave, step.squashed, out=step.state)
            before = step
        return self.states

    def backward(self, errors: torch.Tensor) -> None:
        """Propagate errors of the states of the last ``forward`` back through time; set the gradients.

        Args:
            errors: dL/dh by what reads the states outside of the layer, (T, B, N); overwritten.
        """
        _, batch, units = errors.shape
        recurrent = self.room("recurrent", 4 * units, units).copy_(self.weights.weight_hh)
        product, pair = self.room("product", batch, units), self.room("pair", batch, 2 * units)
        of_enter, of_forget = pair.split(units, 1)
        of_cell = self.room("of_cell", batch, units).zero_()
        nothing = self.room("nothing", batch, units).zero_()
        each_error = errors.unbind()
        for place in reversed(range(len(errors))):
            step, error = self.steps[place], each_error[place]
            of_cell.add_(_tanh_backward(torch.mul(error, step.leave, out=product), step.squashed, grad_input=product))
            _logistic_backward(error.mul_(step.squashed), step.leave, grad_input=step.leave)
            torch.mul(of_cell, step.new, out=of_enter)
            torch.mul(of_cell, self.steps[place - 1].cell if place else nothing, out=of_forget)
            torch.mul(of_cell, step.enter, out=product)
            of_cell.mul_(step.forget)
            _tanh_backward(product, step.new, grad_input=step.new)
            _logistic_backward(pair, step.enter_and_forget, grad_input=step.enter_and_forget)
            if place:
                each_error[place - 1].addmm_(step.gates, recurrent)
        deltas, gradients = self.deltas.index_fill_(0, self.padding, 0), self.gradients
        torch.mm(self.inputs.T, deltas, out=gradients.weight_ih.T)
        torch.mm(self.states[:-1].flatten(0, 1).T, deltas[batch:], out=gradients.weight_hh.T)
        torch.sum(deltas, 0, out=gradients.bias_ih)
        gradients.bias_hh.copy_(gradients.bias_ih)
