"""Numbers that papers give, beside ours: difference, interval over seeds, and whether they agree."""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from richlazy import wording
from richlazy.statistics import estimators

AGREEMENTS = ("within", "compatible", "differs", "not run", "not compared")

COLUMNS: dict[str, str] = {
    "paper": "folder of the paper in data/papers",
    "quantity": "what the number is, in our own words",
    "location": "figure, table, equation, caption or section of the paper",
    "unit": "of theirs and ours; 1 for a pure number",
    "theirs": "the number that the paper gives",
    "uncertainty": "half width of the range in which theirs lies; null for a bound, and for a setting, which is exact",
    "bound": "at most or at least, where the paper gives a bound; null otherwise",
    "obtained": "how the number was obtained where the paper does not print it; null where it does",
    "source": "experiment, or key of the configuration, that has our number; null where it has no counterpart",
    "measure": "measure of the experiment; null for a setting",
    "statistic": "mean or median over seeds, or ratio of them; null for a setting",
    "condition": "networks that are taken, and against which others; null for a setting",
    "ours": "our number; null where it was not run",
    "interval_low": "lower end of its interval over seeds; null where one seed or a setting has none",
    "interval_high": "upper end of it",
    "n": "seeds that have a value",
    "without_value": "seeds of which the measure is not known",
    "difference": "ours - theirs",
    "factor": "the larger of ours / theirs and theirs / ours, where both are above 0",
    "agreement": "within: ours lies in the range or bound of theirs; compatible: its interval alone meets it; differs: "
    "neither does; not run; not compared: there is nothing of ours",
    "note": "what explains a difference, where that is known",
}
_TEXTS = (
    "paper",
    "quantity",
    "location",
    "unit",
    "bound",
    "obtained",
    "source",
    "measure",
    "statistic",
    "condition",
    "note",
)


def compare(values: Iterable[Mapping[str, Any]], tables: Mapping[str, pd.DataFrame], confidence: float) -> pd.DataFrame:
    """Set ours beside theirs.

    Args:
        values: entries of published_values.yaml of all papers, as ``registers.load_published_values`` gives them.
        tables: table of runs of each experiment that was run, by its name.
        confidence: of the intervals, such as 0.95.

    Returns:
        One row per number, columns ``COLUMNS``; of a list each number is a row.

    Raises:
        ValueError: where an entry names several networks of a seed.
    """
    rows = [_row(value, number, tables, confidence) for value in values for number in _listed(value["value"])]
    kinds = dict.fromkeys(COLUMNS, "float") | dict.fromkeys((*_TEXTS, "agreement"), "string")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds | dict.fromkeys(("n", "without_value"), "int64"))


def _row(
    value: Mapping[str, Any], theirs: float, tables: Mapping[str, pd.DataFrame], confidence: float
) -> dict[str, Any]:
    row = {name: value[name] for name in _TEXTS if name in value}
    row |= {"theirs": float(theirs), "uncertainty": value.get("uncertainty"), "ours": math.nan}
    row |= {"n": 0, "without_value": 0, "agreement": "not compared"}
    if "configuration" in value:
        is_number = isinstance(value["configured"], (int, float))
        row |= {"source": value["configuration"], "ours": float(value["configured"]) if is_number else math.nan}
    elif "ours" in value:
        row |= {"agreement": "not run", **_ours(value["quantity"], value["ours"], tables, confidence)}
    return row | _compared(row)


def _compared(row: Mapping[str, Any]) -> dict[str, Any]:
    ours, theirs = row["ours"], row["theirs"]
    if math.isnan(ours):
        return {}
    margin, bound = row["uncertainty"] or 0.0, row.get("bound")
    lowest = -math.inf if bound == "at_most" else theirs - margin
    highest = math.inf if bound == "at_least" else theirs + margin
    ends = [row.get(name, math.nan) for name in ("interval_low", "interval_high")]
    low, high = (ours if math.isnan(end) else end for end in ends)
    met = "compatible" if low <= highest and high >= lowest else "differs"
    factor = max(ours / theirs, theirs / ours) if ours > 0 and theirs > 0 else math.nan
    within = lowest <= ours <= highest
    return {"difference": ours - theirs, "factor": factor, "agreement": "within" if within else met}


