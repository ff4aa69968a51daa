"""Verdicts on the claims of the papers, from the statistics of the experiments."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from richlazy.statistics import one_sided_tests

VERDICTS = ("supported", "contradicted", "mixed", "underpowered", "not run")

# Tests that a claim can name, and the table that each reads: one of the statistics, or the runs.
TESTS = {
    "trend": "trends",
    "contrast": "contrasts",
    "equivalence": "losses",
    "interaction": "interactions",
    "bound": "runs",
}

CLAIM_COLUMNS: dict[str, str] = {
    "id": "identifier in data/claims.yaml",
    "paper": "paper that makes the claim",
    "location": "figure or section",
    "statement": "the claim in our own words",
    "experiment": "experiment that tests it",
    "scale": "set of results on which it is judged",
    "connectome": "where the connectomes behind the tests come from; empty where there is none",
    "verdict": "supported, contradicted, mixed, underpowered or not run",
    "supporting": "tests that agree with the claim after correction",
    "contradicting": "tests that show the opposite after correction",
    "undecided": "tests that show neither",
    "effect": "effect of the test that favours the claim least, in the units of its table",
    "interval_low": "lower end of the interval of that effect",
    "interval_high": "upper end of the interval of that effect",
    "p": "Holm-corrected p of that test",
    "n": "seeds of that test",
    "evidence": "every test: arm, measure, effect with interval, corrected p, seeds",
}


@dataclass(frozen=True)
class Judgement:
    """Outcome of one test for a claim: 1 agrees, -1 shows the opposite, 0 shows neither."""

    outcome: int
    favour: float
    row: pd.Series


def judge(
    claims: Sequence[Mapping[str, Any]],
    statistics: Mapping[str, Mapping[str, pd.DataFrame]],
    settings: Mapping[str, Any],
    scale: str,
) -> pd.DataFrame:
    """Judge every claim.

    Args:
        claims: entries of claims.yaml of all papers.
        statistics: tables of each experiment that was run, by the names in ``TESTS``.
        settings: group ``statistics`` of the configuration.
        scale: name of the set of results.

    Returns:
        One row per claim, columns ``CLAIM_COLUMNS``.
    """
    rows = []
    for claim in claims:
        tables = statistics.get(claim["experiment"], {})
        table = tables.get(TESTS[claim["test"]])
        tests = [] if table is None else _rows(claim, table, settings)
        judgements = [_judge_row(claim, row, settings) for row in tests]
        rows.append(_claim_row(claim, judgements, settings, scale))
        if table is not None and not judgements:
            rows[-1]["evidence"] = f"{claim['experiment']} was run, but has no test with what this claim names"
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _rows(claim: Mapping[str, Any], table: pd.DataFrame, settings: Mapping[str, Any]) -> list[pd.Series]:
    """Tests of a claim: its rows in a table of statistics, or the tests of its bound."""
    if claim["test"] == "bound":
        return [row for _, row in one_sided_tests.tests(claim, table, settings).iterrows()]
    chosen = table
    if "measures" in claim:
        chosen = chosen[chosen["measure"].isin(claim["measures"])]
    for column, values in claim.get("where", {}).items():
        chosen = chosen[chosen[column].isin(values)] if column in chosen else chosen.iloc[:0]
    return [row for _, row in chosen.iterrows()]


def _judge_row(claim: Mapping[str, Any], row: pd.Series, settings: Mapping[str, Any]) -> Judgement:
    significant = bool(row["p_holm"] < settings["significance_level"])
    if claim["test"] == "equivalence":
        outside = min(abs(row["interval_low"]), abs(row["interval_high"])) > row["margin"]
        one_sided = row["interval_low"] * row["interval_high"] > 0
        return Judgement(1 if significant else -1 if outside and one_sided else 0, -abs(row["effect"]), row)
    if claim["test"] == "bound":
        broken = bool(row["p_opposite_holm"] < settings["significance_level"])
        favour = -row["effect"] if "at_most" in claim else row["effect"]
        return Judgement(int(significant) - int(broken), favour, row)
    # A claim about several measures has a direction for each.
    direction = claim["direction"]
    word = direction[row["measure"]] if isinstance(direction, Mapping) else direction
    sign = {"increasing": 1, "higher": 1, "decreasing": -1, "lower": -1}[word]
    favour = sign * row["effect"]
    return Judgement(int(np.sign(favour)) if significant else 0, favour, row)


def _claim_row(
    claim: Mapping[str, Any], judgements: list[Judgement], settings: Mapping[str, Any], scale: str
) -> dict[str, Any]:
    outcomes = [judgement.outcome for judgement in judgements]
    row: dict[str, Any] = {key: claim[key] for key in ("id", "paper", "location", "statement", "experiment")}
    row |= {
        "scale": scale,
        "connectome": "; ".join(dict.fromkeys(origin for row in judgements for origin in _origins(row.row))),
        "verdict": _verdict(judgements, settings["minimum_seeds"]),
        "supporting": outcomes.count(1),
        "contradicting": outcomes.count(-1),
        "undecided": outcomes.count(0),
        "n": 0,
        "evidence": "; ".join(_evidence(judgement.row) for judgement in judgements),
    }
    if judgements:
        weakest = min(judgements, key=lambda judgement: (judgement.favour, judgement.outcome)).row
        row |= {key: float(weakest[key]) for key in ("effect", "interval_low", "interval_high")}
        row |= {"p": float(weakest["p_holm"]), "n": int(weakest["n"])}
    return row


def _verdict(judgements: list[Judgement], minimum_seeds: int) -> str:
    """One word for all tests of a claim; tests that disagree make it mixed, and nothing is averaged."""
    outcomes = {judgement.outcome for judgement in judgements}
    if not outcomes:
        return "not run"
    if min(judgement.row["n"] for judgement in judgements) < minimum_seeds or outcomes == {0}:
        return "underpowered"
    if outcomes == {1}:
        return "supported"
    return "contradicted" if 1 not in outcomes else "mixed"


def _origins(row: pd.Series) -> list[str]:
    """Where the connectomes behind a test come from."""
    origin = row.get("connectome")
    return [] if pd.isna(origin) else origin.split("; ")


def _evidence(row: pd.Series) -> str:
    identity = row.loc[:"n"].iloc[:-1].dropna().astype(str)
    if "reference" in identity:
        identity["reference"] = f"against {identity['reference']}"
    name = " ".join(identity)
    return (
        f"{name}: {row['effect']:+.3g} [{row['interval_low']:+.3g}, {row['interval_high']:+.3g}], "
        f"p {_probability(row['p_holm'])}, n {row['n']}"
        + (f", {row['unconverged']} of them with a run that has not converged" if row.get("unconverged") else "")
    )


def _probability(p: float) -> str:
    return f"{p:.1g}" if p < 0.01 else f"{p:.2f}"


def as_markdown(verdicts: pd.DataFrame) -> str:
    """The verdicts as a Markdown document: a summary line, a table, and the evidence of each claim."""
    lines = [f"# Claims, judged at scale “{verdicts['scale'].iloc[0]}”", "", summary(verdicts), ""]
    lines += ["| claim | where | statement | verdict | effect [interval] | p | n |", "|---|---|---|---|---|---|---|"]
    for row in verdicts.itertuples():
        lines.append(
            f"| {row.id} | {row.paper}, {row.location} | {row.statement} | **{row.verdict}** | {_effect(row)} | "
            f"{_probability(row.p) if pd.notna(row.p) else ''} | {row.n or ''} |"
        )
    lines += [
        "",
        "Effect, interval, p and n are those of the test that favours the claim least.",
        "",
        "## Evidence",
        "",
    ]
    lines += [f"- **{row.id}**: {row.evidence}" for row in verdicts.itertuples() if row.evidence]
    origins = dict.fromkeys(origin for text in verdicts["connectome"] for origin in text.split("; ") if origin)
    if origins:
        lines += ["", "Connectomes behind these tests:", "", *(f"- {origin}" for origin in origins)]
    return "\n".join(lines) + "\n"


def as_html(verdicts: pd.DataFrame) -> str:
    """The verdicts as one self-contained page for the report."""
    body = []
    for row in verdicts.itertuples():
        evidence = "".join(f"<li>{html.escape(part)}</li>" for part in row.evidence.split("; ") if part)
        details = f"<details><summary>{_count(row.supporting + row.contradicting + row.undecided, 'test')}</summary>"
        body.append(
            f"<tr><td>{html.escape(row.statement)}<br><small>{html.escape(f'{row.paper}, {row.location}')} · "
            f"<code>{html.escape(row.id)}</code>"
            f"{f'<br>connectome {html.escape(row.connectome)}' if row.connectome else ''}</small></td>"
            f'<td class="{row.verdict.replace(" ", "-")}">{row.verdict}</td><td>{_effect(row)}</td>'
            f"<td>{_probability(row.p) if pd.notna(row.p) else ''}</td><td>{row.n or ''}</td>"
            f"<td>{f'{details}<ul>{evidence}</ul></details>' if evidence else ''}</td></tr>"
        )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Claims</title><style>'
        "body{font:15px/1.45 system-ui,sans-serif;margin:2em;max-width:75em;color:#222}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.5em .7em;"
        "border-bottom:1px solid #ddd}small{color:#666}ul{padding-left:1.2em;margin:.3em 0}"
        ".supported{color:#00684a;font-weight:600}.contradicted{color:#b3261e;font-weight:600}"
        ".mixed{color:#8a5a00;font-weight:600}.underpowered,.not-run{color:#666}</style></head><body>"
        f"<h1>Claims, judged at scale “{html.escape(verdicts['scale'].iloc[0])}”</h1>"
        f"<p>{html.escape(summary(verdicts))} Effect, interval, p (Holm-corrected) and n are those of the test that "
        "favours the claim least; every test stands behind its fold.</p>"
        '<table id="claims"><thead><tr><th>claim</th><th>verdict</th><th>effect [interval]</th><th>p</th><th>n</th>'
        f"<th>evidence</th></tr></thead><tbody>{''.join(body)}</tbody></table></body></html>\n"
    )


def summary(verdicts: pd.DataFrame) -> str:
    """How many claims have each verdict, in a sentence."""
    counts = verdicts["verdict"].value_counts()
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if verdict in counts]
    return f"{_count(len(verdicts), 'claim')}: {', '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _effect(row: Any) -> str:
    if pd.isna(row.effect):
        return ""
    return f"{row.effect:+.3g} [{row.interval_low:+.3g}, {row.interval_high:+.3g}]"
