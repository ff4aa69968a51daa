"""Trials that show images: which are trained on, how they are shown, and in which order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from richlazy.tasks import image_trials
from richlazy.tasks.image_sets import ImageSet

run_seeds = st.integers(0, 10_000)


def image_set(training=50, test=7, rows=4, columns=3):
    """Images that are all different: the number of an image stands in its first two pixels."""
    count = training + test
    rng = np.random.default_rng(0)
    images = rng.integers(0, 200, (count, rows, columns), np.uint8)
    images[:, 0, 0] = np.arange(count)
    return ImageSet(images, 255, (np.arange(count) % 10).astype(np.uint8), training)


def places_of(inputs, presentation):
    """Numbers of the images that trials (T, m, N_in) show."""
    return np.rint(inputs[0, :, 0] * 255).astype(int).tolist()


# The split


@given(training=st.integers(2, 60), seed=run_seeds, data=st.data())
def test_every_image_is_either_trained_on_or_held_out(training, seed, data):
    held_out = data.draw(st.integers(1, training - 1))
    split = image_trials.split(training, held_out, seed)
    assert len(split.held_out) == held_out
    assert sorted([*split.trained, *split.held_out]) == list(range(training))


def test_the_split_is_that_of_the_seed():
    first, again, other = (image_trials.split(1000, 200, seed) for seed in (3, 3, 4))
    assert np.array_equal(first.trained, again.trained) and np.array_equal(first.held_out, again.held_out)
    assert not np.array_equal(first.trained, other.trained)
    # Of two independent fifths of the images, about a fifth are in both.
    assert 15 < len(set(first.held_out) & set(other.held_out)) < 70
    assert first.trained.tolist() != sorted(first.trained)


@pytest.mark.parametrize("held_out", [0, -1, 50, 51])
def test_something_must_be_left_on_both_sides(held_out):
    with pytest.raises(ValueError, match=f"held_out is {held_out}, but the training set has 50 images; leave some"):
        image_trials.split(50, held_out, 0)


# How they are shown


def test_rows_are_the_steps_of_a_trial():
    images = image_set()
    inputs = image_trials.present(images, np.array([5, 0, 11]), "rows")
    assert inputs.shape == (4, 3, 3)
    assert inputs.dtype == np.float32
    assert inputs.flags.c_contiguous
    for step in range(4):
        for trial, place in enumerate((5, 0, 11)):
            np.testing.assert_allclose(inputs[step, trial], images.images[place, step] / 255, rtol=1e-6)


def test_a_whole_image_is_one_step_with_the_same_pixels_in_the_order_of_its_rows():
    images, places = image_set(), np.array([5, 0, 11])
    whole = image_trials.present(images, places, "whole")
    assert whole.shape == (1, 3, 12)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(
        whole[0].reshape(3, 4, 3), image_trials.present(images, places, "rows").swapaxes(0, 1)
    )


def test_another_presentation_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown presentation 'columns'; choose one of rows, whole"):
        image_trials.present(image_set(), np.arange(2), "columns")


# Batches and probe


@pytest.mark.parametrize("presentation", image_trials.PRESENTATIONS)
def test_batches_and_probe_share_no_image_and_show_only_those_for_training(presentation):
    inputs, _ = image_trials.batches(image_set(), presentation, 10, 8, 99, seed=1)
    shown = [place for batch in inputs for place in places_of(batch, presentation)]
    probe, _ = image_trials.probe(image_set(), presentation, 10, 10, seed=1)
    probed = places_of(probe, presentation)
    assert len(set(shown)) == len(shown) == 40
    assert len(set(probed)) == len(probed) == 10
    assert set(shown) | set(probed) == set(range(50))


@pytest.mark.parametrize("presentation", image_trials.PRESENTATIONS)
def test_classes_are_those_of_the_images_at_every_step(presentation):
    images = image_set()
    inputs, classes = image_trials.batches(images, presentation, 10, 8, 99, seed=1)
    assert classes.shape == inputs.shape[:3]
    assert classes.dtype == np.uint8
    for batch, answers in zip(inputs, classes, strict=True):
        for step in answers:
            assert step.tolist() == [place % 10 for place in places_of(batch, presentation)]
    inputs, classes = image_trials.probe(images, presentation, 10, 6, seed=1)
    assert classes.shape == inputs.shape[:2] == (len(inputs), 6)
    assert all(step.tolist() == [place % 10 for place in places_of(inputs, presentation)] for step in classes)


def test_training_goes_through_the_images_once_and_no_further_than_it_is_long():
    # 40 images make 5 batches of 8; what is left of 40 images after 13 batches of 3 is not used.
    images = image_set()
    for batch_size, iterations, batches in ((8, 99, 5), (8, 5, 5), (8, 2, 2), (3, 99, 13), (40, 99, 1)):
        inputs, classes = image_trials.batches(images, "rows", 10, batch_size, iterations, seed=0)
        assert inputs.shape == (batches, 4, batch_size, 3)
        assert classes.shape == (batches, 4, batch_size)


def test_images_come_in_one_order_whatever_the_size_of_a_batch_and_the_length_of_training():
    trained = image_trials.split(50, 10, 2).trained.tolist()
    for batch_size, iterations in ((1, 99), (7, 99), (8, 2), (40, 1)):
        inputs, _ = image_trials.batches(image_set(), "whole", 10, batch_size, iterations, seed=2)
        shown = [place for batch in inputs for place in places_of(batch, "whole")]
        assert shown == trained[: len(shown)]


def test_a_smaller_probe_is_the_beginning_of_a_larger_one():
    small, large = (image_trials.probe(image_set(), "rows", 10, count, seed=0)[0] for count in (4, 10))
    np.testing.assert_array_equal(small, large[:, :4])


def test_images_that_do_not_fill_a_batch_are_refused():
    with pytest.raises(ValueError, match="batch_size is 41, but there are 40 images to train on; lower it"):
        image_trials.batches(image_set(), "rows", 10, 41, 5, seed=0)


def test_more_trials_than_are_held_out_are_refused():
    with pytest.raises(ValueError, match=r"probe.trials is 11, but 10 images are held out; hold out more or lower it"):
        image_trials.probe(image_set(), "rows", 10, 11, seed=0)


# The description


@pytest.mark.parametrize(("presentation", "inputs"), [("rows", 3), ("whole", 12)])
def test_the_description_says_what_networks_need(presentation, inputs):
    assert image_trials.describe(image_set(), presentation) == {
        "environment": f"images, {presentation}", "input_units": inputs, "outputs": 10, "bayes_loss": None,
        "bayes_accuracy": None,
    }  # fmt: skip


def test_a_class_that_only_test_images_have_has_an_output():
    images = image_set()
    labels = np.where(np.arange(57) < 50, 0, 3).astype(np.uint8)
    assert image_trials.describe(ImageSet(images.images, 255, labels, 50), "rows")["outputs"] == 4
