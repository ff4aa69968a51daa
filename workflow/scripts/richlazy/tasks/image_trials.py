"""Trials that show images, row by row (sequential MNIST, Liu et al. 2024, C.2) or whole (Figure 4B)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from richlazy.storage import seeds
from richlazy.tasks import image_sets
from richlazy.tasks.image_sets import ImageSet, images
from richlazy.tasks.samples import ProbeTrials, TrainingTrials

PRESENTATIONS = ("rows", "whole")


@dataclass(frozen=True)
class Split:
    """Which images of a training set are trained on, and which are held out.

    Attributes:
        trained: places of those trained on, in the order in which they are shown.
        held_out: places of those on which change is measured.
    """

    trained: np.ndarray
    held_out: np.ndarray


def split(training: int, held_out: int, seed: int) -> Split:
    """Split a training set at random; the authors' script does so too, 55,000 to 5,000, without a seed.

    Args:
        training: number of images in the training set.
        held_out: how many of them are held out.
        seed: of the run.

    Raises:
        ValueError: where nothing would be left to train on.
    """
    if not 0 < held_out < training:
        raise ValueError(
            f"held_out is {held_out}, but the training set has {training} images; leave some to train on and some to "
            "probe"
        )
    order = seeds.generator(seed, "order").permutation(training)
    return Split(order[:-held_out], order[-held_out:])


def present(image_set: ImageSet, places: np.ndarray, presentation: str) -> np.ndarray:
    """Images as inputs: grey values from 0 to 1, not normalised further.

    Args:
        image_set: the images.
        places: which of them, (m,).
        presentation: ``rows``: a step shows one row; ``whole``: the only step shows all pixels.

    Returns:
        (T, m, N_in) float32.
    """
    grey = images(image_set, places)
    if presentation == "rows":
        return np.ascontiguousarray(grey.swapaxes(0, 1))
    if presentation == "whole":
        return grey.reshape(1, len(grey), -1)
    raise ValueError(f"unknown presentation {presentation!r}; choose one of {', '.join(PRESENTATIONS)}")


def batches(
    image_set: ImageSet, presentation: str, held_out: int, batch_size: int, iterations: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Training batches: one pass through the images, or fewer where there are fewer iterations.

    Training repeats them in the same order, epoch after epoch, as the authors' script does. What is left of the
    images after the last whole batch is not used.

    Args:
        image_set: the images.
        presentation: as for ``present``.
        held_out: images that are not trained on.
        batch_size: B.
        iterations: updates.
        seed: of the run.

    Returns:
        inputs (batches, T, B, N_in) float32, and classes (batches, T, B) uint8, the same at each step of a trial.

    Raises:
        ValueError: where the images do not fill one batch.
    """
    trained = split(image_set.training, held_out, seed).trained
    count = min(iterations, len(trained) // batch_size)
    if count == 0:
        raise ValueError(f"batch_size is {batch_size}, but there are {len(trained)} images to train on; lower it")
    places = trained[: count * batch_size].reshape(count, batch_size)
    inputs = np.stack([present(image_set, batch, presentation) for batch in places])
    return inputs, np.repeat(image_set.labels[places][:, None], inputs.shape[1], axis=1)


def probe(
    image_set: ImageSet, presentation: str, held_out: int, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Images that are held out, as trials: inputs (T, m, N_in) float32, and classes (T, m) uint8.

    Raises:
        ValueError: where fewer are held out than are asked for.
    """
    places = split(image_set.training, held_out, seed).held_out[:count]
    if len(places) < count:
        raise ValueError(f"probe.trials is {count}, but {held_out} images are held out; hold out more or lower it")
    inputs = present(image_set, places, presentation)
    return inputs, np.repeat(image_set.labels[places][None], len(inputs), axis=0)


def describe(image_set: ImageSet, presentation: str) -> dict[str, Any]:
    """What later stages need to know of the task, ready for JSON; how well images can be told apart is not known."""
    shown = present(image_set, np.arange(1), presentation)
    return {
        "environment": f"images, {presentation}",
        "input_units": shown.shape[-1],
        "outputs": int(image_set.labels.max()) + 1,
        "bayes_loss": None,
        "bayes_accuracy": None,
    }


def at_the_end(shape: tuple[int, int]) -> np.ndarray:
    """Decisions of trials that end in one: (T, m), True at the last step."""
    steps, count = shape
    last = np.arange(steps) == steps - 1
    return np.repeat(last[:, None], count, axis=1)


def training_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str]) -> TrainingTrials:
    """Images of a run in batches, with their labels; see ``Task``."""
    shown = (image_sets.load(files["images"]), entry["presentation"], entry["held_out"])
    return TrainingTrials(*batches(*shown, run["batch_size"], run["iterations"], run["seed"]))


def probe_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str], count: int) -> ProbeTrials:
    """Images of a run that are held out, with their labels; see ``Task``."""
    loaded = image_sets.load(files["images"])
    inputs, classes = probe(loaded, entry["presentation"], entry["held_out"], count, run["seed"])
    return ProbeTrials(inputs, classes, at_the_end(classes.shape), describe(loaded, entry["presentation"]))