def _ours(
    quantity: str, ours: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], confidence: float
) -> dict[str, Any]:
    where, against = ours.get("where", {}), ours.get("relative_to")
    words = _words(where) + (f", over {_words(against)}" if against else "")
    row = {"source": ours["experiment"], "measure": ours["measure"], "condition": words}
    row["statistic"] = f"ratio of {ours['statistic']}s" if against else ours["statistic"]
    table = tables.get(ours["experiment"])
    if table is None:
        return row
    sample = _by_seed(quantity, table, ours["measure"], where)
    if against:
        reference = _by_seed(quantity, table, ours["measure"], {**where, **against})
        both = pd.concat([sample, reference], axis=1, keys=["value", "reference"])
    else:
        both = sample.to_frame("value").assign(reference=1.0)
    known = both.dropna()
    known = known[~np.isinf(known).all(axis=1)]
    row |= {"n": len(known), "without_value": len(both) - len(known)}
    if len(known):
        of_one = _mean if ours["statistic"] == "mean" else _median
        point, low, high = of_one(known["value"].to_numpy(float), known["reference"].to_numpy(float), confidence)
        row |= {"ours": point, "interval_low": low, "interval_high": high}
    return row


def _by_seed(quantity: str, table: pd.DataFrame, measure: str, where: Mapping[str, Sequence[Any]]) -> pd.Series:
    """The measure of each seed of the networks that some values of columns choose; empty where none are."""
    if measure not in table:
        return pd.Series(dtype=float)
    chosen = table
    for column, values in where.items():
        chosen = chosen[chosen[column].isin(values)] if column in chosen else chosen.iloc[:0]
    twice = chosen["seed"][chosen["seed"].duplicated()]
    if len(twice):
        raise ValueError(
            f"published value {quantity!r} names {len(chosen)} networks, several of seed {twice.iloc[0]}; "
            "add what tells them apart to its where"
        )
    return chosen.set_index("seed")[measure].astype(float)


def _mean(values: np.ndarray, references: np.ndarray, confidence: float) -> tuple[float, float, float]:
    """Ratio of two means of pairs, with Fieller's interval; with references of 1 the mean and that of the t-test.

    A ratio r lies in the interval unless the paired t-test finds that values and r times the references differ
    (Fieller 1954).
    """
    number = len(values)
    point = float(values.mean() / references.mean())
    if number < 2 or not np.isfinite(point):
        return point, math.nan, math.nan
    covariance = np.cov(values, references) * stats.t.ppf((1 + confidence) / 2, number - 1) ** 2 / number
    square = references.mean() ** 2 - covariance[1, 1]
    half = values.mean() * references.mean() - covariance[0, 1]
    rest = values.mean() ** 2 - covariance[0, 0]
    if square <= 0:  # the references may have a mean of 0
        return point, -math.inf, math.inf
    width = math.sqrt(max(half**2 - square * rest, 0.0))
    return point, float((half - width) / square), float((half + width) / square)


