"""How connectivity shapes rich and lazy learning: from config.yaml to figures, statistics, claims and report."""

from snakemake.utils import min_version

min_version("9.20")


configfile: f"{workflow.basedir}/config.yaml"


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
include: "workflow/rules/verify.smk"


report: "workflow/report/workflow.rst"


onstart:
    require_token(workflow.dag.needrun_jobs())


rule all:
    """Build figures, statistics and claims of all selected experiments (the default target)."""
    default_target: True
    input:
        figure_files(*SELECTED),
        statistics_files(*SELECTED),
        figures_beside(CONNECTOMES, PICTURED_TASKS),
        robustness_files(),
        f"{RESULTS}/claims.md",


# Every selected experiment is a target of its own name, such as `snakemake figure_1`.
for experiment in SELECTED:

    rule:
        """Build tables, statistics and figures of this experiment of the configuration."""
        name:
            experiment
        input:
            figure_files(experiment),
            statistics_files(experiment),
            figures_beside(connectomes_of(experiment), pictured_tasks_of(experiment)),
