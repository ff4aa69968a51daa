"""What every structure must be, without naming one: each member of the registry and each entry of config.yaml of it.

A new structure adds an oracle to ``ORACLES``: what its weights promise, calculated a second time in float64.
"""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from build_connectivity import build_connectivity
from build_teacher_aligned import build_teacher_aligned
from oracles import random_connectome
from richlazy.configuration import checks
from richlazy.configuration.checks import ConfigurationError
from richlazy.connectivity.base import STRUCTURES, settings_of
from richlazy.connectivity.draws import ENTRIES
from richlazy.connectivity.motifs import second_order_motifs
from richlazy.experiments import grids, parameters, variants
from richlazy.models import rate_network
from richlazy.statistics import hypothesis_tests, interactions
from richlazy.storage import array_io, seeds
from richlazy.storage.import_closure import import_closure, module_closure
from richlazy.tables import experiment_tables
from shipped import CONFIG

ROOT = Path(__file__).parents[2]
ENTRIES_OF_CONFIG = CONFIG["structures"]
SIZE, INPUTS, GAIN, SWEPT = 20, 8, 1.5, 3
MAGNITUDES = {
    "frobenius": lambda weights: np.sqrt((weights**2).sum()),
    "leading_eigenvalue": lambda weights: np.abs(np.linalg.eigvals(weights)).max(),
}
TASK = {
    "input_units": INPUTS,
    "task_vector": np.random.default_rng(1).standard_normal(INPUTS).tolist(),
    "dominant_task_vector": [*np.random.default_rng(2).standard_normal(INPUTS // 2).tolist(), *[0.0] * (INPUTS // 2)],
}
CONNECTOME = random_connectome(SIZE)
TEACHER = np.random.default_rng(3).standard_normal((SIZE, SIZE))

every_kind = pytest.mark.parametrize("kind", STRUCTURES)
every_entry = pytest.mark.parametrize("name", ENTRIES_OF_CONFIG)


@dataclass
class Drawn:
    """Weights of an entry, with what they were made of."""

    name: str
    seed: int = 0
    matching: str = "frobenius"
    settings: dict[str, Any] = field(init=False)
    weights: np.ndarray = field(init=False)
    base: np.ndarray = field(init=False)

    def __post_init__(self):
        self.kind = STRUCTURES[ENTRIES_OF_CONFIG[self.name]["kind"]]
        self.settings = settings_of(self.kind, ENTRIES_OF_CONFIG[self.name])
        self.columns = SIZE if "recurrent" in self.kind.architectures else INPUTS
        if self.kind.parameter is not None:
            self.settings[self.kind.parameter] = SWEPT
        if "connectome" in self.kind.needs:
            self.settings["connectome"] = CONNECTOME
        if "teacher" in self.kind.needs:
            self.settings = {"teacher": TEACHER, "rank": SWEPT}
        if "task" in self.kind.needs:
            self.settings = self.kind.of_task(self.settings, TASK)
        self.rng, base_rng = (seeds.generator(self.seed, "connectivity") for _ in range(2))
        self.weights = self.kind.weights(
            SIZE, GAIN, self.matching, self.rng, columns=self.columns, **copy.deepcopy(self.settings)
        )
        self.base = ENTRIES[self.settings.get("entries", self.kind.entries)](SIZE, self.columns, GAIN, base_rng)
        self.rng_of_base = base_rng

    def scaled(self, expected: np.ndarray) -> np.ndarray:
        """A matrix at the magnitude of the base draw."""
        return expected * (np.linalg.norm(self.base) / np.linalg.norm(expected))


# Oracles: what each kind promises


def is_the_base_draw(drawn):
    assert np.array_equal(drawn.weights, drawn.base)


def leading_components(matrix, rank):
    """Projection on the leading eigenvectors of the Gram matrix, without a singular value decomposition."""
    vectors = np.linalg.eigh(matrix @ matrix.T)[1][:, -rank:]
    return vectors @ vectors.T @ matrix


def is_truncated(drawn):
    expected = leading_components(drawn.base, SWEPT)
    np.testing.assert_allclose(drawn.weights, drawn.scaled(expected), rtol=1e-8, atol=1e-10)


def has_decaying_singular_values(drawn):
    values = np.sqrt(np.linalg.eigvalsh(drawn.weights @ drawn.weights.T).clip(0))[::-1]
    np.testing.assert_allclose(values / values[0], (1 - np.arange(SIZE) / SIZE) ** SWEPT, atol=1e-6)
    product = drawn.base.T @ drawn.weights  # V s d V' where the singular vectors stay
    np.testing.assert_allclose(product, product.T, atol=1e-10 * np.abs(product).max())
    assert np.linalg.eigvalsh(product).min() > -1e-10 * np.abs(product).max()


def has_two_gains(drawn):
    own = drawn.settings
    strong = max(1, round(own["fraction"] * SIZE))
    expected = drawn.base.copy()
    for receiver, sender in np.ndindex(SIZE, SIZE):
        to, of = receiver < strong, sender < strong
        is_strong = {"within": to and of, "hub": to or of, "pre": of}[own["blocks"]]
        expected[receiver, sender] *= own["strong_gain"] if is_strong else own["weak_gain"]
    np.testing.assert_allclose(drawn.weights, drawn.scaled(expected), rtol=1e-12)


def obeys_dale(drawn):
    excitatory = int(drawn.settings["excitatory_fraction"] * SIZE)
    magnitudes = np.abs(drawn.rng_of_base.uniform(-1, 1, (SIZE, SIZE)))
    expected = np.zeros((SIZE, SIZE))
    for receiver, sender in np.ndindex(SIZE, SIZE):
        gain = (SIZE - excitatory) / excitatory if sender < excitatory else -1.0
        expected[receiver, sender] = gain * magnitudes[receiver, sender] * (receiver != sender)
    np.testing.assert_allclose(drawn.weights, drawn.scaled(expected), rtol=1e-12)


def has_chains(drawn):
    values = np.array([second_order_motifs(Drawn(drawn.name, seed).weights)["chain"] for seed in range(300)])
    tau, error = drawn.settings["correlation"], values.std(ddof=1) / np.sqrt(len(values))
    assert abs(values.mean() - tau) < 4 * error
    assert abs(tau) > 2 * error  # so that weights without chains would be told apart


def is_the_connectome(drawn):
    np.testing.assert_allclose(drawn.weights, drawn.scaled(CONNECTOME), rtol=1e-12)


def is_a_shuffled_connectome(drawn):
    expected = drawn.scaled(CONNECTOME)
    np.testing.assert_allclose(np.sort(drawn.weights, axis=None), np.sort(expected, axis=None), rtol=1e-12)
    assert not np.allclose(drawn.weights, expected)
    if drawn.settings["shuffle"].startswith("values"):
        assert np.array_equal(drawn.weights != 0, expected != 0)
    if drawn.settings["shuffle"].endswith("within_column"):
        np.testing.assert_allclose(np.sort(drawn.weights, axis=0), np.sort(expected, axis=0), rtol=1e-12)


def reads_the_task_in_one_unit(drawn):
    key = {"all": "task_vector", "dominant": "dominant_task_vector"}[ENTRIES_OF_CONFIG[drawn.name]["features"]]
    expected = np.outer(np.arange(SIZE) == 0, TASK[key])
    np.testing.assert_allclose(drawn.weights, drawn.scaled(expected), rtol=1e-12)


def is_the_truncated_teacher(drawn):
    expected = leading_components(TEACHER, SWEPT)
    np.testing.assert_allclose(drawn.weights, drawn.scaled(expected), rtol=1e-8, atol=1e-10)


ORACLES = {
    "gaussian": is_the_base_draw,
    "uniform": is_the_base_draw,
    "svd_truncation": is_truncated,
    "soft_rank": has_decaying_singular_values,
    "cell_type_blocks": has_two_gains,
    "dales_law": obeys_dale,
    "chain_motif": has_chains,
    "connectome": is_the_connectome,
    "shuffled_connectome": is_a_shuffled_connectome,
    "task_aligned": reads_the_task_in_one_unit,
    "teacher_aligned": is_the_truncated_teacher,
}


def test_every_structure_has_an_oracle_and_an_entry():
    assert set(ORACLES) == set(STRUCTURES) == {entry["kind"] for entry in ENTRIES_OF_CONFIG.values()}


@every_entry
def test_weights_are_what_the_structure_promises(name):
    drawn = Drawn(name)
    ORACLES[drawn.kind.kind](drawn)


# Weights


@every_entry
def test_weights_are_float64_of_the_shape_of_the_network_and_finite(name):
    weights = Drawn(name).weights
    assert weights.shape == (SIZE, Drawn(name).columns)
    assert weights.dtype == np.float64
    assert np.isfinite(weights).all()


@every_entry
def test_a_seed_decides_the_weights(name):
    first, again, other = (Drawn(name, seed).weights for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("matching", MAGNITUDES)
@every_entry
def test_weights_have_the_magnitude_of_the_base_draw(name, matching):
    if matching == "leading_eigenvalue" and "recurrent" not in Drawn(name).kind.architectures:
        matching = "frobenius"  # a first layer has no eigenvalues
    drawn, of = Drawn(name, matching=matching), MAGNITUDES[matching]
    assert of(drawn.weights) == pytest.approx(of(drawn.base), rel=1e-10)


@every_entry
def test_shape_leaves_the_base_draw_and_what_it_is_made_of_as_they_are(name):
    drawn = Drawn(name)
    base, settings = drawn.base.copy(), copy.deepcopy(drawn.settings)
    settings.pop("entries", None)  # of the base draw
    source = (base, np.random.default_rng(0)) if drawn.kind.draws else (base,)
    drawn.kind.shape(*source, **settings)
    assert np.array_equal(base, drawn.base)
    for key, value in settings.items():
        assert np.array_equal(value, drawn.settings[key]), key


@every_entry
def test_only_structures_that_say_so_draw_random_numbers_of_their_own(name):
    drawn = Drawn(name)
    assert (drawn.rng.random() == drawn.rng_of_base.random()) != drawn.kind.draws


@every_entry
def test_signs_can_be_held_where_each_unit_has_one(name):
    entry, drawn = ENTRIES_OF_CONFIG[name], Drawn(name)
    mixed = ((drawn.weights > 0).any(0) & (drawn.weights < 0).any(0)).any()
    with_signs = config_with(entry | {"signs_held": True})
    if mixed or "signs_held" not in drawn.kind.Options.model_fields:
        with pytest.raises(ConfigurationError, match=r"signs_held has no meaning for .* of both signs; remove it"):
            checks.check(with_signs)
    else:
        checks.check(with_signs)
    assert ("signs_held" in drawn.kind.Options.model_fields) == drawn.kind.signed


@every_entry
def test_the_script_builds_the_same_weights(name, tmp_path):
    drawn, entry = Drawn(name, 4), ENTRIES_OF_CONFIG[name]
    run = {"size": SIZE, "gain": GAIN, "matching": "frobenius", "seed": 4, "rank": None, "decay_exponent": None}
    run |= {drawn.kind.parameter: SWEPT} if drawn.kind.parameter else {}
    if "teacher" in drawn.kind.needs:
        shapes = ((SIZE, SIZE), (SIZE, INPUTS), (2, SIZE))
        weights = [torch.from_numpy(np.full(shape, 0.1, np.float32)) for shape in shapes]
        weights[0] = torch.from_numpy(TEACHER.astype(np.float32))
        teacher = rate_network.Weights(*weights)
        rate_network.save_network(tmp_path / "network.npz", teacher, teacher)
        settings = {"condition_number": 2.0, "seed": 4, "leak": "euler", "rectification": "after_leak", "rank": SWEPT}
        settings |= {"time_step_ms": 100.0, "time_constant_ms": 100.0}
        build_teacher_aligned(
            tmp_path / "w.npy", tmp_path / "x.npy", tmp_path / "network.npz", settings, run, entry["features"]
        )
        np.testing.assert_allclose(array_io.load_array(tmp_path / "w.npy"), drawn.weights, rtol=1e-4, atol=1e-5)
        assert array_io.load_array(tmp_path / "x.npy").shape == (SIZE, INPUTS)
        return
    array_io.save_array(tmp_path / "connectome.npy", CONNECTOME)
    array_io.save_json(tmp_path / "task.json", TASK)
    build_connectivity(
        tmp_path / "w.npy", run, entry,
        tmp_path / "connectome.npy" if "connectome" in drawn.kind.needs else None,
        tmp_path / "task.json" if "recurrent" not in drawn.kind.architectures else None,
    )  # fmt: skip
    assert array_io.load_array(tmp_path / "w.npy").tobytes() == drawn.weights.tobytes()


# Options


def config_with(entry):
    """A small configuration with one structure, which its one experiment does not use."""
    experiment = CONFIG["experiments"]["figure_18"]
    names = grids.values(experiment, "structure")
    structures = {name: ENTRIES_OF_CONFIG[name] for name in names} | {"tried": entry}
    tasks = {name: CONFIG["tasks"][name] for name in grids.values(experiment, "task")}
    experiments = {"experiments": {"figure_18": experiment}}
    return CONFIG | experiments | {"tasks": tasks, "structures": structures, "experiments_to_build": "all"}


def refused(entry):
    with pytest.raises(ConfigurationError) as caught:
        checks.check(config_with(entry))
    sentence = str(caught.value)
    assert "structures.tried" in sentence and "\n" not in sentence and 20 < len(sentence) < 400
    return sentence


def wrong_values(schema):
    """Values outside of the type or range of an option."""
    found = [None, [], {}]
    found += [] if schema.get("type") == "string" else ["a_word_of_no_meaning"]
    found += [schema[key] for key in ("exclusiveMinimum", "exclusiveMaximum") if key in schema]
    found += [schema[key] + step for key, step in (("minimum", -1), ("maximum", 1)) if key in schema]
    return found + ([] if "enum" in schema else [True] if schema.get("type") != "boolean" else [3])


@every_entry
def test_wrong_options_are_refused_in_a_sentence(name):
    entry = ENTRIES_OF_CONFIG[name]
    kind = STRUCTURES[entry["kind"]]
    checks.check(config_with(entry))
    assert "no_option" in refused(entry | {"no_option": 1})
    for option, schema in kind.Options.model_json_schema().get("properties", {}).items():
        if kind.Options.model_fields[option].is_required():
            assert f"lacks {option}" in refused({key: entry[key] for key in entry if key != option})
        for value in wrong_values(schema):
            assert option in refused(entry | {option: value}), value


@every_kind
def test_every_option_has_a_meaning_and_a_name_of_its_own(kind):
    reserved = {
        *parameters.PARAMETERS, *experiment_tables.RUN_COLUMNS, *experiment_tables.SPECTRUM_COLUMNS,
        *experiment_tables.CONNECTIVITY_COLUMNS, *hypothesis_tests.TREND_COLUMNS, *hypothesis_tests.CONTRAST_COLUMNS,
        *hypothesis_tests.EQUIVALENCE_COLUMNS, *interactions.INTERACTION_COLUMNS,
    }  # fmt: skip
    structure = STRUCTURES[kind]
    for name, option in structure.Options.model_fields.items():
        assert len(option.description) > 10
        assert name in structure.needs or name not in reserved
    assert structure.parameter is None or structure.parameter in parameters.PARAMETERS
    assert set(structure.needs) <= {"connectome", "task", "teacher"}
    assert set(structure.architectures) <= {"recurrent", "feedforward"} and structure.architectures
    assert structure.__doc__ and structure.shape.__doc__


@every_entry
def test_every_option_can_be_swept(name):
    kind = STRUCTURES[ENTRIES_OF_CONFIG[name]["kind"]]
    own = variants.options_of_structure(ENTRIES_OF_CONFIG[name])
    assert set(own) == set(kind.Options.model_fields) - set(kind.needs)
    for option, value in own.items():
        other = {bool: not value, str: "other"}.get(type(value), 0.5)
        same, changed = variants.names(ENTRIES_OF_CONFIG, "structure", name, {option: [value, other]})
        assert same == name
        assert variants.entry(ENTRIES_OF_CONFIG, changed) == ENTRIES_OF_CONFIG[name] | {option: other}


# The registry


@every_kind
def test_a_member_depends_on_its_own_module_alone(kind):
    own = STRUCTURES.module(kind)
    others = {STRUCTURES.module(other) for other in STRUCTURES} - {own}
    files = {*module_closure(own), *import_closure(ROOT / "workflow/scripts/build_connectivity.py")}
    names = {f"connectivity.{file.stem}" for file in files if file.parent.name == "connectivity"}
    assert own in names
    assert not names & others


def test_an_unknown_member_is_a_key_error_that_names_the_known():
    assert "lattice" not in STRUCTURES
    with pytest.raises(KeyError, match="lattice"):
        STRUCTURES["lattice"]
