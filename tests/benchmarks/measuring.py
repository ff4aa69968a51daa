"""Timing of two sides in turn, and the table of what came out."""

import importlib.metadata
import json
import os
import platform
import statistics
import textwrap
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Processor time of this process, which has one thread: other work on the machine counts as little as possible.
clock = time.process_time

PACKAGES = ("torch", "numpy", "scipy", "neurogym", "snakemake")
UNITS = {"s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")), "MB": ((1.0, "MB"),)}
HEADINGS = ("what", "ours", "reference", "ratio", "min-max", "required", "moonshot", "met?")


@dataclass(frozen=True)
class Settings:
    """How much is measured.

    Attributes:
        repeats: pairs (ours, reference) of whatever takes milliseconds.
        quick: fewer repetitions of what takes seconds.
        with_rerun: build the tiny scale to time a rerun with nothing to do.
    """

    repeats: int = 20
    quick: bool = False
    with_rerun: bool = False

    @property
    def few(self) -> int:
        """Pairs of what takes seconds."""
        return max(1 if self.quick else 3, self.repeats // 4)


@dataclass(frozen=True)
class Spread:
    """Median, lowest and highest of repeated measurements."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Seconds per call of both sides, pair by pair."""

    ours: Sequence[float]
    reference: Sequence[float]

    @property
    def ratio(self) -> Spread:
        """Reference over ours: above 1 we are faster."""
        ratios = [reference / ours for ours, reference in zip(self.ours, self.reference, strict=True)]
        return Spread(statistics.median(ratios), min(ratios), max(ratios))


def seconds(function: Callable[[], Any], calls: int = 1) -> float:
    """Processor seconds per call."""
    started = clock()
    for _ in range(calls):
        function()
    return (clock() - started) / calls


def interleaved(
    ours: Callable[[], Any],
    reference: Callable[[], Any],
    pairs: int,
    calls: int = 1,
    reference_calls: int | None = None,
) -> Comparison:
    """Time ours, reference, ours, reference, ..., each after one call that does not count.

    Args:
        ours, reference: functions without arguments.
        pairs: number of pairs.
        calls: calls per measurement, for functions of milliseconds.
        reference_calls: those of the reference where they differ.
    """
    ours()
    reference()
    times = [(seconds(ours, calls), seconds(reference, reference_calls or calls)) for _ in range(pairs)]
    return Comparison(*zip(*times, strict=True))


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        subject: name of the benchmark.
        what: what is measured.
        ours: our value, in ``unit``.
        unit: ``s`` or ``MB``.
        reference: the reference's value, None where there is none.
        ratio: reference over ours, None where the requirement is absolute.
        required, moonshot: least ratio, or where there is none the greatest value of ours.
        note: stands under the table.
    """

    subject: str
    what: str
    ours: float
    unit: str = "s"
    reference: float | None = None
    ratio: Spread | None = None
    required: float | None = None
    moonshot: float | None = None
    note: str = ""

    @classmethod
    def of(cls, subject: str, what: str, comparison: Comparison, **others) -> "Row":
        """Row of a comparison of times."""
        ours, reference = (statistics.median(times) for times in (comparison.ours, comparison.reference))
        return cls(subject, what, ours, "s", reference, comparison.ratio, **others)

    @property
    def met(self) -> str:
        """``moonshot``, ``yes``, ``no``, or ``-`` where nothing is required."""
        if self.required is None:
            return "-"
        value, sign = (self.ours, -1) if self.ratio is None else (self.ratio.median, 1)
        if self.moonshot is not None and sign * value >= sign * self.moonshot:
            return "moonshot"
        return "yes" if sign * value >= sign * self.required else "no"


def quantity(value: float | None, unit: str) -> str:
    """A value with three digits and the unit that suits it."""
    if value is None:
        return "-"
    factor, name = next((pair for pair in UNITS[unit] if abs(value) >= pair[0]), UNITS[unit][-1])
    return f"{_digits(value / factor)} {name}"


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows: Iterable[Row], width: int = 120) -> str:
    """Readable table with a line per row, a heading per subject, and the notes at the end."""
    lines: list[tuple[str, ...] | str] = []
    notes: list[str] = []
    subject = None
    for row in rows:
        if row.subject != subject:
            subject = row.subject
            lines.append(subject)
        if row.note and row.note not in notes:
            notes.append(row.note)
        mark = f" [{notes.index(row.note) + 1}]" if row.note else ""
        lines.append((f"  {row.what}{mark}", *_cells(row), row.met))
    cells = [HEADINGS, *(line for line in lines if not isinstance(line, str))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    texts = [_line(HEADINGS, widths), "-" * (sum(widths) + 2 * len(widths) - 2)]
    texts += [line if isinstance(line, str) else _line(line, widths) for line in lines]
    for number, note in enumerate(notes, start=1):
        texts.append(textwrap.fill(f"[{number}] {note}", width, subsequent_indent="    "))
    return "\n".join(texts)


def _cells(row: Row) -> tuple[str, ...]:
    if row.ratio is None:
        limits = (f"<= {quantity(limit, row.unit)}" if limit is not None else "-" for limit in _limits(row))
        return quantity(row.ours, row.unit), quantity(row.reference, row.unit), "-", "-", *limits
    limits = (f">= {_digits(limit)}" if limit is not None else "-" for limit in _limits(row))
    spread = f"{_digits(row.ratio.low)}-{_digits(row.ratio.high)}"
    return quantity(row.ours, row.unit), quantity(row.reference, row.unit), _digits(row.ratio.median), spread, *limits


def _limits(row: Row) -> tuple[float | None, float | None]:
    return row.required, row.moonshot


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def machine() -> dict[str, Any]:
    """What the numbers depend on beside the code."""
    information = Path("/proc/cpuinfo")
    models = (
        [line for line in information.read_text().splitlines() if "model name" in line] if information.exists() else []
    )
    return {
        "processor": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count(),
        "load": list(os.getloadavg()),
        "system": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that do the work."""
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in PACKAGES}


def save(path: str | Path, rows: Iterable[Row], settings: Settings) -> None:
    """Write numbers, machine, versions and settings as JSON."""
    values = {
        "machine": machine(),
        "versions": versions(),
        "settings": asdict(settings),
        "rows": [asdict(row) | {"met": row.met} for row in rows],
    }
    Path(path).write_text(json.dumps(values, indent=1) + "\n")
