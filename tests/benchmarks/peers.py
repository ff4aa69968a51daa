"""A training step of the library, by either engine, against what else a user could write it in.

JAX is no dependency of the project: ``pip install -r envs/peers.txt`` brings it into an environment of its own, and
without it its rows are left out.
"""

import importlib.util
import os
from collections.abc import Callable

import torch
from torch.func import functional_call, grad

from .measuring import Comparison, Row, Settings, interleaved
from .references import PlainNetwork, TanhNetwork
from .training_autograd import AutogradStep
from .training_step import LEAK_FACTOR, LEARNING_RATE, SHAPES, STORED_BATCHES, LibraryStep, Shape, problem

NAME = "peers"
# Of compiled passes against JAX.
REQUIRED = 1.4
# Steps that are written one after another in the compiled program; longer trials are a loop of XLA.
UNROLLED = 40
# One thread, as PyTorch has: read when JAX is first imported.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


class TorchPeer(AutogradStep):
    """The step by automatic differentiation, with a loss that functional transforms take."""

    def __init__(self, shape: Shape, dtype=torch.float32):
        super().__init__(shape, TanhNetwork if shape.tanh else PlainNetwork, dtype)
        if shape.tanh:
            self.training.loss = loss_of_masked_numbers

    @property
    def weights(self) -> tuple[torch.Tensor, ...]:
        """Recurrent, input and readout weights."""
        network = self.training.network
        return network.recurrent, network.input, network.readout


class TorchFuncStep(TorchPeer):
    """``torch.func.grad`` of the loss, and PyTorch's optimiser."""

    def __init__(self, shape: Shape, dtype=torch.float32):
        super().__init__(shape, dtype)
        training = self.training
        self.named = dict(training.network.named_parameters())

        def loss(named, inputs, targets):
            outputs = functional_call(training.network, named, (inputs, training.loss_steps))
            return training.loss(outputs, targets[-1:] if training.loss_steps == "last" else targets)

        self.gradient = grad(loss)

    def __call__(self) -> None:
        for name, gradient in self.gradient(self.named, *map(torch.from_numpy, next(self.batches))).items():
            self.named[name].grad = gradient
        self.training.optimiser.step()


class CompiledTorchStep(TorchPeer):
    """``torch.compile`` of forward pass and loss, its backward pass, and PyTorch's optimiser."""

    def __init__(self, shape: Shape, dtype=torch.float32):
        super().__init__(shape, dtype)
        self.training.loss_of = torch.compile(self.training.loss_of)


def loss_of_masked_numbers(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """``loss_of_numbers`` without a choice by mask, whose shape hangs on data: functional transforms take none."""
    asked = ~targets.isnan()
    return torch.where(asked, outputs - targets.nan_to_num(), 0.0).square().sum() / (2 * asked.sum())


class JaxSteps:
    """A jitted scan of JAX over the stored batches: one call is as many updates."""

    def __init__(self, shape: Shape, dtype=torch.float32):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", dtype == torch.float64)
        weights, inputs, targets = problem(shape, dtype)
        rho = LEAK_FACTOR if shape.tanh else 0.0
        rate_of = jnp.tanh if shape.tanh else jax.nn.relu

        def outputs(weights, x):
            recurrent, feed, readout = weights

            def step(carried, drive):
                state, rate = carried
                state = rho * state + (1 - rho) * (drive + rate @ recurrent.T)
                return (state, rate_of(state)), rate_of(state)

            drives, nothing = x @ feed.T, jnp.zeros((shape.batch_size, shape.size), x.dtype)
            (_, last), rates = jax.lax.scan(
                step, (nothing, nothing), drives, unroll=shape.steps if shape.steps <= UNROLLED else 1
            )
            return (rates if shape.loss_steps == "all" else last[None]) @ readout.T

        def loss(weights, x, y):
            found = outputs(weights, x)
            y = y[-len(found) :]
            if shape.tanh:
                asked = ~jnp.isnan(y)
                return (jnp.where(asked, found - jnp.nan_to_num(y), 0.0) ** 2).sum() / (2 * asked.sum())
            return -jnp.take_along_axis(jax.nn.log_softmax(found), y[..., None], -1).mean()

        def descend(state, batch):
            weights, *_ = state
            gradient = jax.grad(loss)(weights, *batch)
            if shape.tanh:
                return adam(state, gradient), None
            return (jax.tree.map(lambda matrix, change: matrix - LEARNING_RATE * change, weights, gradient),), None

        def adam(state, gradient):
            weights, first, second, count = state
            count += 1
            first = jax.tree.map(lambda mean, change: 0.9 * mean + 0.1 * change, first, gradient)
            second = jax.tree.map(lambda mean, change: 0.999 * mean + 0.001 * change**2, second, gradient)
            rate = LEARNING_RATE / (1 - 0.9**count)
            root = jnp.sqrt(1 - 0.999**count)
            weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) / root + 1e-8), weights, first, second)
            return weights, first, second, count

        start = tuple(jnp.asarray(matrix.numpy()) for matrix in weights)
        zeros = jax.tree.map(jnp.zeros_like, start)
        self.state = (start, zeros, zeros, 0.0) if shape.tanh else (start,)
        self.batches = jnp.asarray(inputs), jnp.asarray(targets if shape.tanh else targets.astype("int32"))
        self.epoch = jax.jit(lambda state, batches: jax.lax.scan(descend, state, batches)[0])

    @property
    def weights(self) -> tuple:
        """Recurrent, input and readout weights, arrays of JAX."""
        return self.state[0]

    def __call__(self) -> None:
        self.state = self.epoch(self.state, self.batches)
        self.weights[0].block_until_ready()


def peers() -> dict[str, Callable[..., Callable[[], None]]]:
    """What a step is compared with, by name: JAX where it is installed."""
    found = {"torch.func.grad": TorchFuncStep, "torch.compile": CompiledTorchStep}
    return found | ({"JAX, jit of a scan over updates": JaxSteps} if importlib.util.find_spec("jax") else {})


def rows(settings: Settings, shapes=SHAPES, engines=("compiled", "torch")) -> list[Row]:
    """How many times as fast the step is, for each shape, peer and engine; compiled where there is a compiler."""
    found = []
    for shape in shapes:
        for name, peer in peers().items():
            theirs = peer(shape)
            # A call of JAX is a pass through the stored batches.
            of_call = STORED_BATCHES if isinstance(theirs, JaxSteps) else 1
            for engine in engines:
                ours = LibraryStep(shape, engine=engine)
                calls = max(shape.calls, of_call)
                timed = interleaved(ours, theirs, settings.few, calls, calls // of_call)
                comparison = Comparison(timed.ours, [seconds / of_call for seconds in timed.reference])
                found.append(
                    Row.of(
                        NAME, f"{shape.name}, {engine} / {name}", comparison,
                        required=REQUIRED if engine == "compiled" and of_call > 1 else None,
                        note="Ours: one iteration of train with the named engine, on numbers drawn at random, so that "
                        "no unit is silent. Reference: the same update by the named library.",
                    )
                )  # fmt: skip
    return found
