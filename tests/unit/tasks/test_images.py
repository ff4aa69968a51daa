"""Sets of images: idx files read exactly or refused in one sentence, and digits that are those of scikit-learn."""

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from richlazy.tasks import image_sets
from richlazy.tasks.image_sets import ImageSet

ROOT = Path(__file__).parents[3]
MNIST = ROOT.parent / "shared/data/mnist"


def write_idx(path, array, code=8):
    """Write an array as an idx file, by the description of the format: magic number, sizes, bytes."""
    head = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes()))
    return path


@pytest.fixture
def arrays():
    """Five images of 3 x 2 pixels for training, two for testing."""
    rng = np.random.default_rng(0)
    return {
        "training_images": rng.integers(0, 256, (5, 3, 2), np.uint8),
        "training_labels": np.array([3, 1, 4, 1, 5], np.uint8),
        "test_images": rng.integers(0, 256, (2, 3, 2), np.uint8),
        "test_labels": np.array([9, 2], np.uint8),
    }


def written(folder, arrays):
    return {name: write_idx(folder / f"{name}.gz", array) for name, array in arrays.items()}


# idx files


@given(shape=st.lists(st.integers(0, 5), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_every_array_survives_an_idx_file(tmp_path_factory, shape, seed):
    array = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    found = image_sets.read_idx(write_idx(tmp_path_factory.mktemp("idx") / "a.gz", array), len(shape))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


def test_training_images_come_first(tmp_path, arrays):
    found = image_sets.read_idx_set(written(tmp_path, arrays))
    assert (found.white, found.training) == (255, 5)
    np.testing.assert_array_equal(found.images[:5], arrays["training_images"])
    np.testing.assert_array_equal(found.images[5:], arrays["test_images"])
    assert found.labels.tolist() == [3, 1, 4, 1, 5, 9, 2]


def broken(path, *, content=None, start=0, end=None, head=None):
    """Write an idx file of six images again with a mistake in it."""
    whole = gzip.decompress(write_idx(path, np.zeros((6, 2, 2), np.uint8)).read_bytes())
    whole = (head or b"") + whole[len(head or b"") :]
    path.write_bytes(gzip.compress(whole[start:end]) if content is None else content(path.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ({"content": lambda old: b"no gzip"}, "cannot be read as a file compressed with gzip: Not a gzipped file"),
        ({"content": lambda old: old[:-9]}, "cannot be read as a file compressed with gzip: Compressed file ended"),
        ({"content": lambda old: old[:12] + b"\xff" * 9 + old[21:]}, "cannot be read as a file compressed with gzip: "),
        ({"content": lambda old: b""}, "must be an idx file of unsigned bytes with 3 dimensions"),
        ({"end": 9}, "must be an idx file of unsigned bytes with 3 dimensions"),
        ({"head": b"\0\0\x0d\3"}, "must be an idx file of unsigned bytes with 3 dimensions"),
        ({"head": b"\0\0\x08\1"}, "must be an idx file of unsigned bytes with 3 dimensions"),
        ({"end": -1}, "holds 23 values, but its head declares 24 in the shape (6, 2, 2)"),
        ({"head": b"\0\0\x08\3\xff\xff\xff\xff"}, "holds 24 values, but its head declares 17179869180 in the shape"),
    ],
)
def test_a_broken_idx_file_is_refused_in_one_sentence(tmp_path, mistake, sentence):
    with pytest.raises(ValueError, match=rf"images\.gz {re.escape(sentence)}") as raised:
        image_sets.read_idx(broken(tmp_path / "images.gz", **mistake), 3)
    assert "\n" not in str(raised.value)


def test_files_of_different_sets_are_refused(tmp_path, arrays):
    few = arrays | {"training_labels": arrays["training_labels"][:4]}
    with pytest.raises(ValueError, match=r"training_images\.gz holds 5 images, but .*training_labels\.gz 4 labels"):
        image_sets.read_idx_set(written(tmp_path, few))
    wide = arrays | {"test_images": np.zeros((2, 3, 3), np.uint8)}
    with pytest.raises(ValueError, match=r"have \(3, 2\) pixels and those for testing \(3, 3\)"):
        image_sets.read_idx_set(written(tmp_path, wide))


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"the files of MNIST in {MNIST} are not here")
def test_the_real_mnist():
    files = yaml.safe_load((ROOT / "data/sources.yaml").read_text())["mnist"]["files"]
    found = image_sets.read_idx_set({key: MNIST / file["file"] for key, file in files.items()})
    assert found.images.shape == (70_000, 28, 28)
    assert found.training == 60_000
    # Numbers that are stated everywhere: the first labels, images of each digit, mean and spread of the grey values.
    assert found.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert found.labels[60_000:60_010].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    counts = np.bincount(found.labels[:60_000]).tolist()
    assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    training = image_sets.images(found, slice(60_000))
    assert training.mean(dtype=float) == pytest.approx(0.1307, abs=5e-5)
    assert training.std(dtype=float) == pytest.approx(0.3081, abs=5e-5)


# The digits of scikit-learn


def test_the_digits_are_those_of_scikit_learn():
    found, bundled = image_sets.digits(), load_digits()
    assert (found.images.shape, found.white, found.training) == ((1797, 8, 8), 16, 1437)
    np.testing.assert_array_equal(found.images, bundled.images)
    np.testing.assert_array_equal(found.labels, bundled.target)
    assert found.images.max() == 16
    # Both parts hold every digit about equally often.
    for labels in (found.labels[:1437], found.labels[1437:]):
        assert len(labels) / 12 < np.bincount(labels, minlength=10).min()


# Grey values


def test_grey_values_run_from_black_to_white():
    grey = image_sets.images(image_sets.digits())
    assert grey.dtype == np.float32
    assert (grey.min(), grey.max()) == (0, 1)
    np.testing.assert_array_equal(grey, (load_digits().images / 16).astype(np.float32))


@pytest.mark.parametrize(
    "chosen", [slice(3, 9), np.array([7, 0, 7]), np.arange(1797) % 50 == 0], ids=["slice", "indices", "mask"]
)
def test_grey_values_of_chosen_images(chosen):
    image_set = image_sets.digits()
    np.testing.assert_array_equal(image_sets.images(image_set, chosen), image_sets.images(image_set)[chosen])


def test_every_byte_is_its_share_of_white():
    bytes_ = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    grey = image_sets.images(ImageSet(bytes_, 255, np.zeros(4, np.uint8), 2))
    np.testing.assert_array_equal(grey.ravel(), (np.arange(256) / 255).astype(np.float32))


# Sets and records


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"labels": np.zeros(3, np.uint8)}, "do not go with labels of shape"),
        ({"images": np.zeros((4, 9), np.uint8)}, r"images of shape \(4, 9\) do not go"),
        ({"images": np.zeros((4, 3, 3))}, "must be unsigned bytes, not float64 and uint8"),
        ({"training": 4}, "4 of 4 images are for training; leave some"),
        ({"training": 0}, "0 of 4 images are for training; leave some"),
        ({"white": 16}, "white is 16, but an image holds 20; give the value of white"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, sentence):
    parts = {"images": np.full((4, 3, 3), 20, np.uint8), "white": 20, "labels": np.zeros(4, np.uint8), "training": 3}
    ImageSet(**parts)
    with pytest.raises(ValueError, match=sentence):
        ImageSet(**parts | change)


def test_what_is_saved_is_what_is_loaded(tmp_path):
    image_set = image_sets.digits()
    image_sets.save(tmp_path / "digits.npz", image_set)
    found = image_sets.load(tmp_path / "digits.npz")
    np.testing.assert_array_equal(found.images, image_set.images)
    np.testing.assert_array_equal(found.labels, image_set.labels)
    assert (found.white, found.training) == (16, 1437)
    assert type(found.white) is type(found.training) is int


def test_a_damaged_record_is_refused(tmp_path):
    path = tmp_path / "digits.npz"
    image_sets.save(path, image_sets.digits())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"digits\.npz is damaged"):
        image_sets.load(path)
