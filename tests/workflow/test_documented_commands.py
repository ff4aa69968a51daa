"""Every command that README.md and workflow/docs show is run by a test: the table says how, and has to be whole."""

import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import notebooks
from benchmarks import scale
from richlazy.experiments import grids, paths
from runner import ROOT, TINY, Project, call, merged, new_project, snakemake
from shipped import CONFIG

PAGES = [ROOT / "README.md", *sorted((ROOT / "workflow/docs").glob("*.md")), *notebooks.NOTEBOOKS]
COMMAND = re.compile(r"(snakemake|make|python|\. \.venv|source \.venv)(?![\w.-])")


@dataclass(frozen=True)
class By:
    """Covered by other tests, of which one or all have a name."""

    tests: tuple[str, ...]


def by(*tests):
    return By(tests)


@dataclass(frozen=True)
class Planned:
    """The same command with ``-n``, at the scale of seconds.

    Attributes:
        given: what stands for a placeholder of the page.
        configuration: of the file that the command names, or of none; ``shipped`` keeps config.yaml as it is.
        says: regular expression of a line that the plan has.
    """

    given: tuple[str, str] | None = None
    configuration: str = ""
    says: str = r" *total +\d"


@dataclass(frozen=True)
class Elsewhere:
    """Needs what no test machine has; the page says of it what was run by hand, or that nothing was.

    Attributes:
        words: of the page, in the same line.
    """

    words: str


class How(Enum):
    """Ways that say no more."""

    FIGURES = "names of experiments: all of them planned in one dry-run, with few seeds"
    MAKE = "make -n"
    RUN = "run in a copy of the finished tiny scale"
    SHELL = "run as it is"


PLANNED = Planned()
SHIPPED = Planned(configuration="shipped")
FIGURES, MAKE, RUN, SHELL = How

