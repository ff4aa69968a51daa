"""The LSTM that reads sentiment: its size, its arithmetic, its training, and what is measured of it."""

import hashlib
import itertools
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from oracles import TorchSentiment
from richlazy.figures import lstm_figure
from richlazy.figures.figure_context import FigureContext
from richlazy.measures import lstm_measures
from richlazy.models import base, lstm
from richlazy.statistics import estimators, hypothesis_tests
from richlazy.tables import lstm_tables
from richlazy.tasks import lstm_settings, sentences, synthetic_sentences, treebank, word_vectors
from richlazy.training import lstm_training

SETTINGS = {"epochs": 2, "batch_size": 16, "learning_rate": 0.005, "dropout": 0.5, "divergence_loss": 100.0}
FIGURES = {"width_mm": 180.0, "font_size_pt": 7.0, "resolution_dpi": 60}
CORPUS = synthetic_sentences.corpus()
WORDS = sentences.vocabulary(CORPUS["training"], True)
PARTS = {name: sentences.indexed(part, WORDS, True) for name, part in CORPUS.items()}
VECTORS = word_vectors.random_vectors(WORDS, 6, 0)
READER = lstm.Reader(VECTORS, **vars(PARTS["validation"]))


def small(seed=0):
    return lstm.initial_weights(6, 5, seed)


def trained(seed=0, **changes):
    return lstm_training.train(small(seed), VECTORS, PARTS, SETTINGS | changes, seed)


# The network


def test_the_network_of_the_paper_has_893185_trained_numbers():
    weights = lstm.initial_weights(100, 256, 0)
    assert lstm.parameter_count(weights) == 893_185
    assert {weights[name].shape for name in lstm.FROM_UNITS} == {(1024, 256)}


def test_initial_weights_fill_the_stated_intervals():
    weights = lstm.initial_weights(100, 256, 1)
    for name, matrix in weights.items():
        bound = 1 / np.sqrt(100 if name == "weight_ih_l0" else 256)
        assert matrix.dtype == np.float32 and np.abs(matrix).max() <= bound * (1 + 1e-6)
        if matrix.size > 1000:
            assert np.abs(matrix).max() > 0.98 * bound and abs(matrix.std() / (bound / np.sqrt(3)) - 1) < 0.05
    assert not np.array_equal(weights["weight_hh_l0"], weights["weight_hh_l1"])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logit_by_hand(weights, vectors):
    """Logit of one sentence, by the equations of an LSTM, in float64."""
    layer_input = vectors.astype(float)
    for layer in (0, 1):
        read, recur = (weights[f"weight_{kind}_l{layer}"].astype(float) for kind in ("ih", "hh"))
        bias = sum(weights[f"bias_{kind}_l{layer}"].astype(float) for kind in ("ih", "hh"))
        state, cell, states = np.zeros(recur.shape[1]), np.zeros(recur.shape[1]), []
        for row in layer_input:
            enter, forget, new, leave = np.split(read @ row + recur @ state + bias, 4)
            cell = sigmoid(forget) * cell + sigmoid(enter) * np.tanh(new)
            state = sigmoid(leave) * np.tanh(cell)
            states.append(state)
        layer_input = np.array(states)
    return float(weights["decoder_weight"][0].astype(float) @ layer_input[-1] + weights["decoder_bias"][0])


def test_the_network_reads_a_sentence_to_its_end_and_no_further():
    weights, part = small(), PARTS["test"]
    chosen = np.arange(20)
    lengths = part.lengths[chosen]
    assert len(set(lengths)) > 3
    shown = torch.from_numpy(VECTORS[lstm.ending_together(part.words[chosen], lengths)])
    found = lstm.SentimentNetwork(weights).forward(shown, torch.from_numpy(lengths)).numpy()
    expected = [logit_by_hand(weights, VECTORS[part.words[place, : part.lengths[place]]]) for place in chosen]
    assert np.allclose(found, expected, atol=1e-6)


def test_evaluation_is_that_of_every_sentence_alone():
    weights, part = small(3), PARTS["validation"]
    logits = np.array(
        [logit_by_hand(weights, VECTORS[row[:length]]) for row, length in zip(part.words, part.lengths, strict=True)]
    )
    loss, accuracy = READER.evaluate(lstm.SentimentNetwork(weights))
    assert loss == pytest.approx(np.logaddexp(0, np.where(part.positive, -logits, logits)).mean(), abs=1e-6)
    assert accuracy == ((logits > 0) == part.positive).mean()


