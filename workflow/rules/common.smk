"""Checks of the configuration, the plan of all runs, and what all stages share. No rules."""

import functools
import gc
import os
import shlex
import sys
from pathlib import Path

from snakemake.logging import logger
from snakemake.persistence.file import FilePersistence
from snakemake.settings.enums import Quietness

# Planning makes millions of objects that stay; by default Python searches them for garbage again and again.
gc.set_threshold(100_000, 50, 50)

SCRIPTS = ROOT / "workflow/scripts"
sys.path.insert(0, str(SCRIPTS))

from richlazy import before_a_run, look_ups, wording
from richlazy.adoption import judging, memory
from richlazy.configuration import checks, loading, registers
from richlazy.connectivity.base import STRUCTURES
from richlazy.connectome import cave_token
from richlazy.experiments import (
    data_plan,
    grids,
    page_plan,
    parameters,
    paths,
    planning,
    trials,
    unseen_probes,
)
from richlazy.experiments.network_plan import JobsOfKind, RunPlan
from richlazy.experiments.plan import Plan
from richlazy.experiments.result_files import ResultFiles
from richlazy.experiments.shared_plan import SharedPlan
from richlazy.measures import registry as measure_registry
from richlazy.storage import late_import
from richlazy.storage.library_code import described as library
from richlazy.tasks import registry

try:
    checks.check(config, workflow.configfiles, PAPERS)
    SOURCES = registers.load_sources(ROOT / "data/sources.yaml")
    registers.check_entries(config, SOURCES)
    CLAIM_FILES = loading.claims(ROOT / "data/papers")
    # Jobs get the claims as they are checked here; they read no register themselves.
    CLAIMS = registers.load_claims(CLAIM_FILES, config)
    PUBLISHED_FILES = loading.published_values(ROOT / "data/papers")
    PUBLISHED_VALUES = registers.load_published_values(PUBLISHED_FILES, config)
except checks.ConfigurationError as error:
    sys.exit(f"Configuration: {error}")


@functools.cache
def project_file(path):
    """A file of the project as input; relative, so that a project that moves does not build anything again."""
    # local: not one of the files to which a workflow that imports this one gives a prefix.
    return local(os.path.relpath(ROOT / path))


def library_of_trials(script, trials_of, *roles):
    """Params function that describes the code of a script and of the modules, if any, that know the trials."""

    def described(wildcards):
        return library(script, modules=trials.modules(trials_of(wildcards), *roles))

    return described


def library_of_training(script, jobs):
    """Params function that describes the code of a script and of what trains the networks of a job."""

    def described(wildcards):
        return library(script, modules=jobs.training_modules(wildcards))

    return described


def library_of_structure(script):
    """Params function that describes the code of a script and of the structure of initial weights."""

    def described(wildcards):
        kind = shared.structure(wildcards)["kind"]
        return library(script, modules=(STRUCTURES.module(kind),))

    return described


# Tasks and structures with options that an experiment sweeps stand beside the others, and tasks of unseen trials.
config.update(unseen_probes.with_variants(config, checks.selected(config)))
# What rules ask: of experiments, of what their runs share, of single runs, of results and of data.
plan = Plan(config, checks.selected(config), SOURCES)
shared = SharedPlan(plan)
one = RunPlan(plan)
results = ResultFiles(plan)
data = data_plan.DataPlan(plan, project_file)

RESULTS = plan.results
TABLES = f"{RESULTS}/experiments/{{experiment}}/tables/{{table}}.parquet"
STATISTICS = f"{RESULTS}/experiments/{{experiment}}/statistics/{{table}}.parquet"


wildcard_constraints:
    experiment="[a-z][a-z0-9_]*",
    run=paths.PATTERNS["run"],
    connectivity=paths.PATTERNS["connectivity"],
    probe=paths.PATTERNS["probe"],
    batches=paths.PATTERNS["batches"],
    teacher=paths.PATTERNS["teacher"],
    task=paths.NAME_OF_VARIANT,


def problem_of_token():
    """What is wrong with the token for CAVE, None where there is one."""
    for server in {entry["server"] for entry in plan.connectomes_from("cave").values()}:
        try:
            cave_token.check_token(server, os.environ)
        except ValueError as error:
            return str(error)


def require_token(jobs):
    """Stop before any job where CAVE is to be asked and there is no token; a dry-run does not come here."""
    if any(job.rule.name.startswith("download_cave") for job in jobs):
        if problem := problem_of_token():
            raise WorkflowError(f"No job was started. {problem}")


def seconds_of(job):
    """Seconds in which a job trains or measures on one core; 0 for the others, which take few."""
    if job.rule.name == "train_again":
        return seconds_again(job.wildcards.run)
    stage, _, kind = job.rule.name.partition("_")
    jobs = {"train": TRAINING, "measure": MEASURING}.get(stage, {})
    if kind not in jobs:
        return 0.0
    return jobs[kind].seconds(job.wildcards)[stage == "measure"]


