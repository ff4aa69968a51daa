"""How many claims of each figure of a paper have each verdict, for the terminal and for pages."""

import re

import pandas as pd

from richlazy import wording
from richlazy.statistics import verdicts

# Of the table in a terminal.
_LINES = 12


def figure_of(location: str) -> str:
    """The figure of a paper to which a claim belongs, such as ``Figure 1``; of a claim without one its first place.

    Args:
        location: of the claim, such as ``Section 3, first paragraph; title of Figure 1``, or
            ``networks of Liu et al. 2024, Figure 1``, which names another paper.
    """
    figure = re.search(r"(?:(\w+) et al\. \d+, )?Figures? (S?\d+)", location)
    if figure:
        return f"{figure[1]}, Figure {figure[2]}" if figure[1] else f"Figure {figure[2]}"
    return re.split(r"[;,(]", location)[0].strip()


def _place(figure: str) -> tuple[int, int, str]:
    """Order of figures: by number, those of a supplement after them, then all other places by name."""
    number = re.fullmatch(r"(?:\w+, )?Figure (S?)(\d+)", figure)
    return (len(number[1]), int(number[2]), figure) if number else (2, 0, figure)


def by_figure(table: pd.DataFrame) -> pd.DataFrame:
    """Number of claims by paper and figure (rows) and verdict (columns, those that occur, in their usual order)."""
    places = table["location"].map(figure_of)
    counts = pd.crosstab([table["paper"], places.rename("figure")], table["verdict"])
    rows = sorted(counts.index, key=lambda row: (row[0], _place(row[1])))
    return counts.loc[rows, [word for word in verdicts.VERDICTS if word in counts]]


def as_text(table: pd.DataFrame) -> list[str]:
    """The same as an aligned table of a dozen lines at most, heading and sum included.

    Figures of which no claim was tested are left out; those for which there is no line are summed in one.
    """
    counts = by_figure(table)
    words = [word for word in counts if word != "not run"]
    tested = counts.loc[counts[words].sum(axis=1) > 0, words]
    room = _LINES - 3  # beside two lines of heading and the sum
    if len(tested) > room:
        kept = tested.sum(axis=1).sort_values(ascending=False, kind="stable").index[: room - 1]
        others = tested.drop(kept)
        tested = tested.loc[[row for row in tested.index if row in kept]]
        tested.loc[("others", f"{len(others)} figures and sections"), :] = others.sum()
    # Words of two parts stand below each other.
    parts = [word.rpartition(" ")[::2] for word in words]
    lines = [("", [first for first, _ in parts]), ("", [last for _, last in parts])]
    for (paper, figure), row in zip(tested.index, tested.to_numpy(), strict=True):
        lines.append((f"{paper.replace(' et al.', '')}, {figure}", [_count(number) for number in row]))
    lines.append((f"all, {tested_of(table)}", [_count(number) for number in counts[words].sum()]))
    longest = max(len(name) for name, _ in lines)
    widths = [max(len(cells[place]) for _, cells in lines) for place in range(len(words))]
    return [
        "  ".join([f"{name:<{longest}}", *map(str.rjust, cells, widths)]).rstrip()
        for name, cells in lines
        if any(cells)
    ]


def substitutes(table: pd.DataFrame) -> list[str]:
    """A line for each thing that stands in for data of a paper, with the number of tested claims that rest on it."""
    tested = table[(table["verdict"] != "not run") & table["substitute"].fillna("").ne("")]
    counts = tested["substitute"].value_counts()
    return [f"{number} of these with {what}" for what, number in counts.items()]


def tested_of(table: pd.DataFrame) -> str:
    """How many claims were tested, of how many."""
    return f"{int((table['verdict'] != 'not run').sum())} of {wording.counted(len(table), 'claim')} tested"


def _count(number: float) -> str:
    return str(int(number)) if number else "·"
