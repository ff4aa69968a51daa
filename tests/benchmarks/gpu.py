"""What a CUDA device does with the training of this project: its tests, and a table of speed, equality and memory.

    python -m tests.benchmarks.gpu --json gpu.json

A device may be at hand for minutes, on a machine with PyTorch, NumPy and pytest alone: this needs nothing else, and
each line is printed as it is measured. Without a device it runs on the CPU, with fewer updates, and says so.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from richlazy.measures.tangent_kernel import tangent_kernel
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.storage import devices
from richlazy.training import loop
from richlazy.training.settings import TrainingSettings

from . import ROOT, SCRIPTS

PROCESSES = 8
# Updates that are compared with the CPU, whose rounding grows with training.
COMPARED = 50
STORED = 20
ITERATIONS = 10_000  # of a network at paper scale


_CLASSES = TrainingSettings(0.003)
_IMAGES = TrainingSettings(0.003, loss_steps="last")
_NUMBERS = TrainingSettings(0.003, loss="masked_squared_error", optimiser="adam")


@dataclass(frozen=True)
class Case:
    """Equal networks that are trained together.

    Attributes:
        name: for the table.
        networks, size, inputs, outputs, steps, trials: K, N, N_in, N_out, T, B.
        updates: how many are timed on a device.
        settings: how they are trained.
        kernels: whether their tangent kernels are timed, too.
    """

    name: str
    networks: int
    size: int
    inputs: int
    outputs: int
    steps: int
    trials: int
    updates: int
    settings: TrainingSettings = _CLASSES
    kernels: bool = False

    @property
    def dynamics(self) -> Dynamics:
        """Of Liu et al. 2024; with numbers as targets those of Schuessler et al. 2020."""
        return Dynamics(0.0) if self.settings.loss == "cross_entropy" else Dynamics(0.5, "tanh")

    def weights(self) -> Weights:
        """Initial weights of all networks, on the CPU."""
        rng = np.random.default_rng(0)
        shapes = ((self.size, self.size), (self.size, self.inputs), (self.outputs, self.size))
        drawn = (rng.standard_normal((self.networks, *shape)) / np.sqrt(shape[-1]) for shape in shapes)
        return Weights(*(torch.from_numpy(matrix.astype(np.float32)) for matrix in drawn))

    def batches(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Stored inputs and targets of each network."""
        rng = np.random.default_rng(1)
        shape = (STORED, self.steps, self.trials)
        inputs = [rng.standard_normal((*shape, self.inputs)).astype(np.float32) for _ in range(self.networks)]
        if self.settings.loss == "cross_entropy":
            return inputs, [rng.integers(0, self.outputs, shape).astype(np.uint8) for _ in inputs]
        targets = [rng.standard_normal((*shape, self.outputs)).astype(np.float32) for _ in inputs]
        return inputs, [np.where(rng.random(each.shape) < 0.3, np.float32(np.nan), each) for each in targets]


CASES = (
    Case("NeuroGym, 10 networks", 10, 300, 3, 3, 8, 32, 2000, kernels=True),
    Case("NeuroGym, 100 networks: ten conditions", 100, 300, 3, 3, 8, 32, 500),
    Case("NeuroGym of 40 steps", 10, 300, 3, 3, 40, 32, 400),
    Case("NeuroGym, N = 600", 10, 600, 3, 3, 8, 32, 1000, kernels=True),
    Case("sequential MNIST", 5, 300, 28, 10, 28, 200, 200, _IMAGES),
    Case("flip-flop, Adam", 5, 256, 2, 2, 100, 32, 200, _NUMBERS),
)


@dataclass(frozen=True)
class Line:
    """What was found of a case.

    Attributes:
        name: of the case.
        update_us: microseconds of an update of all its networks.
        network_s: seconds of one of its networks at 10,000 updates.
        same_bytes: whether training again gives equal bytes.
        error: largest relative difference of weights from the CPU after 50 updates.
        kernel_ms: milliseconds of the tangent kernel of a network; None where it is not timed.
        memory_gb: most memory of the device; None on the CPU.
    """

    name: str
    update_us: float
    network_s: float
    same_bytes: bool
    error: float
    kernel_ms: float | None
    memory_gb: float | None

    def __str__(self) -> str:
        kernel = "" if self.kernel_ms is None else f", kernel {self.kernel_ms:.1f} ms a network"
        memory = "" if self.memory_gb is None else f", {self.memory_gb:.1f} GB"
        return (
            f"{self.name}: {self.update_us:.0f} µs an update, {self.network_s:.2f} s a network of {ITERATIONS} "
            f"updates, {'equal' if self.same_bytes else 'UNEQUAL'} bytes again, {self.error:.1e} from the CPU"
            f"{kernel}{memory}"
        )