CHECKED = {
    # README.md
    "make": MAKE,
    "make run": MAKE,
    "make help": by("test_make_help_says_what_each_target_is_for"),
    "make paper": MAKE,
    "make paper HOURS=2": MAKE,
    "python workflow/scripts/reproduce.py --dry-run": by(
        "test_it_trains_what_is_missing_and_publishes_what_is_complete"
    ),
    "python workflow/scripts/reproduce.py --hours 10 --profile cluster --publish": by(
        "test_it_trains_what_is_missing_and_publishes_what_is_complete"
    ),
    "make docs": MAKE,
    "make run PIP_INDEX=https://download.pytorch.org/whl/cpu": MAKE,
    "make test": MAKE,
    "make test-slow": MAKE,
    "make test-faults": MAKE,
    "make test-slurm": MAKE,
    "make test-slurm-all": MAKE,
    "make campaign": MAKE,
    "make fuzz": MAKE,
    "make benchmark": MAKE,
    "make mutants": MAKE,
    "make benchmark-gpu": MAKE,
    "make .venv/installed": MAKE,
    "source .venv/bin/activate": SHELL,
    ". .venv/bin/activate": SHELL,
    "snakemake": by("test_a_second_run_has_nothing_to_do"),
    "snakemake -n": by("test_a_dry_run_shows_every_network_of_the_paper_scale_once"),
    "snakemake --list-rules": by("test_rules_have_a_docstring_of_one_line"),
    "snakemake --lint": by("test_the_workflow_passes_the_linter"),
    "snakemake --logger rich": RUN,
    "snakemake --report": by("test_the_report_opens_with_the_methods"),
    "snakemake --report report.html": by("test_the_report_opens_with_the_methods"),
    "snakemake judge_reference": by("test_judging_the_reference_again_gives_what_was_published"),
    "snakemake recheck": by("test_networks_trained_again_are_equal_bytes"),
    "snakemake plot_robustness": PLANNED,
    "snakemake --configfile mine.yaml": by("test_a_new_rank_trains_only_the_new_networks"),
    "snakemake --profile cluster": by("test_one_experiment_of_each_kind_on_a_cluster_has_the_bytes_of_a_local_run"),
    "snakemake --profile profiles/gpu": by("test_profiles_dry_run"),
    "python -m tests.benchmarks.gpu": by("test_it_needs_little"),
    "python -m tests.benchmarks --only together": by("test_networks_together_are_timed_against_one_alone"),
    # Names of experiments
    **dict.fromkeys(
        [
            "snakemake figure_1", "snakemake figure_2", "snakemake figure_1_smnist figure_14_smnist",
            "snakemake figure_3_b figure_3_b_condition_number", "snakemake figure_3_c figure_3_c_condition_number",
            "snakemake figure_3_b_more_inputs theorem_1",
            "snakemake figure_4_a", "snakemake figure_4_b", "snakemake figure_7 figure_7_smnist",
            "snakemake figure_8 figure_8_smnist", "snakemake figure_9 figure_9_other_tasks",
            "snakemake figure_10 figure_10_other_tasks", "snakemake figure_11 figure_11_other_tasks",
            "snakemake figure_12", "snakemake figure_13 figure_13_smnist", "snakemake figure_18",
            "snakemake iterations_half_double", "snakemake figure_14_linear", "snakemake leak_momentum_gain",
            "snakemake rules_rank rules_feedback_correlation", "snakemake few_trials", "snakemake forgetting",
            "snakemake forgetting_similarity", "snakemake rank_solutions", "snakemake rank_unseen",
            "snakemake rules_perturbation rules_perturbation_compared",
            "snakemake rank_activity rules_rank_credit rules_compared",
            "snakemake another_task", "snakemake figure_2 figure_5 figure_6", "snakemake figure_16",
            "snakemake figure_17", "snakemake figure_19 figure_19_against_connectome",
            "snakemake figure_2_readings figure_2_leading_eigenvalue",
            "snakemake figure_1_published_code figure_1_equation_1 figure_2_published_code figure_2_equation_1 "
            "figure_5_published_code figure_5_equation_1 figure_6_published_code figure_6_equation_1",
            "snakemake figure_1_smnist_published_code figure_1_smnist_equation_1",
            "snakemake figure_2_long figure_5_long figure_6_long",
            "snakemake figure_1_during_training figure_2_during_training",
            "snakemake schuessler_figure_1 schuessler_figure_1_smoothness schuessler_figure_2 "
            "schuessler_figure_2_below_chaos schuessler_figure_2_large_gain",
            "snakemake schuessler_figure_3 schuessler_figure_3_target schuessler_figure_4",
            "snakemake schuessler_supplement_temporal_hierarchy schuessler_supplement_cosine "
            "schuessler_supplement_divergence",
            "snakemake schuessler_supplement_size schuessler_supplement_training schuessler_supplement_optimiser "
            "schuessler_supplement_parametrisation",
            "snakemake schuessler_figure_5 schuessler_figure_5_truncation schuessler_supplement_lstm_weights",
            "snakemake figure_1_functional_rank", "snakemake figure_3_b", "snakemake schuessler_figure_3",
        ],
        FIGURES,
    ),
    # cluster.md
    "snakemake --profile cluster -n": PLANNED,
    "snakemake --profile cluster --unlock": RUN,
    "snakemake --profile cluster --sdm conda --conda-create-envs-only": Elsewhere("conda"),
    'snakemake --profile cluster --executor cluster-generic --cluster-generic-submit-cmd "qsub -l '
    'mem={resources.mem_mb}mb,walltime={resources.runtime}:00"': Elsewhere("| yes: 3 jobs for 16 of Snakemake"),
    "snakemake --profile cluster --executor lsf --default-resources mem_mb=2000 runtime=30 lsf_project=<project> "
    "lsf_queue=<queue>": Elsewhere("| no |"),
    "snakemake --profile cluster --executor htcondor --htcondor-jobdir <shared folder>": Elsewhere("| no |"),
    "snakemake --profile cluster --executor kubernetes --default-storage-provider s3 --default-storage-prefix "
    "s3://<bucket> --container-image <image>": Elsewhere("| no |"),
    "snakemake -n -q rules --configfile mine.yaml": PLANNED,
    # configuration.md
    "snakemake -n --configfile mine.yaml": PLANNED,
    'snakemake --config scale=trial "experiments_to_build=[figure_1, another_task]"': SHIPPED,
    "snakemake figure_1 --configfile mine.yaml": PLANNED,
    "snakemake --profile profiles/quick --configfile profiles/quick/scale.yaml mine.yaml": SHIPPED,
    "snakemake results/images/<name>.npz": Planned(("<name>", "digits")),
    "python workflow/docs/make_configuration_reference.py": by(
        "test_a_stale_configuration_reference_is_found_and_made_again"
    ),
    # library.md
    "python workflow/docs/make_library_reference.py": by("test_the_library_reference_is_up_to_date"),
    # extending.md
    "snakemake --configfile tests/configs/tiny.yaml": by("test_a_second_run_has_nothing_to_do"),
    'python -c "from neurogym.envs.registration import all_envs; print(all_envs())"': SHELL,
    'python -c "from neurogym.envs.registration import make; '
    "print(make('MultiSensoryIntegration-v0').unwrapped.timing)\"": SHELL,
    "snakemake results/mine/tasks/three_bits/figures/trials.png --configfile mine.yaml": Planned(
        configuration="three_bits"
    ),
    "snakemake my_experiment --configfile mine.yaml": Planned(configuration="my_experiment"),
    "snakemake -n my_experiment": by("test_a_new_paper_is_a_new_folder_and_nothing_else"),
    "snakemake --until build_connectivity": PLANNED,
    "snakemake publish_reference": by("test_the_reference_holds_small_results_with_their_provenance"),
    "snakemake -n figure_1": PLANNED,
    "snakemake results/claims.md": PLANNED,
    "snakemake results/published_values.md": PLANNED,
    # scale.md
    "python -m tests.benchmarks.scale 1000": by("test_a_call_of_snakemake_has_its_cost"),
    "python -m tests.benchmarks.scale 400 --rerun": by(
        "test_a_call_of_snakemake_has_its_cost", "test_scripts_that_only_touch_still_depend_on_their_modules"
    ),
    "snakemake -n --quiet rules": PLANNED,
    "snakemake -n -q rules": PLANNED,
    "snakemake -n -q": Planned(says=r" +\d+ networks to train"),
    "snakemake grid_0": Planned(configuration="grid"),
    "snakemake --batch tabulate=1/10": PLANNED,
    "snakemake --until train_network": PLANNED,
    # trace_a_number.md
    'snakemake "$network" --directory ../again --profile profiles/quick': Planned(
        ("$network", "results/quick/NETWORK"), "shipped"
    ),
    'snakemake --force "$network"': Planned(("$network", "results/NETWORK")),
    "snakemake recheck --configfile recheck.yaml": by("test_networks_trained_again_are_equal_bytes"),
    'snakemake "results/recheck/figure_1/$run.json"': Planned(("$run", "REFERENCE")),
    # verify.md
    "python workflow/scripts/fetch_networks.py figure_1": by(
        "test_fetched_networks_are_measured_and_nothing_is_trained"
    ),
    "snakemake pack_networks": by("test_equal_networks_give_equal_packs"),
    "python workflow/scripts/describe_reference.py": by(
        "test_the_committed_crate_is_that_of_the_committed_results"
    ),
    "make install-locked": MAKE,
    # when_things_fail.md
    "python workflow/scripts/adopt_results.py": by("test_adopted_results_run_nothing_again_and_are_remembered"),
    "python workflow/scripts/adopt_results.py --prove 2": by(
        "test_results_without_certificates_are_adopted_only_with_proof"
    ),
    "python workflow/scripts/check_results.py results": RUN,
    "python workflow/scripts/check_results.py results --delete": RUN,
    "snakemake --unlock": RUN,
    "snakemake <path>": Planned(("<path>", "results/NETWORK")),
    "python -c \"import yaml; yaml.safe_load(open('mine.yaml'))\"": by(
        "test_mistakes_in_the_file_of_a_configuration_read_as_the_page_says"
    ),
    # your_connectome.md
    "snakemake -n -q rules --configfile larva.yaml": by("test_whole_configurations_plan_only_what_they_name"),
    "snakemake --configfile larva.yaml": by("test_the_tutorial_puts_a_brain_beside_the_structures_of_figure_2"),
}  # fmt: skip