def test_weights_survive_network_and_file(tmp_path):
    initial, final = small(0), small(1)
    kept = lstm.arrays_of(lstm.SentimentNetwork(initial).weights)
    assert list(kept) == list(initial) and all(np.array_equal(kept[name], initial[name]) for name in initial)
    lstm.save(tmp_path / "network.npz", initial, final)
    for expected, found in zip((initial, final), base.load_network(tmp_path / "network.npz"), strict=True):
        assert list(found) == list(expected)
        assert all(np.array_equal(found[name], expected[name]) for name in expected)


# Batches and training


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=700), batch_size=st.integers(1, 5), seed=st.integers(0, 99)
)
def test_batches_hold_each_sentence_once_beside_others_of_its_length(lengths, batch_size, seed):
    lengths = np.array(lengths)
    batches = list(lstm_training.length_buckets(lengths, batch_size, np.random.default_rng(seed)))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert max(map(len, batches)) <= batch_size
    if len(lengths) <= 100 * batch_size:  # one pool: no length of a batch lies within the lengths of another one
        spans = sorted((lengths[batch].min(), lengths[batch].max()) for batch in batches)
        assert all(low[1] <= high[0] for low, high in itertools.pairwise(spans))


def test_batches_come_in_another_order_in_each_epoch():
    rng = np.random.default_rng(0)
    first, second = (list(lstm_training.length_buckets(PARTS["training"].lengths, 16, rng)) for _ in range(2))
    assert [batch.tolist() for batch in first] != [batch.tolist() for batch in second]
    longest = [PARTS["training"].lengths[batch].max() for batch in first]
    assert longest != sorted(longest)


def test_one_update_is_that_of_adam():
    part = PARTS["training"]
    chosen = sentences.Part(part.words[:8], part.lengths[:8], part.positive[:8])
    only = {"training": chosen, "validation": PARTS["validation"]}
    weights = small()
    final, _ = lstm_training.train(weights, VECTORS, only, SETTINGS | {"epochs": 1, "dropout": 0.0}, 0)
    network = TorchSentiment(weights)
    logits = network(torch.from_numpy(VECTORS[chosen.words]), torch.from_numpy(chosen.lengths))
    torch.nn.functional.softplus(torch.where(torch.from_numpy(chosen.positive), -logits, logits)).mean().backward()
    for name, parameter in network.by_name().items():
        gradient = parameter.grad.numpy()
        # The first step of Adam is the learning rate against the sign of the gradient, but for its epsilon.
        step = -SETTINGS["learning_rate"] * gradient / (np.abs(gradient) + 1e-8)
        assert np.allclose(final[name] - weights[name], step, atol=2e-4), name


def test_training_learns_what_needs_order_and_negation():
    vectors = word_vectors.random_vectors(WORDS, 20, 0)
    weights = lstm.initial_weights(20, 16, 0)
    _, course = lstm_training.train(weights, vectors, PARTS, SETTINGS | {"epochs": 15, "learning_rate": 0.01}, 0)
    assert course.validation_accuracy[0] < 0.7 and course.validation_accuracy[-1] > 0.9
    assert len(course.training_loss) == len(course.validation_loss) == 16
    assert course.training_loss[0] is None and course.training_loss[-1] < course.training_loss[1]


def test_equal_seeds_give_equal_bytes_and_other_seeds_others(tmp_path):
    digests = []
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        final, course = trained(seed)
        lstm.save(tmp_path / f"{name}.npz", small(0), final)
        network = hashlib.sha256((tmp_path / f"{name}.npz").read_bytes()).hexdigest()
        digests.append((network, json.dumps(course.record())))
    assert digests[0] == digests[1]
    assert digests[0][0] != digests[2][0] and digests[0][1] != digests[2][1]


def test_dropout_keeps_its_share_and_the_mean():
    descent = lstm_training.Descent(
        lstm.SentimentNetwork(small()), VECTORS, PARTS["training"], SETTINGS | {"dropout": 0.2}, 0
    )
    chosen = np.arange(300)
    first, again = descent.kept(chosen), descent.kept(chosen)
    assert first.between.shape == (PARTS["training"].lengths[chosen].max(), 300, 5)
    assert first.before_decoder.shape == (300, 5)
    for factors in (*first, *again):
        assert set(factors.unique().tolist()) == {0.0, np.float32(1.25)}
        assert float(factors.mean()) == pytest.approx(1.0, abs=0.05)
    assert not torch.equal(first.between, again.between)


def test_dropout_changes_training():
    assert not np.array_equal(trained(epochs=1)[0]["weight_hh_l1"], trained(epochs=1, dropout=0.0)[0]["weight_hh_l1"])