def measure(case: Case, device: torch.device, updates: int) -> Line:
    """Time a case on a device, train it twice, and compare it with the CPU."""
    weights, (inputs, targets) = case.weights(), case.batches()

    def trained(where: torch.device, iterations: int) -> Weights:
        started = weights.map(lambda matrix: matrix.to(where))
        return loop.train(started, inputs, targets, case.dynamics, replace(case.settings, iterations=iterations))[0]

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    first = trained(device, updates)  # libraries, and the graph, are made
    (second, seconds) = timed(lambda: trained(device, updates), device)
    here, there = (trained(where, min(updates, COMPARED)) for where in (device, torch.device("cpu")))
    kernel_ms = None
    if case.kernels:
        trials = torch.from_numpy(np.stack([each[0] for each in inputs])).to(device)
        for _ in range(2):
            _, kernel_s = timed(lambda: tangent_kernel(first, trials, case.dynamics), device)
        kernel_ms = 1e3 * kernel_s / case.networks
    return Line(
        case.name,
        1e6 * seconds / updates,
        seconds / updates * ITERATIONS / case.networks,
        all(torch.equal(one, other) for one, other in zip(first, second, strict=True)),
        max(float((one.cpu() - other).norm() / other.norm()) for one, other in zip(here, there, strict=True)),
        kernel_ms,
        torch.cuda.max_memory_allocated() / 1e9 if device.type == "cuda" else None,
    )


def timed(function: Callable[[], object], device: torch.device):
    """What a function gives, and its seconds on the wall, with all that it started on the device."""
    synchronise = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    synchronise()
    started = time.perf_counter()
    found = function()
    synchronise()
    return found, time.perf_counter() - started


def lines(device: torch.device, cases=CASES, share: float = 1.0) -> Iterator[Line]:
    """A line of each case; a case that fails is said, and does not stop the others."""
    for case in cases:
        try:
            yield measure(case, device, max(2, int(case.updates * share)))
        except RuntimeError as error:  # such as out of memory
            print(f"FAILED {case.name}: {str(error)[:600]}", flush=True)


def processes(count: int, arguments: list[str]) -> float:
    """Seconds on the wall of the first case in several processes that share the device."""
    command = [sys.executable, "-m", "tests.benchmarks.gpu", "--first", *arguments]
    started = time.perf_counter()
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(count)]
    failed = sum(process.wait() != 0 for process in running)
    print(f"{count} processes at once, {failed} of them failed", flush=True)
    return time.perf_counter() - started


def run_tests() -> None:
    """The tests of devices, without the settings of a session, which need more than is installed."""
    paths = os.pathsep.join([str(SCRIPTS), str(ROOT / "tests"), str(ROOT)])
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "tests/unit/storage/test_devices.py"]
    subprocess.run([sys.executable, *command], cwd=ROOT, env=os.environ | {"PYTHONPATH": paths})


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    parser.add_argument("--first", action="store_true", help="only the first case, as each of several processes does")
    parser.add_argument("--share", type=float, default=1.0, help="of the updates that are timed")
    parser.add_argument("--json", metavar="PATH", type=Path, help="write what was found to a file, after each case")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    device = devices.prepare("cuda")
    share = options.share * (1.0 if device.type == "cuda" else 0.01)
    if not options.first:
        print(f"{devices.name(device)}, PyTorch {torch.__version__}", flush=True)
        run_tests()
    found = []
    for line in lines(device, CASES[:1] if options.first else CASES, share):
        print(line, flush=True)
        found.append(asdict(line))
        if options.json:
            options.json.write_text(json.dumps({"device": devices.name(device), "lines": found}, indent=1) + "\n")
    if not options.first:
        seconds = processes(PROCESSES, ["--share", str(options.share)])
        print(f"{PROCESSES} processes that share the device: {seconds:.1f} s with their starts")


if __name__ == "__main__":
    main()