def runs_trained_by(job):
    """Parameters of each network that a job trains for its own sake: not of teachers, nor of those trained again."""
    stage, _, kind = job.rule.name.partition("_")
    is_training = stage == "train" and kind in TRAINING
    return TRAINING[kind].runs(job.wildcards) if is_training else []


def tell_before_a_run():
    """Have Snakemake refuse a target that does not exist in a sentence, look closely and say needs in a dry-run."""
    if not is_own_start():
        return
    build = workflow._build_dag

    # There is no hook for either: after the targets are known, and before the table of jobs.
    def build_and_tell():
        rules = [rule.name for rule in workflow.rules if not rule.has_wildcards()]
        problem = before_a_run.unknown_target(
            workflow.dag_settings.targets, rules, config["experiments"]
        )
        if problem:
            sys.exit(problem)
        if workflow.dryrun:
            look_closely()
            leave_groups_to_clusters()
            if Quietness.RULES in (workflow.output_settings.quiet or ()):
                look_ups.tell_no_job()
        look_ups.once(workflow.rules)
        build()
        jobs = list(workflow.dag.needrun_jobs()) if workflow.dryrun else []
        if jobs:
            lines = before_a_run.needs(
                jobs,
                workflow.cores,
                seconds_of,
                runs_trained_by,
                config["training"]["device"],
                SOURCES,
                problem_of_token,
            )
            logger.info("\n    ".join(["A run would need:", *lines]) + "\n")

    workflow._build_dag = build_and_tell


def leave_groups_to_clusters():
    """Plan single jobs where no profile says how many are one job of a cluster: finding groups costs a sixth of the time."""
    if not workflow.group_settings.group_components:
        for each in workflow.rules:
            each.group = None


def is_own_start():
    """Whether this is no job, and no other workflow that imports this one."""
    return workflow.is_main_process and workflow.modifier.is_main_snakefile()


def require_memory():
    """Stop where there are results that Snakemake does not remember: it would believe them, whatever made them."""
    if not is_own_start() or memory.adopting or "--unlock" in sys.argv:
        return
    strays = memory.unremembered(RESULTS, workflow.rules, FilePersistence(nolock=True))
    if strays:
        sys.exit(
            f"{len(strays)} files of {RESULTS} were not made here, or older ones took their place (such as "
            f"{strays[0]}). To use them, run `python workflow/scripts/adopt_results.py` with the options and targets "
            "of this command: it marks as done what matches the plan, and names what does not. To make them again, "
            "delete them."
        )


def require_plan(dag):
    """Stop before any job where a result that is not made again is not what this plan would make."""
    judged = judging.judge(dag, content=False).values()
    others = [one for one in judged if not one.matches and not dag.needrun(one.job)]
    if others:
        raise WorkflowError(
            f"No job was started. The files of {len(others)} jobs are not what this plan would make, such as "
            f"{others[0].job.output[0]}: {others[0].reason}. Run `python workflow/scripts/adopt_results.py` with the "
            "options and targets of this command: it names them all, and has them made again."
        )


def say_where_results_are(dag):
    """Name what a finished run made for people: the page of results, or else the folders of its experiments."""
    made = {job.rule.name for job in dag.jobs}
    found = [f"{RESULTS}/experiments/{name}/" for name in plan.selected if name in made]
    if "make_results_page" in made:
        found = [f"{RESULTS}/index.html (open it in a browser)"]
    if found and is_own_start():
        logger.info(f"Results: {wording.listed(found)}")


def one_of(names):
    """Regular expression of a wildcard that is one of some names; it matches nothing where there are none."""
    return "|".join(sorted(names)) or "(?!)"


def of_experiment(key, default=None):
    """Params function that gives one setting of the experiment of the job."""

    # Not lookup, which walks through the whole configuration each time.
    def setting(wildcards):
        return config["experiments"][wildcards.experiment].get(key, default)

    return setting


def collect_settings(group, keys):
    """The keys of a configuration group that a job reads, so that no other key reruns it."""
    return {key: config[group][key] for key in keys}


def figure_settings(*read):
    """Look of figures as a job is told it: of colours and measures those alone that it reads."""
    of_some = {"dot_colour", "median_colour", "measures"} - {*read}
    return {
        key: value for key, value in config["figures"].items() if key not in of_some
    }


def group_of(jobs, usual):
    """Group of jobs of networks; those that are never trained together take hours, and are jobs of a cluster each."""
    return usual if jobs.model.together else "singles"


def growing(need):
    """Resource that needs the same whatever a job's parameters, and more at each attempt."""

    def grown(wildcards, attempt):
        return need * attempt

    return grown


def options_of_commands():
    """Options, after the name of a target, of the commands that build these results: the files of the configuration."""
    shipped = {os.path.abspath(path) for path in DEFAULTS}
    given = [
        os.path.relpath(path)
        for path in workflow.configfiles
        if os.path.abspath(path) not in shipped
    ]
    return f" --configfile {shlex.join(given)}" if given else ""
