"""How connectivity shapes rich and lazy learning: from config.yaml to figures, statistics, claims and report."""

import codecs
import locale
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.utils import min_version, update_config

min_version("9.20")

# Files of the project are UTF-8, which a terminal of another encoding would not read; jobs start as words of a shell.
if codecs.lookup(locale.getpreferredencoding(False)).name != "utf-8":
    sys.exit(
        f"This terminal has the encoding {locale.getpreferredencoding(False)}, and the files of richlazy are UTF-8. "
        "Set PYTHONUTF8=1 (`export PYTHONUTF8=1`) and run the same command again."
    )
if " " in sys.executable:
    sys.exit(
        f"Python stands at {sys.executable}, a path with a blank, at which Snakemake cannot start a job. Move the "
        "project, or its .venv, to a folder without blanks."
    )

# The folder of this file, also where another workflow imports it.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
if not ROOT.is_dir():
    raise WorkflowError(
        f"richlazy cannot be imported from {ROOT}; git clone it, and name its Snakefile by its path"
    )

# Papers come before config.yaml, and both before --configfile and --config: the later goes before the earlier.
PAPERS = sorted(ROOT.glob("data/papers/*/experiments.yaml"))
DEFAULTS = [*PAPERS, ROOT / "config.yaml"]

for defaults in DEFAULTS:

    configfile: defaults


# These files are without effect where another workflow gives its own configuration, which then says only what it changes.
if not workflow.modifier.is_main_snakefile():
    given = config
    config = {}
    for defaults in DEFAULTS:
        update_config(config, load_configfile(defaults))
    update_config(config, given)


include: "workflow/rules/common.smk"
# The stages in the order of the data; each file opens with what it reads and writes.
include: "workflow/rules/cave.smk"
include: "workflow/rules/connectome.smk"
include: "workflow/rules/connectivity.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/teachers.smk"
include: "workflow/rules/trials.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/summarise.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/figures_of_networks.smk"
include: "workflow/rules/pages.smk"
include: "workflow/rules/verify.smk"
include: "workflow/rules/artefacts.smk"
include: "workflow/rules/first_looks.smk"


report: "workflow/report/workflow.rst"


onstart:
    require_token(workflow.dag.needrun_jobs())
    require_plan(workflow.dag)


onsuccess:
    say_where_results_are(workflow.dag)


# A workflow that imports this one may have a default target already.
IS_DEFAULT = workflow.default_target is None


rule all:
    """Build figures, statistics and claims of all selected experiments (the default target)."""
    default_target: IS_DEFAULT
    input:
        results.everything(),


# Every selected experiment is a target of its own name, such as `snakemake figure_1`.
for experiment in plan.selected:
    if workflow.is_rule(workflow.modifier.modify_rulename(experiment)):
        sys.exit(
            f"Configuration: experiments.{experiment} has the name of a rule; give it another"
        )

    rule:
        """Build tables, statistics and figures of this experiment of the configuration."""
        name:
            experiment
        input:
            results.experiment(experiment),


require_memory()
tell_before_a_run()
