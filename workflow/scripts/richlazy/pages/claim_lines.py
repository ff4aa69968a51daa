"""Claims as a page shows them: counts by paper and figure, a line for each, and its tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from richlazy import wording
from richlazy.pages import words
from richlazy.statistics import claim_counts, claim_documents, verdicts


@dataclass(frozen=True)
class ClaimLine:
    """A claim with its verdict.

    Attributes:
        id, paper, location, statement, experiment: of the claim.
        figure: of the paper, by which claims are counted.
        word: the verdict.
        effect: of the test that favours the claim least, with its measure; empty where nothing was tested.
        tests: how many tests there are.
        reason: why the verdict is what it is, in a sentence.
        tasks: on which tasks it was tested; empty where its tests name none.
        evidence: every test, a line each.
        repeats: verdicts under other choices, a line each.
        note: data that stand in for those of the paper; empty where there are none.
    """

    id: str
    paper: str
    figure: str
    location: str
    statement: str
    experiment: str
    word: str
    effect: str
    tests: int
    reason: str
    tasks: str
    evidence: list[str]
    repeats: list[str]
    note: str


@dataclass(frozen=True)
class PaperVerdicts:
    """The claims of a paper.

    Attributes:
        paper: its name.
        counts: for each figure how many claims have each verdict, those that were not run included.
        tested, untested: its claims, in the order of the figures.
    """

    paper: str
    counts: list[tuple[str, list[tuple[str, int]]]]
    tested: list[ClaimLine]
    untested: list[ClaimLine]


def lines(table: pd.DataFrame, labels: Mapping[str, tuple[str, int]], experiments: Iterable[str]) -> list[ClaimLine]:
    """Claims of a table, each once.

    Args:
        table: rows of claims.parquet.
        labels: of measures (``registry.labels``).
        experiments: those that the page shows.
    """
    known = set(experiments)
    return [_line(row, labels, row.experiment in known) for row in table.itertuples()]


def _line(row: Any, labels: Mapping[str, tuple[str, int]], was_selected: bool) -> ClaimLine:
    return ClaimLine(
        id=row.id,
        paper=row.paper,
        figure=claim_counts.figure_of(row.location),
        location=row.location,
        statement=row.statement,
        experiment=row.experiment,
        word=row.verdict,
        effect=claim_documents.effect_of(row, words.measure(row.measure, labels)),
        tests=row.supporting + row.contradicting + row.undecided,
        reason=_reason(row, was_selected),
        tasks=claim_documents.on_tasks(row).strip(),
        evidence=words.evidence(row.evidence, labels),
        repeats=[part for part in row.repeats.split("; ") if part],
        note=f"substitute: {row.substitute}" if row.substitute else "",
    )


def _reason(row: Any, was_selected: bool) -> str:
    """Why a verdict is what it is: how many tests say what, and the rule where a count does not say it."""
    tests = row.supporting + row.contradicting + row.undecided
    if not tests:
        return row.evidence or (f"{row.experiment} was not run" if not was_selected else "its test found no networks")
    of_tests = f"of {wording.counted(tests, 'test')}"
    if row.verdict == "supported":
        each = f"each {of_tests}" if tests > 1 else "its test"
        return f"{each} agrees, p {claim_documents.p_of(row)}, n {row.n}"
    if row.undecided == tests:
        counted = f"none {of_tests} decides" if tests > 1 else "its test decides nothing"
    else:
        parts = {
            ("agrees", "agree"): row.supporting,
            ("shows the opposite", "show the opposite"): row.contradicting,
            ("decides nothing", "decide nothing"): row.undecided,
        }
        counted = f"{of_tests}: " + ", ".join(f"{of} {what[of > 1]}" for what, of in parts.items() if of)
    rules = {
        "not monotone": "the trend turns without its lowest or highest condition",
        "too few runs": f"{wording.counted(row.n, 'seed')} cannot decide it" if row.n else "it has no seed to test",
        "negligible effect": "every interval lies within the stated bound",
    }
    rule = f"{rules[row.verdict]}; " if row.verdict in rules else ""
    return f"{rule}{counted}, n {row.n}"


def by_paper(found: list[ClaimLine]) -> list[PaperVerdicts]:
    """Claims of each paper, with their counts."""
    table = pd.DataFrame([{"paper": one.paper, "location": one.location, "verdict": one.word} for one in found])
    if table.empty:
        return []
    counts = claim_counts.by_figure(table)
    papers = []
    for paper in dict.fromkeys(counts.index.get_level_values("paper")):
        of_paper = counts.loc[paper]
        order = {figure: place for place, figure in enumerate(of_paper.index)}
        mine = sorted((one for one in found if one.paper == paper), key=lambda one: order[one.figure])
        chips = [
            (str(figure), [(word, int(number)) for word, number in row.items() if number])
            for figure, row in of_paper.iterrows()
        ]
        tested = [one for one in mine if one.word != "not run"]
        papers.append(PaperVerdicts(str(paper), chips, tested, [one for one in mine if one.word == "not run"]))
    return papers


def standing(found: list[ClaimLine]) -> list[tuple[str, int]]:
    """How many claims have each verdict, from what favours a claim to what says nothing of it."""
    counts = {word: sum(one.word == word for one in found) for word in verdicts.VERDICTS}
    return [(word, number) for word, number in counts.items() if number]


def rules() -> dict[str, str]:
    """Every verdict with its rule, as text of a page."""
    return {word: rule.replace("`", "") for word, rule in verdicts.RULES.items()}