def commands_of(text: str) -> list[str]:
    """Commands in blocks without a language and in inline code, without comments and with single blanks."""
    block = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
    lines = [
        part
        for _, language, content in block.findall(text)
        if language in ("", "bash", "sh")
        for line in content.splitlines()
        for part in line.split("  #")[0].split(" && ")
    ]
    lines += re.findall(r"`([^`]+)`", block.sub("", text))
    return [" ".join(line.split()) for line in lines if COMMAND.match(line.strip())]


def text_of(page: Path) -> str:
    """A page as it is written; of a notebook the cells of text."""
    if page.suffix != ".ipynb":
        return page.read_text()
    return "\n\n".join(cell["source"] for cell in notebooks.read(page).cells if cell["cell_type"] == "markdown")


SHOWN = {command: page for page in PAGES for command in commands_of(text_of(page))}


def of_kind(kind):
    """The commands that are checked in one way."""
    return [command for command in SHOWN if (how := CHECKED.get(command)) is kind or type(how) is kind]


def every(kind):
    """Parameters of a test: these commands."""
    return pytest.mark.parametrize("command", of_kind(kind))


def test_every_command_that_a_page_shows_is_in_the_table():
    missing = [f"`{command}` of {page.name}" for command, page in SHOWN.items() if command not in CHECKED]
    assert not missing, f"say in CHECKED how these commands are tested: {'; '.join(missing)}"
    gone = [command for command in CHECKED if command not in SHOWN]
    assert not gone, f"no page shows these commands any longer, take them out of CHECKED: {'; '.join(gone)}"


