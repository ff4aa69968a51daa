"""What becomes of a configuration: refused in clear sentences, planned, or a failure of the workflow."""

import contextlib
import copy
import re
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from richlazy.configuration import checks, registers
from richlazy.experiments import grids, network_plan
from richlazy.experiments.plan import Plan
from richlazy.experiments.result_files import ResultFiles
from shipped import ROOT

SOURCES = registers.load_sources(ROOT / "data/sources.yaml")
# A plan of more is not a hang, and not for a test.
LIMIT_S = 60


@dataclass(frozen=True)
class Outcome:
    """What became of a configuration: its ``plan``, ``sentences`` that refuse it, or a ``failure`` of the workflow."""

    plan: Plan | None = None
    sentences: tuple[str, ...] = ()
    failure: str = ""


def outcome(config: Any) -> Outcome:
    """Check and plan a configuration as the workflow does before its first job."""
    config = copy.deepcopy(config)
    try:
        with _limit():
            checks.check(config)
            registers.check_entries(config, SOURCES)
    except checks.ConfigurationError as error:
        unclear = [sentence for sentence in error.sentences if not is_clear(sentence)]
        return Outcome(sentences=tuple(error.sentences), failure="".join(f"not clear: {text}\n" for text in unclear))
    except Exception:
        return Outcome(failure=f"the check fails:\n{traceback.format_exc()}")
    try:
        with _limit():
            return Outcome(plan=_planned(config))
    except Exception:
        return Outcome(failure=f"accepted, and cannot be planned:\n{traceback.format_exc()}")


def is_clear(sentence: str) -> bool:
    """Whether a refusal is one sentence without remains of a program."""
    own_words = re.sub(r"\"[^\"]*\"|'[^']*'", "", sentence)  # without what it quotes
    remains = re.search(r"<class|object at 0x|Traceback|pydantic|\bNone\b|\bTrue\b|\bFalse\b", own_words)
    return "\n" not in sentence and 20 < len(sentence) < 500 and not remains


def _planned(config: dict[str, Any]) -> Plan:
    config.update(grids.with_variants(config, checks.selected(config)))
    plan = Plan(config, checks.selected(config), SOURCES)
    ResultFiles(plan).everything()
    for jobs in (*plan.training_jobs.values(), *plan.measuring_jobs.values()):
        of_kind = network_plan.JobsOfKind(plan, jobs)
        for folder in jobs.folders[:20]:
            asked = _Wildcards(folder)
            of_kind.training_inputs(asked), of_kind.measuring_inputs(asked)
            of_kind.training(asked), of_kind.measuring(asked), of_kind.training_minutes(asked, attempt=1)
    return plan


def runs_in_seconds(plan: Plan) -> bool:
    """Whether a plan is small enough to be run in a test."""
    runs = list(plan.all_runs.values())
    work = [(run["iterations"] or 1) * (run["batch_size"] or 1) * (run["size"] or 1) for run in runs]
    steps = [plan.task(run).steps(run["time_step_ms"]) for run in plan.runs.values()]
    config = plan.config
    return (
        len(runs) <= 12
        and max(work) <= 100_000
        and max(steps, default=1) <= 100
        and config["probe"]["trials"] <= 500
        and (len(plan.runs) == len(runs) or config["lstm"]["epochs"] <= 3)
        and not plan.connectomes_from("cave", "release")
        and config["figures"]["resolution_dpi"] <= 300
    )


@dataclass(frozen=True)
class _Wildcards:
    networks: str


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise TimeoutError(f"no answer in {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
