"""The table of claims as documents: Markdown for a repository, and a page for the report."""

import html
from typing import Any

import pandas as pd

from richlazy import wording
from richlazy.statistics import claims, verdicts


def as_markdown(table: pd.DataFrame) -> str:
    """The verdicts as a Markdown document: a summary line, a table, repeats, and the evidence of each claim."""
    lines = [f"# Claims, judged at scale “{table['scale'].iloc[0]}”", "", claims.summary(table), ""]
    lines += ["| claim | where | statement | verdict | effect [interval] | p | n |", "|---|---|---|---|---|---|---|"]
    for row in table.itertuples():
        lines.append(
            f"| {row.id} | {row.paper}, {row.location} | {row.statement} | "
            f"**{row.verdict}**{on_tasks(row)}{stand_in(row)} | {effect_of(row)} | {p_of(row)} | {row.n or ''} |"
        )
    lines += ["", f"{_NUMBERS} Rules of the verdicts: workflow/docs/statistics.md.", ""]
    lines += _repeats(table)
    lines += ["## Evidence", ""]
    lines += [f"- **{row.id}**: {row.evidence}" for row in table.itertuples() if row.evidence]
    origins = wording.notes(table["connectome"])
    if origins:
        lines += ["", "Connectomes behind these tests:", "", *(f"- {origin}" for origin in origins)]
    return "\n".join(lines) + "\n"


_NUMBERS = (
    "Effect, interval and n are those of the test that favours the claim least; per cent are those of the difference "
    "over the median of the reference; p is the largest of all tests, that of the claim as their conjunction. Below it "
    "p is corrected after Holm over the tests of the claim, except where a conjunction supports it."
)


def _repeats(table: pd.DataFrame) -> list[str]:
    """Table of the claims whose experiments were repeated, a column for each way."""
    words = {
        row.id: dict(part.rsplit(": ", 1) for part in row.repeats.split("; "))
        for row in table.itertuples()
        if row.repeats
    }
    ways = list(dict.fromkeys(way for of_one in words.values() for way in of_one))
    if not ways:
        return []
    first = dict(zip(table["id"], table["verdict"], strict=True))
    lines = ["## The same under other choices", "", f"| claim | as judged above | {' | '.join(ways)} |"]
    lines.append("|---|---|" + "---|" * len(ways))
    lines += [
        f"| {name} | {first[name]} | {' | '.join(of_one.get(way, '') for way in ways)} |"
        for name, of_one in words.items()
    ]
    return [*lines, ""]


def as_html(table: pd.DataFrame) -> str:
    """The verdicts as one self-contained page for the report."""
    body = []
    for row in table.itertuples():
        evidence = "".join(f"<li>{html.escape(part)}</li>" for part in row.evidence.split("; ") if part)
        tests = wording.counted(row.supporting + row.contradicting + row.undecided, "test")
        again = f"<br><small>{html.escape(row.repeats)}</small>" if row.repeats else ""
        body.append(
            f"<tr><td>{html.escape(row.statement)}<br><small>{html.escape(f'{row.paper}, {row.location}')} · "
            f"<code>{html.escape(row.id)}</code>"
            f"{f'<br>connectome {html.escape(row.connectome)}' if row.connectome else ''}</small></td>"
            f'<td class="{row.verdict.replace(" ", "-")}">{row.verdict}'
            f"{html.escape(on_tasks(row) + stand_in(row))}{again}</td><td>{html.escape(effect_of(row))}</td>"
            f"<td>{p_of(row)}</td><td>{row.n or ''}</td>"
            f"<td>{f'<details><summary>{tests}</summary><ul>{evidence}</ul></details>' if evidence else ''}</td></tr>"
        )
    rules = "".join(f"<li><b>{word}</b>: {html.escape(rule)}</li>" for word, rule in verdicts.RULES.items())
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Claims</title><style>'
        "body{font:15px/1.45 system-ui,sans-serif;margin:2em;max-width:75em;color:#222}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.5em .7em;"
        "border-bottom:1px solid #ddd}small{color:#666}ul{padding-left:1.2em;margin:.3em 0}"
        "td:nth-child(2){font-weight:600}td small{font-weight:400}"
        ".supported,.partly-supported{color:#00684a}.contradicted{color:#b3261e}"
        ".conflicting,.not-monotone,.negligible-effect{color:#8a5a00}"
        ".undecided,.too-few-runs,.not-run{color:#666}</style></head><body>"
        f"<h1>Claims, judged at scale “{html.escape(table['scale'].iloc[0])}”</h1>"
        f"<p>{html.escape(claims.summary(table))} {_NUMBERS} Every test stands behind its fold.</p>"
        f"<details><summary>Rules of the verdicts</summary><ul>{rules}</ul></details>"
        '<table id="claims"><thead><tr><th>claim</th><th>verdict</th><th>effect [interval]</th><th>p</th><th>n</th>'
        f"<th>evidence</th></tr></thead><tbody>{''.join(body)}</tbody></table></body></html>\n"
    )


def on_tasks(row: Any) -> str:
    """What a verdict says beside its word of the tasks that were tested, which may be fewer than in the paper."""
    names = [wording.named(name, {}) for name in row.tasks.split("; ") if name]
    return f" on {wording.listed(names, 120)}" if names else ""


def stand_in(row: Any) -> str:
    """What a verdict says beside its word where data stand in for those of the paper."""
    return f" (substitute: {row.substitute})" if row.substitute else ""


def effect_of(row: Any, measure: str = "") -> str:
    """What the test that favours a claim least is of, and its effect with interval; empty where nothing was tested.

    Args:
        row: of the table of claims.
        measure: what the document calls the measure of that test; empty for its name.
    """
    if pd.isna(row.effect):
        return ""
    of = ", ".join(filter(None, [measure or row.measure, row.contrast]))
    sign = "τ " if row.effect_is == "Kendall's tau" else ""
    share = f", {claims.percent(row.relative_effect)}" if pd.notna(row.relative_effect) else ""
    ends = f"[{claims.signed(row.interval_low)}, {claims.signed(row.interval_high)}]"
    margin = f", margin {row.margin:.2g}" if pd.notna(row.margin) else ""
    return f"{of}: {sign}{claims.signed(row.effect)} {ends}{share}{margin}"


def p_of(row: Any) -> str:
    """Largest p of the tests for a claim; empty where nothing was tested."""
    return claims.probability(row.p) if pd.notna(row.p) else ""