def test_commands_are_found_in_blocks_and_in_lines():
    text = "Run `snakemake\n  -n` or `snakemakes`.\n\n```\nmake x   # why\ncd a && python b\n```\n"
    text += "```python\nmake no\n```\n"
    assert commands_of(text) == ["make x", "python b", "snakemake -n"]


@every(By)
def test_commands_that_other_tests_cover_name_tests_that_exist(command):
    source = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for name in CHECKED[command].tests:
        assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{command}: there is no test {name}"


@every(Elsewhere)
def test_commands_that_no_test_can_run_stand_beside_words_that_say_so(command):
    text = text_of(SHOWN[command])
    [line] = [line for line in text.splitlines() if command in line]
    assert CHECKED[command].words in line


@every(MAKE)
def test_make_knows_its_targets(command):
    done = call([*shlex.split(command), "-n"], ROOT)
    assert done.returncode == 0, done.stderr


@every(SHELL)
def test_commands_of_the_shell(command, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    done = call(["bash", "-c", command.replace("python", sys.executable, 1)], tmp_path)
    assert done.returncode == 0, done.stderr


@every(RUN)
def test_commands_on_finished_results(command, project):
    program, *arguments = shlex.split(command)
    if program == "snakemake":
        project.snakemake(*arguments)
    else:
        done = call([sys.executable, *arguments], project.folder)
        assert done.returncode == 0, done.stdout + done.stderr
    assert project.jobs() == {}


@every(Planned)
def test_commands_are_planned(command, tmp_path):
    how = CHECKED[command]
    project = small_project(tmp_path / "project", how.configuration)
    if how.given:
        placeholder, value = how.given
        if value == "REFERENCE":
            value = copy_of_a_reference(project)
        quick = value.startswith("results/quick")
        command = command.replace(placeholder, value.replace("NETWORK", network_of(project, quick)))
    planned = plan(project, *shlex.split(command)[1:])
    assert re.search(f"^{how.says}", planned, re.MULTILINE), planned


def test_every_experiment_that_a_page_names_is_planned(tmp_path):
    """In one dry-run, since each takes seconds and all of them share their networks."""
    project = new_project(tmp_path / "project")
    config = yaml.safe_load((project.folder / "config.yaml").read_text())
    config["experiments"] = {
        name: {"seeds": 1 + max([1, *settings.get("follow", {}).get("seeds", [])])}
        for name, settings in CONFIG["experiments"].items()
    }
    (project.folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    names = [name for command in of_kind(FIGURES) for name in shlex.split(command)[1:]]
    assert len(names) > 40
    planned = plan(project, "--quiet", "rules", "--", *dict.fromkeys(names))
    for name in names:
        assert re.search(rf"^{name} +1$", planned, re.MULTILINE), f"{name} is not planned"


# Blocks of configuration


def whole_configurations() -> dict[str, dict]:
    """Blocks that can be saved as a file and run: they have experiments, or the structure of a connectome."""
    found = {}
    for page in PAGES:
        for _, block in re.findall(r"^( *)```yaml\n(.*?)^\1```", text_of(page), re.MULTILINE | re.DOTALL):
            content = yaml.safe_load(textwrap.dedent(block))
            experiments = content.get("experiments", {})
            if experiments or {"connectomes", "structures"} <= set(content):
                found[f"{page.name}: {', '.join(experiments) or 'no experiment'}"] = content
    return found


WHOLE = whole_configurations()


def test_pages_show_whole_configurations():
    assert {name.split(":")[0] for name in WHOLE} >= {"README.md", "extending.md", "your_connectome.md"}
    assert len(WHOLE) >= 5


@pytest.mark.parametrize("name", WHOLE)
def test_whole_configurations_name_their_scale_and_their_experiments(name):
    content = WHOLE[name]
    assert content.get("scale", "paper") != "paper", "its results would be mixed with those of the papers"
    assert content.get("experiments_to_build"), "it would train every network of the papers"
    assert set(content["experiments_to_build"]) <= set(content["experiments"])


@pytest.mark.parametrize("name", WHOLE)
def test_whole_configurations_plan_only_what_they_name(name, tmp_path):
    project = small_project(tmp_path / "project", "shipped")
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(WHOLE[name]))
    for connectome in WHOLE[name].get("connectomes", {}).values():
        if connectome["source"] == "file":
            write_files_of(connectome["file"], project.folder)
    planned = plan(project, "-q", "rules", "--configfile", "mine.yaml")
    networks = int(re.search(r"^ +(\d+) networks to train", planned, re.MULTILINE)[1])
    assert networks <= 200, planned
    assert "no download" in planned
    [page] = [page for page in PAGES if page.name == name.split(":")[0]]
    stated = re.findall(rf"--configfile {WHOLE[name]['scale']}\.yaml +# (\d+) networks", page.read_text())
    assert stated in ([], [str(networks)])


def write_files_of(declared: dict, folder: Path) -> None:
    """Random files of the layout that a connectome declares, with the number of cells that it selects."""
    rng, cells, layout = np.random.default_rng(0), declared["selection"]["cells"], declared["format"]
    path = folder / declared["connections"]
    path.parent.mkdir(exist_ok=True)
    if layout["connections"] == "matrix":
        np.save(path, rng.normal(size=(cells, cells)))
        return
    pairs = np.stack([np.arange(10 * cells) % cells, rng.integers(0, cells, 10 * cells)])
    columns = layout["presynaptic"], layout["postsynaptic"], layout["weight"]
    pd.DataFrame(dict(zip(columns, [*pairs, rng.integers(1, 50, 10 * cells)], strict=True))).to_csv(path, index=False)
    if "cells" in declared:
        classes = rng.choice([*layout["inhibitory"], *layout["excitatory"]], cells)
        table = pd.DataFrame({layout["cell"]: np.arange(cells), layout["class"]: classes})
        table.to_csv(folder / declared["cells"], index=False)


def test_mistakes_in_the_file_of_a_configuration_read_as_the_page_says(tmp_path):
    page = " ".join((ROOT / "workflow/docs/when_things_fail.md").read_text().split())
    project = new_project(tmp_path / "project")
    mine = project.folder / "mine.yaml"

    def quoted(start):
        """The line of Snakemake's output, which is that of the page, that starts so."""
        done = call([sys.executable, "-m", "snakemake", "-n", "--configfile", "mine.yaml"], project.folder)
        [line] = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(start)]
        assert done.returncode and f"`{line}`" in page

    quoted("FileNotFoundError: [Errno 2] No such file or directory: 'mine.yaml'")
    for content, place in (("scale: mine\n\tcores: 2\n", "line 2, column 1"), ("scale: [mine\n", "line 2, column 1")):
        mine.write_text(content)
        quoted("Config file is not valid JSON or YAML.")
        [command] = [command for command in SHOWN if "yaml.safe_load" in command]
        done = call([sys.executable, *shlex.split(command)[1:]], project.folder)
        assert done.returncode and place in done.stderr
    mine.write_text("scale: mine\nexperiments_to_build: [figure_1]\n")
    harmless = "Config file {}/config.yaml is extended by additional config specified via the command line."
    assert harmless.format(project.folder) in plan(project, "--configfile", "mine.yaml")
    assert harmless.format("…") in page