@pytest.mark.parametrize("changes", [{"divergence_loss": 0.1}, {"learning_rate": 1e30}], ids=["bound", "not finite"])
def test_divergence_ends_training_and_is_recorded(changes):
    _, course = trained(epochs=5, **changes)
    record = course.record()
    assert record["diverged"] and record["diverged_at"] == len(record["training_loss"]) - 1 < 5
    assert record["final_training_loss"] is record["final_validation_accuracy"] is None


# Truncation


def best_approximation(matrix, rank):
    """Truncation by removing the leading direction again and again, found by power iteration on the Gram matrix."""
    rest, kept = matrix.astype(float), np.zeros(matrix.shape)
    for _ in range(rank):
        _, vectors = np.linalg.eigh(rest.T @ rest)
        top = vectors[:, -1:]
        kept, rest = kept + rest @ top @ top.T, rest - rest @ top @ top.T
    return kept


@pytest.mark.parametrize("what", lstm_measures.TRUNCATED)
def test_truncation_curves_are_those_of_matrices_truncated_one_by_one(what):
    initial, (final, _) = small(), trained()
    names = lstm.FROM_UNITS
    curve = lstm_measures.truncation_curve(initial, final, names, what, "all", READER)
    assert [point["rank"] for point in curve] == list(range(6))
    for point in curve:
        weights = dict(final)
        for name in names:
            kept = initial[name] if what == "change" else np.zeros_like(final[name])
            part = final[name] - initial[name] if what == "change" else final[name]
            weights[name] = (kept + best_approximation(part, point["rank"])).astype(np.float32)
        loss, accuracy = READER.evaluate(lstm.SentimentNetwork(weights))
        assert point["loss"] == pytest.approx(loss, abs=1e-5)
        assert abs(point["accuracy"] - accuracy) <= 1.5 / len(PARTS["validation"].lengths)
    whole = READER.evaluate(lstm.SentimentNetwork(final))
    assert curve[-1]["loss"] == pytest.approx(whole[0], abs=1e-6)


def test_an_unknown_part_cannot_be_truncated():
    with pytest.raises(ValueError, match="unknown part 'initial_weights'; choose one of weights, change"):
        lstm_measures.truncatable(np.eye(2), np.eye(2), "initial_weights")


def test_the_largest_rank_is_always_measured():
    assert lstm_measures.ranks_of(3, "all") == [0, 1, 2, 3]
    assert lstm_measures.ranks_of(3, [2, 0, 99]) == [0, 2, 3]


@given(accuracies=st.lists(st.integers(0, 20), min_size=1, max_size=9), margin=st.integers(0, 10))
def test_the_rank_for_the_final_accuracy_is_the_first_after_which_none_is_too_low(accuracies, margin):
    curve = [{"rank": 3 * place, "accuracy": value / 20} for place, value in enumerate(accuracies)]
    final = accuracies[-1]
    good = [place for place in range(len(accuracies)) if all(value >= final - margin for value in accuracies[place:])]
    assert lstm_measures.rank_for_final_accuracy(curve, final / 20, margin / 20) == 3 * good[0]


def test_norms_and_singular_values_are_those_of_their_matrices():
    initial, final = small(0), small(1)
    final["weight_hh_l0"] = initial["weight_hh_l0"].copy()
    measured = lstm_measures.measure(initial, final, READER, [1], 0.01)
    norms = {(row["weights"], row["part"]): row for row in measured["norms"]}
    change = final["weight_ih_l1"].astype(float) - initial["weight_ih_l1"]
    row = norms["weight_ih_l1", "change"]
    assert row["frobenius_norm"] == pytest.approx(np.linalg.norm(change))
    assert row["leading_singular_value"] == pytest.approx(np.linalg.norm(change, 2))
    assert row["stable_rank"] == pytest.approx(np.linalg.norm(change) ** 2 / np.linalg.norm(change, 2) ** 2)
    assert norms["weight_hh_l0", "change"]["frobenius_norm"] == 0
    assert norms["weight_hh_l0", "change"]["stable_rank"] is None


def test_names_of_settings_are_those_of_the_network():
    assert lstm_settings.MATRICES == lstm.MATRICES
    assert tuple(lstm_measures.TRUNCATIONS) == lstm_settings.TRUNCATIONS
    assert lstm_settings.TRUNCATED == lstm_measures.TRUNCATED
    assert lstm_settings.PARTS == treebank.PARTS
    assert lstm_settings.RANK in lstm_tables.MEASURES


