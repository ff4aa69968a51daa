"""Papers as folders: what each has, in which order files go before each other, and numbers that papers print."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml

from richlazy.configuration import checks, loading, registers
from richlazy.configuration.checks import ConfigurationError
from runner import snakemake
from shipped import CLAIMS, CONFIG, PAPERS

ROOT = Path(__file__).parents[3]
FOLDERS = sorted(path.parent for path in PAPERS)
OF_PAPERS = [folder for folder in FOLDERS if folder.name != "extensions"]
LISTED = registers.load_published_values(loading.published_values(ROOT / "data/papers"), CONFIG)
VALUES = {folder.name: [value for value in LISTED if value["paper"] == folder.name] for folder in OF_PAPERS}


def test_each_paper_has_experiments_claims_printed_numbers_and_notes():
    assert [folder.name for folder in FOLDERS] == ["extensions", "liu_2024", "schuessler_2020"]
    for folder in FOLDERS:
        has = {"experiments.yaml", "notes.md", "claims.yaml"}
        has |= {"published_values.yaml"} if folder in OF_PAPERS else set()
        assert {path.name for path in folder.iterdir()} == has


def test_claims_stand_with_their_paper():
    for folder in OF_PAPERS:
        author, year = folder.name.split("_")
        for claim in yaml.safe_load((folder / "claims.yaml").read_text()):
            assert claim["id"].startswith(f"{author}{year}-")


def test_files_bring_experiments_and_what_they_are_made_of_alone():
    for paper in PAPERS:
        assert set(loading.read(paper).content) <= {*loading.NAMED_GROUPS, "figures"}
        assert set(loading.read(paper).content.get("figures", {})) <= {"names"}


def test_what_no_paper_asked_says_so():
    experiments = {paper.parent.name: loading.read(paper).content["experiments"] for paper in PAPERS}
    for name, entries in experiments.items():
        for experiment in entries.values():
            assert experiment["source"].startswith("no paper") == (name == "extensions")


# The order of files


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """The configuration as Snakemake merges it, from papers, config.yaml, a file of the user and the command line."""
    folder = tmp_path_factory.mktemp("order")
    for part in ("Snakefile", "workflow", "data/papers", "data/sources.yaml"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (folder / part).symlink_to(ROOT / part)
    shipped = yaml.safe_load((ROOT / "config.yaml").read_text())
    shipped["experiments"] = {"figure_1": {"title": "of config.yaml", "seeds": 3, "source": "of config.yaml"}}
    (folder / "config.yaml").write_text(yaml.safe_dump(shipped))
    mine = {"experiments_to_build": ["figure_2"], "experiments": {"figure_1": {"title": "mine", "seeds": 4}}}
    (folder / "mine.yaml").write_text(yaml.safe_dump(mine))
    text = (ROOT / "Snakefile").read_text() + '\nimport json\njson.dump(config, open("merged.json", "w"))\n'
    (folder / "Snakefile").unlink()
    (folder / "Snakefile").write_text(text)
    settings = ["--dry-run", "--quiet", "--workflow-profile", "none", "--cores", "1", "--configfile", "mine.yaml"]
    snakemake(folder, *settings, "--config", "experiments_to_build=[figure_1]", "scale=order")
    return json.loads((folder / "merged.json").read_text())


def test_config_yaml_goes_before_papers_a_file_of_the_user_before_both_and_the_command_line_before_all(merged):
    experiment, paper = merged["experiments"]["figure_1"], CONFIG["experiments"]["figure_1"]
    assert experiment["preset"] == paper["preset"] and experiment["grid"] == paper["grid"]
    assert experiment["source"] == "of config.yaml"
    assert (experiment["title"], experiment["seeds"]) == ("mine", 4)
    assert merged["experiments_to_build"] == ["figure_1"]
    assert merged["scale"] == "order"


def test_what_nobody_overrides_is_what_ships(merged):
    changed = {"experiments_to_build", "scale", "experiments"}
    assert {group: merged[group] for group in CONFIG if group not in changed} == {
        group: CONFIG[group] for group in CONFIG if group not in changed
    }
    others = {name: entry for name, entry in CONFIG["experiments"].items() if name != "figure_1"}
    assert {name: entry for name, entry in merged["experiments"].items() if name != "figure_1"} == others


# Two papers


def papers(tmp_path: Path, **entries) -> list[Path]:
    """Files of experiments of some papers, by their names."""
    found = []
    for name, content in entries.items():
        path = tmp_path / name / "experiments.yaml"
        path.parent.mkdir()
        path.write_text(yaml.safe_dump(content))
        found.append(path)
    return found


@pytest.mark.parametrize(
    ("group", "entry", "other"),
    [
        ("experiments", CONFIG["experiments"]["figure_1"], CONFIG["experiments"]["figure_7"]),
        ("tasks", CONFIG["tasks"]["2AF"], CONFIG["tasks"]["DMS"]),
        ("structures", {"kind": "gaussian"}, {"kind": "uniform"}),
        ("presets", CONFIG["presets"]["equation_1"], CONFIG["presets"]["reproduction"]),
    ],
)
def test_two_papers_that_give_one_name_to_two_things_are_refused(tmp_path, group, entry, other):
    files = papers(tmp_path, doe_2025={group: {"mine": entry}}, roe_2026={group: {"mine": other}})
    with pytest.raises(ConfigurationError) as caught:
        checks.check(CONFIG, papers=files)
    assert caught.value.sentences == [
        f"{group}.mine is one thing in the paper doe_2025 and another in roe_2026; give one of the two another name"
    ]


def test_two_papers_may_have_one_thing_in_common(tmp_path):
    entry = {"structures": {"mine": {"kind": "gaussian"}}}
    checks.check(CONFIG, papers=papers(tmp_path, doe_2025=entry, roe_2026=copy.deepcopy(entry)))


# Claims and printed numbers


def claims(tmp_path: Path, *changes) -> list[Path]:
    found = []
    for index, change in enumerate(changes):
        path = tmp_path / f"paper_{index}" / "claims.yaml"
        path.parent.mkdir()
        path.write_text(yaml.safe_dump([CLAIMS[0] | change]))
        found.append(path)
    return found


def test_the_shipped_claims_pass_in_the_order_of_their_papers():
    assert registers.load_claims(loading.claims(ROOT / "data/papers"), CONFIG) == CLAIMS


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([{}, {}], f"paper_1/claims.yaml: {CLAIMS[0]['id']} stands twice; give one of the two claims another id"),
        (
            [{"experiment": "figure_11_other_task"}],
            f"paper_0/claims.yaml: {CLAIMS[0]['id']}.experiment names experiment 'figure_11_other_task', which does "
            "not exist; did you mean 'figure_11_other_tasks'? known: rules_rank",
        ),
        (
            [{"direction": "higher"}],
            f"paper_0/claims.yaml: {CLAIMS[0]['id']}.direction is 'higher'; test: trend goes increasing or decreasing, "
            "choose one",
        ),
        (
            [{"measure": ["accuracy"]}],
            f"paper_0/claims.yaml: {CLAIMS[0]['id']} has an unknown key 'measure': did you mean 'measures'?",
        ),
    ],
    ids=["twice", "experiment", "direction", "key"],
)
def test_a_mistake_in_a_claim_is_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(ConfigurationError) as caught:
        registers.load_claims(claims(tmp_path, *changes), CONFIG)
    (found,) = caught.value.sentences
    assert found.startswith(sentence)


@pytest.mark.parametrize("paper", VALUES)
def test_numbers_that_a_paper_prints_are_those_that_are_configured(paper):
    configured = [value for value in VALUES[paper] if "configuration" in value]
    assert len(configured) > 7
    for value in configured:
        found = CONFIG
        for key in value["configuration"].split("."):
            found = found[key]
        assert found == value["configured"] == value["value"], value["quantity"]


OURS = {"experiment": "figure_1", "measure": "final_loss", "statistic": "mean"}
NUMBER = {"quantity": "a number", "location": "Figure 1", "value": 2.0, "unit": "1"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"value": "two"}, ": a number.value "),
        ({"ours": OURS}, ": a number has neither uncertainty nor bound; a number with ours has one of the two"),
        (
            {"ours": OURS, "uncertainty": 0.1, "bound": "at_most"},
            ": a number has both uncertainty and bound; a number with ours has one of the two",
        ),
        ({"bound": "at_most"}, ": a number.bound has no effect without ours; remove it"),
        (
            {"ours": OURS, "uncertainty": 0.1, "configuration": "scale"},
            ": a number has both configuration and ours; ours is either a setting or a result, remove one",
        ),
        (
            {"value": [1.0, 2.0], "configuration": "connectivity.size"},
            ": a number.value is a list, which configuration cannot stand beside; give each number an entry of its own",
        ),
        (
            {"configuration": "connectivity.sise"},
            ": a number.configuration names key 'connectivity.sise', which does not exist; name one that does",
        ),
        (
            {"configuration": "scale.deeper"},
            ": a number.configuration names key 'scale.deeper', which does not exist; name one that does",
        ),
        (
            {"ours": OURS | {"experiment": "figure_11_other_task"}, "uncertainty": 0.1},
            ": a number.ours.experiment names experiment 'figure_11_other_task', which does not exist; did you mean "
            "'figure_11_other_tasks'? known: ",
        ),
        ({"ours": OURS | {"statistic": "mode"}, "uncertainty": 0.1}, ": a number.ours.statistic "),
    ],
)
def test_a_mistake_in_a_published_number_is_one_sentence(tmp_path, changes, sentence):
    path = tmp_path / "doe_2025/published_values.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump([NUMBER | changes]))
    with pytest.raises(ConfigurationError) as caught:
        registers.load_published_values([path], CONFIG)
    (found,) = caught.value.sentences
    assert found.startswith(f"doe_2025/published_values.yaml{sentence}"), found


def test_a_published_number_knows_its_paper_and_what_is_configured(tmp_path):
    path = tmp_path / "doe_2025/published_values.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump([NUMBER, NUMBER | {"configuration": "connectivity.size"}]))
    plain, configured = registers.load_published_values([path], CONFIG)
    assert plain == NUMBER | {"paper": "doe_2025"}
    assert configured["configured"] == CONFIG["connectivity"]["size"]


def bounds_of(claim, key):
    """The numbers of a bound, one or one for each value of a parameter."""
    bound = claim.get(key)
    return [number for of in bound.values() for number in of.values()] if isinstance(bound, dict) else [bound]


def test_bounds_are_judged_by_the_numbers_that_papers_print():
    known = {claim["id"]: claim for claim in CLAIMS}
    judged = [(value["value"], name) for value in VALUES["schuessler_2020"] for name in value.get("claims", ())]
    assert len(judged) == 9
    for value, name in judged:
        assert value in (*bounds_of(known[name], "at_most"), *bounds_of(known[name], "at_least")), name


def test_jobs_get_registers_as_they_were_checked():
    """No script reads a register by itself, but for the download, which the checksum of the checked registry judges."""
    scripts = sorted((ROOT / "workflow/scripts").glob("*.py"))
    assert [path.name for path in scripts if "import yaml" in path.read_text()] == ["download_source.py"]
    rules = "\n\n\n".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    told = {
        "judge_claims": {"register=CLAIMS"},
        "compare_published_values": {"register=PUBLISHED_VALUES"},
        "publish_reference": {"register=CLAIMS", "published_values=PUBLISHED_VALUES"},
        "judge_reference": {"register=CLAIMS", "published_values=PUBLISHED_VALUES"},
    }
    for script, params in told.items():
        (rule,) = (rule for rule in rules.split("\n\n\n") if f"scripts/{script}.py" in rule)
        assert set(re.findall(r"^        (\w+=(?:CLAIMS|PUBLISHED_VALUES)),$", rule, re.MULTILINE)) == params
    assert "CLAIMS = registers.load_claims(CLAIM_FILES, config)" in rules
    assert "PUBLISHED_VALUES = registers.load_published_values(PUBLISHED_FILES, config)" in rules