def plan(project: Project, *arguments: str) -> str:
    """What a dry-run prints, with the profile that loads by itself."""
    done = snakemake(project.folder, "-n", *arguments)
    return done.stdout + done.stderr  # with the logger `rich` on the second


def small_project(folder: Path, configuration: str) -> Project:
    """A project whose config.yaml is tiny, so that commands are small as they stand, and the files that pages name."""
    project = new_project(folder)
    path = project.folder / "config.yaml"
    shipped, mine = yaml.safe_load(path.read_text()), {"scale": "mine"}
    small = scale.grid_of(400, 2) if configuration == "grid" else TINY
    if configuration != "shipped":
        path.write_text(yaml.safe_dump(merged(shipped, small | {"scale": "paper"}), sort_keys=False))
    entry = {"title": "Mine", "source": "no paper", "preset": "random_rate_network", "seeds": 2, "compare": "gain"}
    if configuration == "my_experiment":
        grid = {"task": ["2AF"], "structure": ["gaussian"], "gain": [0.5, 1.0], "size": [16]}
        mine |= {"experiments_to_build": [configuration], "experiments": {configuration: entry | {"grid": grid}}}
    if configuration == "three_bits":
        page = (ROOT / "workflow/docs/extending.md").read_text()
        task = yaml.safe_load(re.search(r"^```yaml\n(tasks:\n  three_bits:.*?)^```", page, re.MULTILINE | re.DOTALL)[1])
        grid = {"task": [configuration], "structure": ["gaussian"], "gain": [0.5, 1.0], "size": [16]}
        mine |= {"experiments_to_build": ["bits"], "experiments": {"bits": entry | {"grid": grid}}} | task
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(mine))
    return project


def network_of(project: Project, quick: bool) -> str:
    """Path of a network of Figure 1 below the results, at the scale of the project or the quick one."""
    config = merged(CONFIG, yaml.safe_load((project.folder / "config.yaml").read_text()))
    if quick:
        config = merged(config, yaml.safe_load((project.folder / "profiles/quick/scale.yaml").read_text()))
    return f"runs/{paths.run_path(grids.runs(config, 'figure_1')[0])}/network.npz"


def copy_of_a_reference(project: Project) -> str:
    """Copy the committed results of Figure 1 to a project; the name of a run of them."""
    folder = Path("results/reference/experiments/figure_1")
    shutil.copytree(ROOT / folder, project.folder / folder)
    shutil.copy2(ROOT / "results/reference/config.yaml", project.folder / "results/reference")
    return pd.read_parquet(ROOT / folder / "tables/runs.parquet")["run"][0]
