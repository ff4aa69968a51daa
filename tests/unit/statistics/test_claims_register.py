"""The register of claims: well formed, and in step with measures and experiments."""

from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from richlazy.configuration import register_models
from richlazy.experiments import grids
from richlazy.measures import at_matched_loss
from richlazy.measures.on_probe import MEASURES
from richlazy.statistics.claims import TESTS
from richlazy.tables.experiment_tables import RUN_COLUMNS
from shipped import CLAIMS, CONFIG

ROOT = Path(__file__).parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/claims.schema.yaml").read_text())

DIRECTIONS = {
    "trend": {"increasing", "decreasing"},
    "contrast": {"higher", "lower"},
    "equivalence": set(),
    "interaction": {"increasing", "decreasing"},
    "bound": set(),
}

# Tests that read the table of runs, which has every measure and every parameter.
OF_RUNS = [name for name, table in TESTS.items() if table == "runs"]
VALIDATOR = TypeAdapter(register_models.Claims)


def is_valid(claims):
    """Whether a register of these claims is accepted."""
    try:
        VALIDATOR.validate_python(claims, strict=True)
    except ValidationError:
        return False
    return True


def trend(**changes):
    """The first claim, a trend, with some fields changed; those set to None are left out."""
    claim = CLAIMS[0] | changes
    return {key: value for key, value in claim.items() if value is not None}


def test_register_follows_its_schema():
    errors = jsonschema.Draft202012Validator(SCHEMA).iter_errors(CLAIMS)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    assert is_valid(CLAIMS)


def test_schema_describes_every_field_and_knows_every_test():
    fields = SCHEMA["items"]["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert set(fields["test"]["enum"]) == set(TESTS) == set(DIRECTIONS)


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"id": "Figure 1"},
        {"paper": "Nobody 2024"},
        {"statement": "One sentence. Then another."},
        {"direction": "higher"},
        {"direction": "none"},
        {"direction": {"representation_alignment": "increasing", "kernel_alignment": "higher"}},
        {"measures": None},
        {"measures": []},
        {"where": {"task": "2AF"}},
        {"where": {"level": ["dale"]}},
        {"test": "equivalence"},
        {"test": "equivalence", "direction": None},
        {"test": "equivalence", "direction": None, "measures": None, "margin": 0.1},
        {"test": "equivalence", "direction": None, "margin": 0.0},
        {"margin": 0.1},
        {"test": "bound", "direction": None, "at_most": {}},
        {"test": "bound", "direction": None, "at_most": {"task": {}}},
        {"test": "bound", "direction": None, "at_most": {"task": {"2AF": 1}, "gain": {0.9: 1}}},
        {"test": "contrast"},
        {"scale": None},
        {"direction": None},
        {"at_most": 2},
        {"test": "bound", "direction": None},
        {"test": "bound", "at_most": 2},
        {"test": "bound", "direction": None, "at_most": 2, "at_least": 0},
        {"test": "bound", "direction": None, "at_most": 2, "measures": None},
        {"test": "bound", "direction": None, "at_most": 2, "where": {"level": ["2"]}},
    ],
    ids=str,
)
def test_schema_refuses_a_wrong_claim(changes):
    assert is_valid([trend()])
    assert not is_valid([trend(**changes)])


def test_schema_takes_a_bound():
    assert is_valid([trend(test="bound", direction=None, at_most=2, where={"gain": [0.0]})])
    assert is_valid([trend(test="bound", direction=None, at_most={"task": {"2AF": 2, "CXT": 4}})])
    assert is_valid([trend(test="bound", direction=None, at_least={"gain": {0.0: 2.0, 0.9: 4.0}})])


def test_schema_takes_equivalences():
    assert is_valid([trend(test="equivalence", direction=None, measures=None)])
    assert is_valid([trend(test="equivalence", direction=None, margin=0.1)])
    measures = ["representation_alignment", "kernel_alignment"]
    each = {"representation_alignment": 0.02, "kernel_alignment": 0.1}
    assert is_valid([trend(test="equivalence", direction=None, measures=measures, margin=each)])


def test_ids_are_unique():
    assert [name for name, count in Counter(claim["id"] for claim in CLAIMS).items() if count > 1] == []


