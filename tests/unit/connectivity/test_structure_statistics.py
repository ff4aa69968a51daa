"""Cell types, Dale's law, chain motifs and connectomes: their statistics, their spectra, and what shuffles keep."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

from oracles import random_connectome
from richlazy.connectivity.aligned import TASK_VECTORS, TaskAligned
from richlazy.connectivity.base import STRUCTURES, structure_parameters, structured_weights
from richlazy.connectivity.cell_types import CellTypeBlocks
from richlazy.connectivity.chain import ChainMotif
from richlazy.connectivity.connectome_based import SHUFFLES, ShuffledConnectome
from richlazy.connectivity.dale import DalesLaw
from richlazy.connectivity.draws import ENTRIES, gaussian_entries
from richlazy.connectivity.matching import MATCHINGS, match_magnitude
from richlazy.connectivity.motifs import second_order_motifs
from richlazy.connectivity.truncation import truncate_rank
from richlazy.measures import effective_ranks
from richlazy.storage import seeds
from richlazy.tasks import linear_teacher
from richlazy.theory import two_layer

GAIN = 1.5
CELL_TYPES = {"fraction": 0.02, "strong_gain": 10.0, "weak_gain": 0.8}
# Which connections are strong, from the type of the sender (column) to that of the receiver (row).
STRONG = {
    "within": np.array([[True, False], [False, False]]),
    "hub": np.array([[True, True], [True, False]]),
    "pre": np.array([[True, False], [True, False]]),
}
run_seeds = st.integers(0, 10_000)
every_matching = pytest.mark.parametrize("matching", ["frobenius", "leading_eigenvalue"])


def weights_of(seed, kind, size=20, matching="frobenius", **settings):
    rng = seeds.generator(seed, "connectivity")
    return structured_weights(kind, size, GAIN, matching, rng, **settings)


# A setting of every kind, at 20 units.
SETTINGS = {
    "gaussian": {},
    "uniform": {},
    "svd_truncation": {"entries": "gaussian", "rank": 3},
    "soft_rank": {"entries": "uniform", "decay_exponent": 2.0},
    "cell_type_blocks": {"fraction": 0.2, "strong_gain": 5.0, "weak_gain": 0.5, "blocks": "hub"},
    "dales_law": {"excitatory_fraction": 0.8},
    "chain_motif": {"correlation": 0.1, "exact": False},
    "connectome": {"connectome": random_connectome()},
    "shuffled_connectome": {"connectome": random_connectome(), "shuffle": "edges"},
}
every_kind = pytest.mark.parametrize("kind", SETTINGS)


def magnitude(weights, matching):
    return np.sqrt((weights**2).sum()) if matching == "frobenius" else np.abs(np.linalg.eigvals(weights)).max()


# Every kind


def test_there_is_a_setting_for_every_kind_with_its_parameter_and_all_options():
    of_recurrent = {kind for kind, known in STRUCTURES.items() if "recurrent" in known.architectures}
    of_recurrent -= {"teacher_aligned"}  # needs a trained teacher: test_teacher_network.py
    assert set(SETTINGS) == of_recurrent == set(STRUCTURES) - {"task_aligned", "teacher_aligned"}
    for kind in of_recurrent:
        structure = STRUCTURES[kind]
        of_weights = set(structure.Options.model_fields) - {"signs_held"}
        assert set(SETTINGS[kind]) == of_weights | ({structure.parameter} - {None})
    assert structure_parameters() == {"rank", "decay_exponent"}


@every_matching
@every_kind
def test_every_kind_has_the_magnitude_of_the_base_draw_of_its_seed(kind, matching):
    for seed in range(3):
        weights = weights_of(seed, kind, matching=matching, **SETTINGS[kind])
        distribution = SETTINGS[kind].get("entries", "uniform" if kind == "uniform" else "gaussian")
        base = weights_of(seed, distribution)
        assert weights.shape == (20, 20)
        assert weights.dtype == np.float64
        assert magnitude(weights, matching) == pytest.approx(magnitude(base, matching), rel=1e-10)


@every_kind
def test_equal_seeds_give_equal_bytes_and_others_differ(kind):
    first, again, other = (weights_of(seed, kind, **SETTINGS[kind]) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)
    if kind == "connectome":  # the same weights but for their magnitude
        np.testing.assert_allclose(first / np.linalg.norm(first), other / np.linalg.norm(other), rtol=1e-12)
    else:
        assert np.linalg.norm(first - other) > 0.1 * np.linalg.norm(first)


@every_kind
def test_structures_that_hold_signs_have_columns_of_one_sign_unless_shuffled_away(kind):
    weights = weights_of(0, kind, **SETTINGS[kind])
    mixed = ((weights > 0).any(0) & (weights < 0).any(0)).any()
    if kind != "shuffled_connectome":  # whose sign depends on the shuffle
        assert STRUCTURES[kind].signed != mixed
    assert STRUCTURES[kind].unstructured == (kind in ("gaussian", "uniform"))


@pytest.mark.parametrize("kind", [kind for kind in SETTINGS if not STRUCTURES[kind].draws])
def test_structures_without_random_numbers_of_their_own_leave_the_generator_where_the_base_draw_does(kind):
    structured, plain = (seeds.generator(0, "connectivity") for _ in range(2))
    structured_weights(kind, 20, GAIN, "frobenius", structured, **SETTINGS[kind])
    entries = SETTINGS[kind].get("entries", "uniform" if kind == "uniform" else "gaussian")
    ENTRIES[entries](20, 20, GAIN, plain)
    assert structured.random() == plain.random()


# Of options with a range: values inside, as far as its ends, and values outside.
NAMES = ["v1_column", "V1-2", "7"], ["", "-v1", "_v1", "../v1", "v1 column", "v1.npy"]
RANGES = [
    ("cell_type_blocks", "fraction", [1e-9, 1 - 1e-9], [0.0, 1.0]),
    ("cell_type_blocks", "strong_gain", [1e-9, 1e3], [0.99e-9, 1001.0]),
    ("cell_type_blocks", "weak_gain", [1e-9, 1e3], [0.99e-9, 1001.0]),
    ("chain_motif", "correlation", [-0.2499, -1e-9, 1e-9, 0.2499], [-0.25, 0.0, 0.25]),
    ("dales_law", "excitatory_fraction", [1e-9, 1 - 1e-9], [0.0, 1.0]),
    ("connectome", "connectome", *NAMES),
    ("shuffled_connectome", "connectome", *NAMES),
]


def options_of(kind, **changes):
    """Options of a kind as the configuration gives them."""
    of_connectome = {"connectome": "v1", "shuffle": "values_within_column"}
    known = STRUCTURES[kind].Options
    entry = {name: value for name, value in (SETTINGS[kind] | of_connectome).items() if name in known.model_fields}
    return known(**entry | changes)


@pytest.mark.parametrize(("kind", "option", "inside", "outside"), RANGES)
def test_an_option_is_taken_as_it_is_and_only_inside_of_its_range(kind, option, inside, outside):
    assert [getattr(options_of(kind, **{option: value}), option) for value in inside] == inside
    for value in outside:
        with pytest.raises(ValueError, match=f"1 validation error.*\n{option}\n"):
            options_of(kind, **{option: value})


@pytest.mark.parametrize("kind", [kind for kind in SETTINGS if STRUCTURES[kind].signed])
def test_signs_are_held_only_where_it_is_asked_for(kind):
    assert options_of(kind).signs_held is False
    assert options_of(kind, signs_held=True).signs_held is True


@pytest.mark.parametrize(
    ("kind", "checksum"),
    [
        ("gaussian", "eb9600b45273c865"),
        ("uniform", "0492161ffb7389ef"),
    ],
)
def test_base_draws_are_those_of_the_published_results(kind, checksum):
    """Bytes of 6 units, as committed with the results of Figure 1."""
    assert hashlib.sha256(weights_of(3, kind, 6).tobytes()).hexdigest()[:16] == checksum


@pytest.mark.parametrize(
    ("kind", "settings", "values"),
    [
        (
            "svd_truncation",
            {"entries": "gaussian", "rank": 2},
            [
                2.0703788649148223,
                3.157583885999592,
                1.1300431354681157,
                -3.931385314546471,
                1.6721790060150334,
                3.8043291478626866,
            ],
        ),
        (
            "soft_rank",
            {"entries": "gaussian", "decay_exponent": 2.0},
            [
                2.0707721722589043,
                2.8132387333637685,
                0.6382370575071037,
                -3.798011676535219,
                1.217839485891011,
                3.7850165317086413,
            ],
        ),
    ],
)
def test_structures_are_those_of_the_published_results(kind, settings, values):
    """Rows sums of 6 units; bytes would differ between libraries of linear algebra."""
    np.testing.assert_allclose(weights_of(3, kind, 6, **settings).sum(1), values, rtol=1e-12)


@pytest.mark.parametrize("matching", MATCHINGS)
def test_weights_without_magnitude_cannot_be_matched(matching):
    base = np.random.default_rng(0).standard_normal((5, 5))
    # Nothing flows back in a chain of units: all eigenvalues are 0, its norm is not.
    nothing = np.zeros((5, 5)) if matching == "frobenius" else np.eye(5, k=1)
    with pytest.raises(ValueError, match=f"have a {matching} magnitude of 0, which nothing can rescale"):
        match_magnitude(nothing, base, matching)


@pytest.mark.parametrize(("size", "rank"), [(16, 4), (100, 30), (300, 1), (300, 30), (300, 100)])
def test_truncated_recurrent_weights_have_the_bytes_of_the_full_decomposition(size, rank):
    """Published weights were truncated with all singular vectors; a square matrix has no others."""
    base = np.random.default_rng(size).standard_normal((size, size))
    left, values, right = linalg.svd(base, full_matrices=True)
    expected = (left[:, :rank] * values[:rank]) @ right[:rank]
    assert truncate_rank(base, rank).tobytes() == expected.tobytes()


# First layers of feedforward networks


@pytest.mark.parametrize("entries", ENTRIES)
@given(size=st.integers(2, 12), columns=st.integers(2, 12), seed=run_seeds, data=st.data())
def test_a_first_layer_is_truncated_to_its_leading_components(entries, size, columns, seed, data):
    rank = data.draw(st.integers(1, min(size, columns)))
    weights = weights_of(seed, "svd_truncation", size, columns=columns, rank=rank, entries=entries)
    base = weights_of(seed, entries, size, columns=columns)
    assert weights.shape == base.shape == (size, columns)
    assert np.linalg.norm(weights) == pytest.approx(np.linalg.norm(base), rel=1e-12)
    if rank == min(size, columns):
        assert np.array_equal(weights, base)
    # Leading eigenvectors of the smaller Gram matrix, in place of a singular value decomposition.
    _, vectors = np.linalg.eigh(base @ base.T if size < columns else base.T @ base)
    leading = vectors[:, -rank:]
    expected = leading @ leading.T @ base if size < columns else base @ leading @ leading.T
    expected *= np.linalg.norm(base) / np.linalg.norm(expected)
    np.testing.assert_allclose(weights, expected, rtol=1e-5, atol=1e-7 * np.abs(base).max())


def test_entries_of_a_first_layer_have_a_variance_over_its_inputs():
    gaussian, uniform = (weights_of(0, kind, 2000, columns=30) for kind in ("gaussian", "uniform"))
    assert gaussian.var() == pytest.approx(GAIN**2 / 30, rel=0.03)
    assert uniform.var() == pytest.approx(GAIN**2 / 90, rel=0.03)
    assert np.abs(uniform).max() <= GAIN / np.sqrt(30)


@pytest.mark.parametrize("rank", [0, 6, 7])
def test_a_rank_above_the_smaller_side_is_refused(rank):
    for size, columns in ((20, 5), (5, 20)):
        with pytest.raises(ValueError, match=f"rank must lie between 1 and 5, the smaller side .* not {rank}"):
            weights_of(0, "svd_truncation", size, columns=columns, rank=rank)


@given(size=st.integers(2, 12), inputs=st.integers(2, 12), seed=run_seeds)
def test_a_task_aligned_layer_has_one_unit_that_reads_the_task(size, inputs, seed):
    beta = np.random.default_rng(seed).standard_normal(inputs)
    weights = weights_of(seed, "task_aligned", size, columns=inputs, task_vector=beta)
    base = weights_of(seed, "gaussian", size, columns=inputs)
    assert weights.shape == (size, inputs)
    assert not weights[1:].any()
    assert np.linalg.matrix_rank(weights) == 1
    assert np.linalg.norm(weights) == pytest.approx(np.linalg.norm(base), rel=1e-12)
    assert weights[0] @ beta == pytest.approx(np.linalg.norm(base) * np.linalg.norm(beta), rel=1e-12)
    # Before it takes the magnitude of the draw its one unit has a norm of 1, whatever that of the task.
    assert np.linalg.norm(TaskAligned.shape(base, 50 * beta)) == pytest.approx(1)
    # It is the layer of Proposition 1, and a list from a file serves as well.
    expected = two_layer.aligned_first_layer(beta, size, np.linalg.norm(base))
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    listed = weights_of(seed, "task_aligned", size, columns=inputs, task_vector=beta.tolist())
    assert np.array_equal(listed, weights)


@pytest.mark.parametrize("kind", [kind for kind in SETTINGS if "feedforward" in STRUCTURES[kind].architectures])
def test_a_task_changes_nothing_in_the_options_of_a_first_layer_that_is_not_aligned_with_it(kind):
    task = linear_teacher.describe({"inputs": 3, "samples": 9, "whitened": False}, 2.0, 0)
    assert STRUCTURES[kind].of_task(SETTINGS[kind], task) == SETTINGS[kind]


def test_only_some_structures_are_for_first_layers():
    known = STRUCTURES
    assert {kind for kind in known if "feedforward" in known[kind].architectures} == {
        "gaussian", "uniform", "svd_truncation", "soft_rank", "task_aligned",
    }  # fmt: skip
    assert known["task_aligned"].architectures == ("feedforward",)
    assert set(TASK_VECTORS) == {"all", "dominant"}
    assert set(TASK_VECTORS.values()) <= set(
        linear_teacher.describe({"inputs": 2, "samples": 9, "whitened": False}, 2.0, 0)
    )


def test_an_exponent_of_0_makes_the_singular_values_of_a_first_layer_equal_and_its_kernel_the_best_kept():
    inputs, rng = 20, np.random.default_rng(0)
    found = [
        STRUCTURES["soft_rank"].weights(
            300, 1.0, "frobenius", np.random.default_rng(1), entries="gaussian", columns=inputs, decay_exponent=exponent
        )
        for exponent in (0.0, 0.5, 4.0)
    ]
    values = [np.linalg.svd(weights, compute_uv=False) for weights in found]
    np.testing.assert_allclose(values[0], values[0][0])
    norms = [np.linalg.norm(weights) for weights in found]
    np.testing.assert_allclose(norms, norms[0])
    readout = rng.standard_normal((1, 300))
    readout *= norms[0] / np.linalg.norm(readout)
    tasks = rng.standard_normal((200, inputs))
    kept = [np.mean([two_layer.kernel_alignment(weights, readout, beta) for beta in tasks]) for weights in found]
    assert kept[0] == pytest.approx((inputs + 1) / np.sqrt(inputs * (inputs + 3)))  # Theorem 1: the same for every task
    assert kept[0] > kept[1] > kept[2]


# Cell types


@pytest.mark.parametrize("blocks", STRONG)
def test_blocks_have_the_variance_of_their_gain(blocks):
    size, fraction, draws = 50, 0.1, 200
    rng = np.random.default_rng(0)
    drawn = np.stack(
        [
            CellTypeBlocks.shape(gaussian_entries(size, size, 1.0, rng), fraction, 10.0, 0.8, blocks)
            for _ in range(draws)
        ]
    )
    for receiver, sender in np.ndindex(2, 2):
        rows, columns = (slice(5) if place == 0 else slice(5, None) for place in (receiver, sender))
        block = drawn[:, rows, columns]
        gain = 10.0 if STRONG[blocks][receiver, sender] else 0.8
        # The variance of n normal entries is known to sqrt(2 / n).
        assert block.var() == pytest.approx(gain**2 / size, rel=4 * np.sqrt(2 / block.size))


@pytest.mark.parametrize("blocks", STRONG)
def test_cell_types_only_scale_the_base_draw(blocks):
    base = np.random.default_rng(0).standard_normal((20, 20))
    types = np.array([0] * 4 + [1] * 16)
    gains = np.where(STRONG[blocks][np.ix_(types, types)], 3.0, 0.5)
    np.testing.assert_array_equal(CellTypeBlocks.shape(base, 0.2, 3.0, 0.5, blocks), base * gains)
    assert np.array_equal(CellTypeBlocks.shape(base, 0.2, 1.0, 1.0, blocks), base)


@pytest.mark.parametrize(("fraction", "units"), [(0.001, 1), (0.02, 1), (0.08, 2), (0.5, 10)])
def test_there_is_at_least_one_hyperexcitable_unit(fraction, units):
    scaled = CellTypeBlocks.shape(np.ones((20, 20)), fraction, 2.0, 1.0, "pre")
    assert (scaled[0] == 2).sum() == units


def leading_theory(fraction, strong_gain, weak_gain, blocks):
    """sqrt(Lambda_1): Lambda_1 is the top eigenvalue of alpha_c G_cd² (Aljadeff et al. 2015)."""
    gains = np.where(STRONG[blocks], strong_gain, weak_gain)
    shares = np.array([fraction, 1 - fraction])
    return np.sqrt(np.linalg.eigvals(shares[:, None] * gains**2).real.max())


@pytest.mark.parametrize("blocks", STRONG)
def test_the_spectral_radius_of_cell_types_is_that_of_theory(blocks):
    setting = {"fraction": 0.25, "strong_gain": 2.0, "weak_gain": 0.7}
    rng = np.random.default_rng(0)
    radii = [
        magnitude(
            CellTypeBlocks.shape(gaussian_entries(200, 200, 1.0, rng), **setting, blocks=blocks),
            "leading_eigenvalue",
        )
        for _ in range(6)
    ]
    # The largest of finitely many eigenvalues stands a little outside of the disc.
    assert 0.98 < np.mean(radii) / leading_theory(**setting, blocks=blocks) < 1.1


def test_theory_of_the_shipped_cell_types():
    """Numbers of methods.md A1."""
    theory = [leading_theory(**CELL_TYPES, blocks=blocks) for blocks in STRONG]
    assert theory == pytest.approx([1.416, 3.92, 1.62], abs=0.005)


@pytest.mark.parametrize(
    ("blocks", "by_eigenvalues", "scatter", "by_singular_values", "leading"),
    [("within", 0.383, 0.09, 0.259, 2.73), ("hub", 0.161, 0.02, 0.089, 2.92), ("pre", 0.33, 0.03, 0.078, 1.67)],
)
def test_effective_ranks_of_cell_types(blocks, by_eigenvalues, scatter, by_singular_values, leading):
    """Measured with other code, N = 300, after matching to g = 1.5 (methods.md A1)."""
    draws = 5
    weights = [weights_of(seed, "cell_type_blocks", 300, **CELL_TYPES, blocks=blocks) for seed in range(draws)]
    margin = 3 * scatter / np.sqrt(draws)
    assert np.mean([effective_ranks.eigenvalue_effective_rank(matrix) for matrix in weights]) == pytest.approx(
        by_eigenvalues, abs=margin
    )
    assert np.mean([effective_ranks.singular_value_effective_rank(matrix) for matrix in weights]) == pytest.approx(
        by_singular_values, rel=0.2
    )
    assert np.mean([magnitude(matrix, "leading_eigenvalue") for matrix in weights]) == pytest.approx(leading, rel=0.2)


def test_unknown_blocks_are_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown blocks 'post'; choose one of within, hub, pre"):
        weights_of(0, "cell_type_blocks", **CELL_TYPES, blocks="post")


# Dale's law


@given(size=st.integers(3, 30), fraction=st.floats(0.4, 0.8), seed=run_seeds)
def test_columns_have_one_sign_and_units_no_connection_to_themselves(size, fraction, seed):
    weights = weights_of(seed, "dales_law", size, excitatory_fraction=fraction)
    excitatory = int(fraction * size)
    others = ~np.eye(size, dtype=bool)
    assert (np.diag(weights) == 0).all()
    assert (weights[:, :excitatory][others[:, :excitatory]] > 0).all()
    assert (weights[:, excitatory:][others[:, excitatory:]] < 0).all()


def test_magnitudes_are_uniform_and_excitation_is_weaker_by_the_ratio_of_the_units():
    from scipy import stats

    size, excitatory = 100, 80
    weights = DalesLaw.shape(np.empty((size, size)), np.random.default_rng(0), 0.8)
    others = ~np.eye(size, dtype=bool)
    bound = 1 / np.sqrt(size)
    for columns, largest in ((slice(excitatory), bound / 4), (slice(excitatory, None), bound)):
        entries = np.abs(weights[:, columns][others[:, columns]])
        assert stats.kstest(entries, stats.uniform(0, largest).cdf).pvalue > 0.01
        assert entries.mean() == pytest.approx(largest / 2, rel=0.05)


def test_rows_are_balanced_in_expectation():
    size, draws = 20, 400
    rng = np.random.default_rng(0)
    sums = np.stack([DalesLaw.shape(np.empty((size, size)), rng, 0.8).sum(1) for _ in range(draws)])
    # Balance would be exact but for the connection that each unit does not have to itself.
    mean = 0.5 / np.sqrt(size)
    expected = np.where(np.arange(size) < 16, -mean / 4, mean)
    errors = sums.std(0, ddof=1) / np.sqrt(draws)
    assert (np.abs(sums.mean(0) - expected) < 3.5 * errors).all()
    for kind in (slice(16), slice(16, None)):
        pooled = sums[:, kind]
        assert abs(pooled.mean() - expected[kind][0]) < 3 * pooled.std() / np.sqrt(pooled.size)


def test_spectra_of_dales_law():
    """One singular value holds the mean of the columns; measured with other code in methods.md A3."""
    size, draws = 300, 3
    weights = [weights_of(seed, "dales_law", size, excitatory_fraction=0.8) for seed in range(draws)]
    values = np.array([np.linalg.svd(matrix, compute_uv=False) for matrix in weights])
    # Mean over norm: 1/2 sqrt(e/16 + i) over sqrt((e/16 + i)/3) for e excitatory and i inhibitory columns.
    leading = values[:, 0] / np.sqrt((values**2).sum(1))
    assert leading == pytest.approx([np.sqrt(3) / 2] * draws, rel=0.01)
    assert (values[:, 1] < 0.12 * values[:, 0]).all()
    assert np.mean([effective_ranks.eigenvalue_effective_rank(matrix) for matrix in weights]) == pytest.approx(
        0.256, abs=0.09
    )
    assert np.mean([effective_ranks.singular_value_effective_rank(matrix) for matrix in weights]) == pytest.approx(
        0.027, abs=0.002
    )


@pytest.mark.parametrize("fraction", [0.04, 0.0, 1.0])
def test_a_fraction_that_leaves_one_kind_empty_is_refused(fraction):
    with pytest.raises(ValueError, match=r"leaves \d+ of 20 units excitatory; choose a fraction that leaves at least"):
        weights_of(0, "dales_law", excitatory_fraction=fraction)


@pytest.mark.parametrize(
    ("size", "fraction", "excitatory"),
    [(20, 0.04, 0), (20, 0.05, 1), (20, 0.5, 10), (20, 0.95, 19), (20, 1.0, 20), (2, 0.5, 1)],
)
def test_a_fraction_is_refused_before_a_run_where_it_cannot_be_drawn(size, fraction, excitatory):
    refusal = DalesLaw.refusal({"excitatory_fraction": fraction}, size, "training.size")
    if 0 < excitatory < size:
        assert refusal is None
        weights = weights_of(0, "dales_law", size, excitatory_fraction=fraction)
        assert (weights > 0).any(0).sum() == excitatory
    else:
        assert f"is {fraction}, which leaves {excitatory} of the {size} units of training.size excitatory" in refusal
        with pytest.raises(ValueError, match=f"leaves {excitatory} of {size} units excitatory"):
            weights_of(0, "dales_law", size, excitatory_fraction=fraction)


# Chain motifs


@pytest.mark.parametrize("tau", [0.03, -0.1])
def test_chains_are_a_factor_and_a_draw_in_the_shares_that_their_covariances_ask_for(tau):
    size = 12
    weights = ChainMotif.shape(np.empty((size, size)), np.random.default_rng(0), tau)
    rng = np.random.default_rng(0)
    factor, draw = rng.standard_normal(size), rng.standard_normal((size, size))
    parts = np.stack([np.add.outer(factor, np.sign(tau) * factor), draw, draw.T], axis=-1)
    shares = np.linalg.lstsq(parts.reshape(-1, 3), weights.ravel())[0]
    np.testing.assert_allclose(parts @ shares, weights, atol=1e-12)
    of_factor, of_draw, of_transpose = shares
    chain = np.sign(tau) * of_factor**2
    assert chain == pytest.approx(tau)
    assert 2 * of_factor**2 + of_draw**2 + of_transpose**2 == pytest.approx(1)  # the variance
    assert 2 * chain + 2 * of_draw * of_transpose == pytest.approx(0, abs=1e-12)  # reciprocal pairs
    # The draw could change places with its transpose, and its sign, without a change of any covariance.
    assert of_draw > abs(of_transpose)


def expected_motifs(tau, exact, size):
    """Means of the sums over the mean square; a standardised factor sums to 0, which ties different units a little."""
    strength = abs(tau)
    found = {"chain": tau, "reciprocal": 0.0, "convergent": strength, "divergent": strength}
    if exact:  # the mean of x_i x_j over i != j is -|tau| / (N - 1), that of x_i y_j is -tau / (N - 1)
        found["chain"] -= (2 * strength + tau) / (size - 1)
        found["reciprocal"] -= 2 * strength / (size - 1)
        found["convergent"] -= (2 * tau + strength) / (size - 1)
        found["divergent"] -= (2 * tau + strength) / (size - 1)
        found = {name: value / (1 - 2 * tau / (size - 1)) for name, value in found.items()}
    return found


def motifs_of_draws(tau, exact, size=100, draws=300):
    rng = np.random.default_rng(1)
    empty = np.empty((size, size))
    found = [second_order_motifs(ChainMotif.shape(empty, rng, tau, exact)) for _ in range(draws)]
    return {name: np.array([motifs[name] for motifs in found]) for name in found[0]}


@pytest.fixture(scope="module")
def drawn_motifs():
    return {(tau, exact): motifs_of_draws(tau, exact) for tau in (0.03, -0.1) for exact in (False, True)}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("tau", [0.03, -0.1])
def test_all_second_order_statistics_of_chains_are_those_that_tau_says(drawn_motifs, tau, exact):
    for name, expected in expected_motifs(tau, exact, 100).items():
        values = drawn_motifs[tau, exact][name]
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - expected) < 3 * error, name


@pytest.mark.parametrize(("tau", "scatter"), [(0.03, 0.005), (-0.1, 0.012)])
def test_exact_factors_halve_the_scatter_of_the_motif(drawn_motifs, tau, scatter):
    free, exact = (drawn_motifs[tau, exact]["chain"].std(ddof=1) for exact in (False, True))
    assert free == pytest.approx(scatter, rel=0.2)  # methods.md A2
    assert exact < 0.6 * free


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("tau", [0.03, -0.1])
def test_entries_of_chains_have_unit_variance_and_no_mean(tau, exact):
    rng = np.random.default_rng(0)
    drawn = np.stack([ChainMotif.shape(np.empty((60, 60)), rng, tau, exact) for _ in range(150)])
    assert drawn.var() == pytest.approx(1.0, rel=0.02)
    means = drawn.mean((1, 2))
    assert abs(means.mean()) < 3.5 * means.std() / np.sqrt(len(means))


@pytest.mark.parametrize(("size", "tau", "within"), [(100, 0.03, 0.1), (100, -0.1, 0.05), (200, 0.03, 0.1)])
def test_outliers_of_chains_are_those_of_theory(size, tau, within):
    """Moduli g sqrt((N - 1) tau): the two eigenvalues of the rank-two part x 1' + 1 y'."""
    draws = 40 if size == 100 else 10
    leading = [
        magnitude(weights_of(seed, "chain_motif", size, correlation=tau, exact=False), "leading_eigenvalue")
        for seed in range(draws)
    ]
    theory = GAIN * np.sqrt((size - 1) * abs(tau))
    assert np.mean(leading) == pytest.approx(theory, rel=within)


@pytest.mark.parametrize(("tau", "axis"), [(0.1, "real"), (-0.1, "imaginary")])
def test_outliers_are_a_real_pair_for_many_and_an_imaginary_one_for_few_chains(tau, axis):
    for seed in range(5):
        weights = weights_of(seed, "chain_motif", 100, correlation=tau, exact=True)
        values = np.linalg.eigvals(weights)
        values = values[np.argsort(-np.abs(values))]
        along, across = (values.real, values.imag) if axis == "real" else (values.imag, values.real)
        assert np.abs(values[1]) > 1.5 * np.abs(values[2])
        assert (np.abs(across[:2]) < 0.1 * np.abs(along[:2])).all()
        assert along[0] * along[1] < 0
        if axis == "real":
            assert (values[:2].imag == 0).all()


@pytest.mark.parametrize("tau", [0.0, 0.25, -0.25, 1.0, float("nan")])
def test_impossible_correlations_are_refused(tau):
    with pytest.raises(ValueError, match=f"must lie between 0 and 1/4 in magnitude, not {tau}"):
        weights_of(0, "chain_motif", correlation=tau, exact=False)


# Connectomes


@given(size=st.integers(3, 20), seed=run_seeds)
def test_a_connectome_keeps_signs_absent_connections_and_ratios(size, seed):
    connectome = random_connectome(size, seed, 0.5)
    connectome[0, 1] = connectome[0, 1] or 1.0
    before = connectome.copy()
    weights = weights_of(seed, "connectome", size, connectome=connectome)
    assert np.array_equal(np.sign(weights), np.sign(connectome))
    cosine = (weights * connectome).sum() / np.linalg.norm(weights) / np.linalg.norm(connectome)
    assert cosine == pytest.approx(1.0, abs=1e-12)
    assert np.array_equal(connectome, before)


@pytest.mark.parametrize("kind", ["connectome", "shuffled_connectome"])
def test_a_connectome_of_another_size_is_refused(kind):
    settings = SETTINGS[kind] | {"connectome": random_connectome(12)}
    with pytest.raises(ValueError, match="has 12 cells, but the network 20 units; set size to 12"):
        weights_of(0, kind, **settings)


def test_unknown_shuffles_are_refused_with_the_choices():
    with pytest.raises(
        ValueError, match="unknown shuffle 'rows'; choose one of values_on_mask, values_within_column, "
    ):
        weights_of(0, "shuffled_connectome", connectome=random_connectome(), shuffle="rows")


def column_values(weights):
    return np.sort(weights, axis=0)


KEPT = {  # whether a shuffle keeps a property
    "values": lambda weights: np.sort(weights, axis=None),
    "density": lambda weights: np.count_nonzero(weights),
    "diagonal": np.diag,
    "mask": lambda weights: weights != 0,
    "in degree": lambda weights: (weights != 0).sum(1),
    "out degree": lambda weights: (weights != 0).sum(0),
    "signs of units": lambda weights: np.sign(weights.sum(0)) * ((weights >= 0).all(0) | (weights <= 0).all(0)),
    "values of a unit": column_values,
    "every weight": lambda weights: weights,
}
ALWAYS = {"values", "density", "diagonal"}
KEPT_BY = {
    "values_on_mask": ALWAYS | {"mask", "in degree", "out degree"},
    "values_within_column": ALWAYS | {"mask", "in degree", "out degree", "signs of units", "values of a unit"},
    "edges": ALWAYS,
    "within_column": ALWAYS | {"out degree", "signs of units", "values of a unit"},
}


def test_every_shuffle_is_tested():
    assert set(KEPT_BY) == set(SHUFFLES)


@pytest.mark.parametrize("shuffle", SHUFFLES)
@given(size=st.integers(2, 12), density=st.floats(0, 1), seed=run_seeds, with_diagonal=st.booleans())
def test_a_shuffle_keeps_what_it_says(shuffle, size, density, seed, with_diagonal):
    connectome = random_connectome(size, seed, density)
    before = connectome.copy()
    shuffled = ShuffledConnectome.shape(np.empty((size, size)), np.random.default_rng(seed + 1), connectome, shuffle)
    for name in KEPT_BY[shuffle]:
        assert np.array_equal(KEPT[name](shuffled), KEPT[name](connectome)), name
    assert np.array_equal(connectome, before)


@pytest.mark.parametrize("shuffle", SHUFFLES)
@pytest.mark.parametrize("seed", range(3))
def test_a_shuffle_destroys_all_else(shuffle, seed):
    connectome = random_connectome(30, seed)
    shuffled = ShuffledConnectome.shape(connectome, np.random.default_rng(seed), connectome, shuffle)
    kept = {name for name, property_ in KEPT.items() if np.array_equal(property_(shuffled), property_(connectome))}
    assert kept == KEPT_BY[shuffle]


@pytest.mark.parametrize("shuffle", SHUFFLES)
def test_each_weight_comes_to_each_allowed_place_equally_often(shuffle):
    connectome = np.array([[0.0, 2.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 7.0], [0.0, 0.0, 0.0, 0.0]])
    rng, draws = np.random.default_rng(0), 3000
    places = sum(ShuffledConnectome.shape(connectome, rng, connectome, shuffle) == 2.0 for _ in range(draws))
    others, connected = ~np.eye(4, dtype=bool), connectome != 0
    allowed = connected if shuffle.startswith("values") else others
    if shuffle.endswith("within_column"):
        allowed = allowed & (np.arange(4) == 1)
    expected = draws / allowed.sum()
    assert places[~allowed].sum() == 0
    assert np.abs(places[allowed] - expected).max() < 4 * np.sqrt(expected)


def test_shuffles_of_two_seeds_differ_and_of_one_seed_agree_on_their_magnitude():
    connectome = random_connectome()
    norms = [
        np.linalg.norm(weights_of(5, "shuffled_connectome", connectome=connectome, shuffle=shuffle))
        for shuffle in SHUFFLES
    ]
    assert norms == pytest.approx([np.linalg.norm(weights_of(5, "gaussian"))] * 4, rel=1e-12)
