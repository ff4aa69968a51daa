"""Sets of labelled grey images: the idx files of MNIST and of what has its format, and digits that need no download."""

import gzip
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from richlazy.storage import array_io

# What the four idx files of a set hold, as keys of `files` in data/sources.yaml.
IDX_FILES = ("training_images", "training_labels", "test_images", "test_labels")
_UNSIGNED_BYTES = 0x08  # type code of an idx file
_IDX_WHITE = 255
_DIGITS_WHITE = 16
# Four fifths. The digits stand in the order of their writers, so that few writers are in both parts.
_DIGITS_TRAINING = 1437


@dataclass(frozen=True)
class ImageSet:
    """Labelled grey images, those of the training set first.

    Args:
        images: (count, rows, columns) uint8, 0 for black.
        white: value of white.
        labels: (count,) uint8, the class of each image.
        training: how many images, from the first, form the training set; the others form the test set.

    Raises:
        ValueError: when the parts do not fit each other.
    """

    images: np.ndarray
    white: int
    labels: np.ndarray
    training: int

    def __post_init__(self):
        if self.images.ndim != 3 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"images of shape {self.images.shape} do not go with labels of shape {self.labels.shape}; give one "
                "label for each image"
            )
        if self.images.dtype != np.uint8 or self.labels.dtype != np.uint8:
            raise ValueError(
                f"images and labels must be unsigned bytes, not {self.images.dtype} and {self.labels.dtype}"
            )
        if not 0 < self.training < len(self.images):
            raise ValueError(
                f"{self.training} of {len(self.images)} images are for training; leave some for training and some for "
                "testing"
            )
        if self.images.max(initial=0) > self.white:
            raise ValueError(f"white is {self.white}, but an image holds {self.images.max()}; give the value of white")


def images(image_set: ImageSet, chosen: slice | np.ndarray = slice(None)) -> np.ndarray:
    """Grey values of images, from 0 (black) to 1 (white).

    Args:
        image_set: the images.
        chosen: which of them: a slice, (n,) indices or a (count,) mask; by default all.

    Returns:
        (n, rows, columns) float32.
    """
    return image_set.images[chosen] / np.float32(image_set.white)


def read_idx(path: str | Path, dimensions: int) -> np.ndarray:
    """Array of unsigned bytes in an idx file that is compressed with gzip.

    Args:
        path: the file.
        dimensions: how many the array must have: 3 for images, 1 for labels.

    Raises:
        ValueError: when the file cannot be read, or holds something else.
    """
    try:
        content = gzip.decompress(Path(path).read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read as a file compressed with gzip: {error}") from error
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes([0, 0, _UNSIGNED_BYTES, dimensions]):
        raise ValueError(f"{path} must be an idx file of unsigned bytes with {dimensions} dimensions, and is none")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, offset=4))
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"{path} holds {len(content) - start} values, but its head declares {math.prod(shape)} in the shape {shape}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_idx_set(paths: Mapping[str, str | Path]) -> ImageSet:
    """Images and labels of the four idx files of a set.

    Args:
        paths: the files, by ``IDX_FILES``.

    Raises:
        ValueError: when a file cannot be read, or the files do not fit each other.
    """
    arrays = {name: read_idx(paths[name], 3 if name.endswith("images") else 1) for name in IDX_FILES}
    training, test = arrays["training_images"], arrays["test_images"]
    if training.shape[1:] != test.shape[1:]:
        raise ValueError(
            f"images for training have {training.shape[1:]} pixels and those for testing {test.shape[1:]}; take the "
            "files of one set"
        )
    for part in ("training", "test"):
        found, labels = len(arrays[f"{part}_images"]), len(arrays[f"{part}_labels"])
        if found != labels:
            raise ValueError(
                f"{paths[f'{part}_images']} holds {found} images, but {paths[f'{part}_labels']} {labels} labels; take "
                "the files of one set"
            )
    labels = np.concatenate([arrays["training_labels"], arrays["test_labels"]])
    return ImageSet(np.concatenate([training, test]), _IDX_WHITE, labels, len(training))


def digits() -> ImageSet:
    """The 1,797 digits of 8 x 8 pixels that scikit-learn brings along; the first 1,437 form the training set."""
    from sklearn.datasets import load_digits  # takes a second, which readers of other images need not pay

    bundled = load_digits()
    return ImageSet(bundled.images.astype(np.uint8), _DIGITS_WHITE, bundled.target.astype(np.uint8), _DIGITS_TRAINING)


def save(path: str | Path, image_set: ImageSet) -> None:
    """Write images to an .npz, atomically."""
    array_io.save_arrays(
        path,
        images=image_set.images,
        white=np.array(image_set.white),
        labels=image_set.labels,
        training=np.array(image_set.training),
    )


def load(path: str | Path) -> ImageSet:
    """Images that ``save`` wrote.

    Raises:
        ValueError: when the file is damaged.
    """
    arrays = array_io.load_arrays(path)
    return ImageSet(arrays["images"], int(arrays["white"]), arrays["labels"], int(arrays["training"]))