def _median(values: np.ndarray, references: np.ndarray, confidence: float) -> tuple[float, float, float]:
    """Median of values over references, with the interval of the sign test; of too few seeds it is their range.

    Values may be infinite. Fewer than six seeds reach no 95 %: the range of five covers the median in 93.75 %.
    """
    ordered = np.sort(values / references)
    number = len(ordered)
    point = float(np.median(ordered)) if number % 2 else float(ordered[number // 2 - 1 : number // 2 + 1].mean())
    if number < 2:
        return point, math.nan, math.nan
    return point, *estimators.median_interval(ordered, confidence)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _words(where: Mapping[str, Sequence[Any]]) -> str:
    return ", ".join(f"{column} {' or '.join(map(str, values))}" for column, values in where.items())


_HEADER = ("quantity", "where", "theirs", "ours [interval]", "n", "difference", "agreement", "ours is")
_EXPLAINED = (
    "Within their uncertainty: ours lies in the range of theirs. Compatible: it does not, but its interval over seeds "
    "meets it; a wide interval does so easily. The uncertainty is half of the last digit that was printed or read; of "
    "the spread of a paper's own networks it knows nothing.",
)


def as_markdown(rows: pd.DataFrame) -> str:
    """The comparison as a Markdown document: of each paper results, settings, and what explains differences."""
    lines = ["# Numbers of the papers, beside ours", "", summary(rows), "", *_EXPLAINED]
    for paper, of_paper in rows.groupby("paper", sort=False):
        lines += ["", f"## {paper}"]
        for title, part in _parts(of_paper):
            lines += ["", f"### {title}", "", f"| {' | '.join(_HEADER)} |", "|---" * len(_HEADER) + "|"]
            lines += [f"| {' | '.join(cell.replace('|', '/') for cell in _cells(row))} |" for row in part.itertuples()]
            lines += ["", *(f"- {'; '.join(quantities)}: {note}" for note, quantities in _notes(part))]
    return "\n".join(lines).rstrip() + "\n"


def as_html(rows: pd.DataFrame) -> str:
    """The same as one self-contained page for the report."""
    body = []
    for paper, of_paper in rows.groupby("paper", sort=False):
        body.append(f"<h2>{html.escape(paper)}</h2>")
        for title, part in _parts(of_paper):
            lines = [_html_row("th", _HEADER)]
            lines += [_html_row("td", _cells(row), row.agreement.replace(" ", "-")) for row in part.itertuples()]
            notes = (f"{'; '.join(quantities)}: {note}" for note, quantities in _notes(part))
            remarks = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
            body.append(f"<h3>{title}</h3><table>{''.join(lines)}</table><ul>{remarks}</ul>")
    explained = "".join(f"<p>{html.escape(text)}</p>" for text in (summary(rows), *_EXPLAINED))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Numbers of the papers</title><style>'
        "body{font:15px/1.45 system-ui,sans-serif;margin:2em;max-width:85em;color:#222}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4em .6em;"
        "border-bottom:1px solid #ddd}.differs td:nth-child(7){color:#b3261e;font-weight:600}"
        ".compatible td:nth-child(7){color:#8a5a00}.within td:nth-child(7){color:#00684a;font-weight:600}"
        ".not-run,.not-compared{color:#666}</style></head>"
        f"<body><h1>Numbers of the papers, beside ours</h1>{explained}{''.join(body)}</body></html>\n"
    )


def _html_row(tag: str, cells: Iterable[str], name: str = "") -> str:
    inner = "".join(f"<{tag}>{html.escape(cell.replace('**', ''))}</{tag}>" for cell in cells)
    return f'<tr class="{name}">{inner}</tr>'


def summary(rows: pd.DataFrame) -> str:
    """How many numbers agree, in a sentence."""
    parts = []
    for title, part in _parts(rows):
        counts = part["agreement"].value_counts()
        words = ", ".join(f"{counts[word]} {word}" for word in AGREEMENTS if word in counts)
        parts.append(f"{title.lower()}: {words}")
    return f"{wording.counted(len(rows), 'number')}; {'; '.join(parts)}."


def _parts(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    is_result, has_ours = rows["measure"].notna(), rows["source"].notna()
    parts = {"Results": is_result, "Settings": has_ours & ~is_result, "Without a counterpart": ~has_ours}
    return [(title, rows[chosen]) for title, chosen in parts.items() if chosen.any()]


def _notes(rows: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Each note with the quantities that it is about."""
    return [(str(note), list(part["quantity"])) for note, part in rows.groupby("note", sort=False)]


def _cells(row: Any) -> list[str]:
    where = row.location + ("" if pd.isna(row.obtained) else f" ({row.obtained})")
    theirs = _number(row.theirs) if pd.isna(row.bound) else f"{row.bound.replace('_', ' ')} {_number(row.theirs)}"
    theirs += "" if math.isnan(row.uncertainty) else f" ± {row.uncertainty:.2g}"
    theirs += "" if row.unit == "1" else f" {row.unit}"
    ours = "" if math.isnan(row.ours) else _number(row.ours)
    if not math.isnan(row.interval_low):
        ours += f" [{_number(row.interval_low)}, {_number(row.interval_high)}]"
    seeds = f"{row.n} of {row.n + row.without_value}" if row.without_value else str(row.n or "")
    difference = "" if math.isnan(row.difference) else f"{row.difference:+.3g}"
    own = "" if pd.isna(row.source) else row.source
    if not pd.isna(row.measure):
        own = f"{row.statistic} of {row.measure} in {own}, {row.condition}"
    return [row.quantity, where, theirs, ours, seeds, difference, _agreement(row), own]


def _number(value: float) -> str:
    return f"{value:.0f}" if 1000 <= abs(value) < math.inf else f"{value:.4g}"


def _agreement(row: Any) -> str:
    if row.agreement == "within":
        return "equal" if pd.isna(row.measure) else f"within their {'uncertainty' if pd.isna(row.bound) else 'bound'}"
    if row.agreement not in ("compatible", "differs") or math.isnan(row.factor):
        return str(row.agreement)
    far = f"a factor of {row.factor:.3g}" if row.factor >= 1.1 else f"{100 * (row.factor - 1):.2g} %"
    return f"**differs by {far}**" if row.agreement == "differs" else f"compatible ({far})"
