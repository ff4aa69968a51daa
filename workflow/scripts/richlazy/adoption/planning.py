"""The plan of Snakemake for the options of its command line, without running it."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from snakemake import cli
from snakemake.api import SnakemakeApi
from snakemake.settings import types

from richlazy.adoption import memory


@contextlib.contextmanager
def configured(options: Sequence[str]) -> Iterator[Any]:
    """The workflow of Snakemake as its Snakefile leaves it (``globals``), before any plan of jobs."""
    with _read(options) as (dag, _):
        yield dag.workflow_api._workflow


@contextlib.contextmanager
def planned(options: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """The workflow of Snakemake with its plan (``dag``), and the options as Snakemake has read them."""
    with _read(options) as (dag, args):
        # Of the commands that build the plan and do no more, the one that prints least.
        with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
            dag.printrulegraph()
        found = dag.workflow_api._workflow
        found.execution_settings = types.ExecutionSettings()  # which its memory asks for
        yield found, args


def without_targets(options: Sequence[str], args: Any) -> list[str]:
    """Options of Snakemake without the targets, as Snakemake has read them."""
    return [option for option in options if option not in (*args.targets, "--")]


@contextlib.contextmanager
def _read(options: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """What builds a plan from the options of Snakemake, and these as Snakemake has read them."""
    memory.adopting = True
    args = cli.parse_args(list(options))[1]
    with SnakemakeApi(types.OutputSettings(quiet={types.Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=types.ResourceSettings(cores=1),
            config_settings=types.ConfigSettings(
                config=cli.parse_config(args.config), configfiles=args.configfile, config_args=args.config
            ),
            storage_settings=types.StorageSettings(),
            workflow_settings=types.WorkflowSettings(),
            deployment_settings=types.DeploymentSettings(),
            snakefile=args.snakefile,
            workdir=args.directory,
        )
        dag = workflow.dag(
            types.DAGSettings(
                targets=args.targets,
                force_incomplete=True,
                rerun_triggers=args.rerun_triggers,
                max_checksum_file_size=args.max_checksum_file_size,
            )
        )
        yield dag, args
