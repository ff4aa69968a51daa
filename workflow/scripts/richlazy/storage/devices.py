"""Where a job computes: on the CPU, or on a CUDA device where the job finds one."""

import numpy as np
import torch

from richlazy.storage.logs import LOGGER

DEVICES = ("cpu", "cuda")


def prepare(device: str) -> torch.device:
    """The device of a job, with PyTorch set up for it; what it is goes into the log.

    Args:
        device: ``cpu``, or ``cuda`` for a CUDA device; without one the CPU takes its place.

    Raises:
        ValueError: for another device.
    """
    if device not in DEVICES:
        raise ValueError(f"unknown device {device!r}; choose one of {', '.join(DEVICES)}")
    torch.set_num_threads(1)
    for kind in (np.float32, np.float64):
        np.finfo(kind)  # NumPy looks up the limits of numbers once, and warns where the smallest ones are 0 already
    torch.set_flush_denormal(True)  # decaying activity would otherwise slow the products a hundredfold
    if device == "cuda" and torch.cuda.is_available():
        # Products keep the 24 bits of single precision: TF32 would keep 11.
        torch.backends.cuda.matmul.allow_tf32 = False
        LOGGER.info("computing on %s", name(torch.device(device)))
        return torch.device(device)
    if device == "cuda":
        LOGGER.warning("no CUDA device here: computing on the CPU instead")
    return torch.device("cpu")


def parts(networks: int, device: torch.device) -> list[slice]:
    """Which networks of a job go through the matrix products together: all on a CUDA device, one at a time on the CPU.

    On some processors a product of many small matrices differs in its last bits from that of one of them (seen on
    AMD), and on the CPU it saves no time.
    """
    return [slice(0, networks)] if device.type == "cuda" else [slice(place, place + 1) for place in range(networks)]


def name(device: torch.device) -> str:
    """Name of a device for a record, such as ``cpu`` or ``NVIDIA H200``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
