"""What a job needs of a cluster: memory in MB and time in minutes, from the parameters of its networks.

Each need is the measured one times a margin, and grows with the attempt: a job that was killed for its memory or time
asks for more when it is tried again. Measured as peak resident memory and CPU time of one process on one core of an
Intel Xeon that other work shared, with 32 trials in a batch:

| units | steps | training, MB | ms per iteration | measuring 32 trials, MB | s |
|---|---|---|---|---|---|
| 100 | 8 | 254 | 0.6 | 283 | 1.4 |
| 300 | 8 | 256 | 1.8 | 316 | 6.4 |
| 600 | 8 | 263 | 8.8 | 330 | 5.2 |
| 100 | 40 | 266 | 2.0 | 918 | 39 |
| 300 | 40 | 268 | 10.4 | 979 | 59 |
| 600 | 40 | 277 | 34 | 1188 | 103 |

Measuring was measured again after the direct form of the tangent kernel came, on one busy core of an AMD EPYC, the time
without the start of the process; the last line is sequential MNIST, 200 images and their 10 outputs at the last step:

| units | steps | trials | outputs | measuring, MB | s |
|---|---|---|---|---|---|
| 100 | 8 | 32 | 768 | 297 | 0.3 |
| 300 | 8 | 32 | 768 | 292 | 0.4 |
| 600 | 8 | 32 | 768 | 315 | 1.0 |
| 100 | 40 | 32 | 3840 | 853 | 12 |
| 300 | 40 | 32 | 3840 | 870 | 46 |
| 600 | 40 | 32 | 3840 | 976 | 103 |
| 300 | 28 | 200 | 2000 | 710 | 13 |

One kernel alone takes 5.7 s and 572 MB in the direct form and 13.9 s and 719 MB in the factored form for these images,
19.5 s and 626 MB against 25.4 s and 608 MB for 300 units and 40 steps.
"""

from richlazy import job_needs
from richlazy.measures.kernel_cost import WORKSPACE_MB, KernelShape

# CUDA's libraries and context in the memory of the host. Not measured: no device was at hand.
CUDA_MB = 3000
# MNIST as batches of rows, and as the features of a teacher network.
BATCHES_OF_IMAGES_MB = 1000
# Multiply-adds per second of one core in a large product: less than half of what was measured, for older cores.
MULTIPLY_ADDS = 2e10


def training_memory_mb(size: int, steps: int, batch_size: int, networks: int = 1, attempt: int = 1) -> int:
    """MB to train networks of ``size`` units together on trials of ``steps`` steps."""
    weights, activity = 12 * size**2, 10 * steps * batch_size * size
    return job_needs.memory_mb(networks * 4e-6 * (weights + activity), attempt)


def training_seconds(size: int, steps: int, batch_size: int, iterations: int, columns: int | None = None) -> float:
    """Seconds to train a network on one core.

    ``columns`` of the largest matrix, by default those of recurrent weights; a first layer of 784 took 4.2 ms per
    iteration with 300 units and 200 trials in a batch.
    """
    return iterations * steps * (5e-5 + 1e-10 * batch_size * size * (columns or size))


def training_minutes(
    size: int,
    steps: int,
    batch_size: int,
    iterations: int,
    networks: int = 1,
    attempt: int = 1,
    columns: int | None = None,
) -> int:
    """Minutes to train networks one after the other on one core."""
    return job_needs.minutes(networks * training_seconds(size, steps, batch_size, iterations, columns), attempt)


def measuring_memory_mb(kernel: KernelShape, networks: int = 1, attempt: int = 1) -> int:
    """MB to measure networks together, most of it for tangent kernels."""
    kernels = networks * 8e-6 * kernel.outputs * (6 * kernel.outputs + 25 * kernel.size)
    workspace = 0.0
    if kernel.cheaper_form == "direct":
        workspace = min(WORKSPACE_MB, 4e-6 * kernel.outputs * kernel.size * kernel.presynaptic)
    return job_needs.memory_mb(kernels + workspace, attempt)


def measuring_seconds(kernel: KernelShape, trials: int = 0, fixed_points: bool = False) -> float:
    """Seconds to measure a network on one core: two kernels of it, their eigenvalues, and what it answers.

    Args:
        kernel: shape of its tangent kernel.
        trials: that it answers, each probe as often as it does.
        fixed_points: whether those are looked for: 2 to 3 s with 300 units, 25 to 75 s with 1,024.
    """
    kernels = 2 * min(kernel.factored_cost, kernel.direct_cost) / MULTIPLY_ADDS
    answers = trials * kernel.steps * kernel.size * kernel.presynaptic / MULTIPLY_ADDS
    own = kernels + 4e-10 * kernel.outputs**3 + 2e-8 * kernel.size**3 + answers
    return own + 7e-8 * kernel.size**3 * fixed_points


def measuring_minutes(
    kernel: KernelShape, networks: int = 1, attempt: int = 1, trials: int = 0, fixed_points: bool = False
) -> int:
    """Minutes to measure networks one after the other on one core."""
    return job_needs.minutes(networks * measuring_seconds(kernel, trials, fixed_points), attempt)