# From networks to statistics and figure


def record_of(seed, diverged=False):
    initial, (final, course) = small(seed), trained(seed, divergence_loss=0.1 if diverged else 100.0)
    if diverged:
        final = {name: np.full_like(matrix, np.nan) for name, matrix in final.items()}
    outcome = {name: value for name, value in course.record().items() if name.startswith(("final_", "diverged"))}
    settings = {"task": "SST", "seed": seed, "corpus": "synthetic", "word_vectors": "random", "epochs": 2}
    settings |= {"network": f"{seed}.npz", "test_accuracy": None, "accuracy_margin": 0.01}
    measured = lstm_measures.measure(initial, final, READER, "all", 0.01)
    return json.loads(json.dumps(settings | outcome | measured)), course.record()


@pytest.fixture(scope="module")
def experiment():
    return [record_of(seed, diverged=seed == 3) for seed in range(4)]


@pytest.mark.parametrize(
    ("weights", "parts", "measures"),
    [
        (["weight_hh_l1", "weight_hh_l0"], ["initial_weights", "change"], ["frobenius_norm", "stable_rank"]),
        (["from_units"], ["weights", "change"], ["rank_for_final_accuracy"]),
    ],
)
def test_parts_are_compared_by_the_statistics_of_all_experiments(experiment, weights, parts, measures):
    records = [record for record, _ in experiment]
    runs = lstm_tables.runs_table(records, weights, parts)
    assert list(runs) == list(lstm_tables.RUN_COLUMNS)
    assert len(runs) == 4 * len(weights) * 2 and runs["diverged"].sum() == 2 * len(weights)
    settings = {
        "measures": measures,
        "confidence_level": 0.95,
        "significance_level": 0.05,
        "censored": [],
        "of_failed": [],
    }
    contrasts = hypothesis_tests.contrasts(runs, ["weights"], "part", settings)
    assert list(contrasts) == ["weights", *hypothesis_tests.CONTRAST_COLUMNS]
    assert len(contrasts) == len(weights) * len(measures)
    assert set(contrasts["level"]) == {"change"} and set(contrasts["reference"]) == {parts[0]}
    assert set(contrasts["n"]) == {3} and set(contrasts["excluded"]) == {1}
    row, group = contrasts.iloc[0], runs[(runs["weights"] == weights[0]) & ~runs["diverged"]]
    values = group.pivot(index="seed", columns="part", values=measures[0]).astype(float)
    differences = (values["change"] - values[parts[0]]).to_numpy()
    assert row["effect"] == pytest.approx(estimators.hodges_lehmann(differences))


def test_tables_hold_every_value_that_was_measured(experiment):
    records, courses = zip(*experiment, strict=True)
    spectra = lstm_tables.spectra_table(records)
    assert len(spectra) == 3 * 3 * (
        3 * 5 + 6
    )  # networks that did not diverge, parts, singular values of the four matrices
    truncations = lstm_tables.truncations_table(records)
    assert len(truncations) == 3 * 2 * (6 + 7)  # networks, parts, ranks up to 5 units and 6 dimensions
    curves = lstm_tables.curves_table(records, courses)
    chosen = curves[(curves["seed"] == 0) & (curves["quantity"] == "validation_accuracy")]
    assert chosen["value"].tolist() == courses[0]["validation_accuracy"]


def test_the_figure_is_drawn_with_the_same_bytes_each_time(experiment, tmp_path):
    records, courses = zip(*experiment, strict=True)
    shown = {
        "runs": lstm_tables.runs_table(records, ["weight_hh_l1"], ["initial_weights", "change"]),
        "spectra": lstm_tables.spectra_table(records),
        "truncations": lstm_tables.truncations_table(records),
        "curves": lstm_tables.curves_table(records, courses),
    }
    files = [tmp_path / f"{name}.{suffix}" for name in ("first", "again") for suffix in ("pdf", "png")]
    for pdf, png in (files[:2], files[2:]):
        lstm_figure.plot(FigureContext("Title", FIGURES, pdf=pdf, png=png), shown, ["weight_hh_l1", "from_units"])
    assert files[0].read_bytes() == files[2].read_bytes() and files[1].read_bytes() == files[3].read_bytes()
    # Figures of networks that all diverged say so.
    only = {name: table[table["seed"] == 3] for name, table in shown.items()}
    context = FigureContext("Title", FIGURES, pdf=files[0], png=files[1])
    lstm_figure.plot(context, only, ["weight_hh_l1", "from_units"])