def test_ids_name_their_paper():
    for claim in CLAIMS:
        author, *_, year = claim["paper"].lower().split()
        assert claim["id"].startswith(f"{author}{year}-")


def test_directions_fit_test_and_measures():
    for claim in (claim for claim in CLAIMS if claim["test"] not in OF_RUNS):
        direction = claim["direction"]
        if isinstance(direction, dict):
            assert list(direction) == claim["measures"], claim["id"]
        words = direction.values() if isinstance(direction, dict) else [direction]
        assert set(words) <= DIRECTIONS[claim["test"]], claim["id"]


def test_claims_of_figure_1_name_measures_that_are_taken_and_tested():
    claims = [claim for claim in CLAIMS if claim["experiment"] == "figure_1" and claim["test"] not in OF_RUNS]
    named = {measure for claim in claims for measure in claim["measures"]}
    assert named
    probed = {measure for measure in named if measure not in at_matched_loss.MEASURES}
    assert probed and probed < named
    assert probed <= set(MEASURES)
    assert probed <= set(CONFIG["statistics"]["measures"])


def test_every_reproduced_figure_has_a_claim():
    own = {name: experiment for name, experiment in CONFIG["experiments"].items() if "repeats" not in experiment}
    figures = {name for name, experiment in own.items() if "no paper" not in experiment["source"]}
    assert {"figure_1", "figure_2", "figure_17", "figure_19"} <= figures
    assert figures <= {claim["experiment"] for claim in CLAIMS}


CONFIGURED = [claim for claim in CLAIMS if claim["experiment"] in CONFIG["experiments"]]


@pytest.mark.parametrize("claim", CONFIGURED, ids=lambda claim: claim["id"])
def test_a_claim_of_a_configured_experiment_names_what_that_experiment_tests(claim):
    """Measures among those tested, conditions among those compared, and parameters that make its arms."""
    name = claim["experiment"]
    experiment = CONFIG["experiments"][name]
    is_bound = claim["test"] == "bound"
    assert set(claim.get("measures", [])) <= set(
        RUN_COLUMNS if claim["test"] in OF_RUNS else grids.measures(CONFIG, name, "statistics")
    )
    compared = grids.values(experiment, experiment["compare"])
    for column, values in claim.get("where", {}).items():
        if column in ("level", "reference"):
            assert set(values) <= {str(value) for value in compared}
        elif column == "swept":
            assert claim["test"] == "interaction"
            assert set(values) <= set(grids.arms(CONFIG, name))
        else:
            assert column in grids.arms(CONFIG, name) or (is_bound and column == experiment["compare"])
            assert set(values) <= set(grids.values(experiment, column))
    # A trend needs numbers in an order, names have contrasts alone.
    numbers = all(isinstance(value, (int, float)) for value in compared)
    assert numbers or claim["test"] not in ("trend", "interaction")


def test_claims_about_structures_name_structures_of_the_configuration():
    figures = {f"figure_{number}" for number in (2, 5, 6, 16, 17, 19)} | {"figure_19_against_connectome"}
    assert {claim["experiment"] for claim in CONFIGURED} >= figures
    named = {
        structure
        for claim in CLAIMS
        if claim["experiment"] in figures
        for column in ("level", "reference")
        for structure in claim.get("where", {}).get(column, [])
    }
    assert named == {
        "cell_types", "connectome", "dale", "chain_over", "chain_under", "dale_held", "connectome_shuffled",
    }  # fmt: skip
    assert named <= set(CONFIG["structures"])


def test_the_first_structure_of_a_list_is_the_reference_that_its_claims_mean():
    for claim in CONFIGURED:
        experiment = CONFIG["experiments"][claim["experiment"]]
        if experiment["compare"] == "structure":
            references = {grid["structure"][0] for grid in grids.completed(experiment)}
            meant = dict.fromkeys(("figure_3_b", "figure_3_b_more_inputs", "figure_3_c"), "svd_truncation")
            meant["figure_19_against_connectome"] = "connectome"
            usual = [meant.get(claim["experiment"], "gaussian")]
            assert references == set(claim.get("where", {}).get("reference", usual))
