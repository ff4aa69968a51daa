"""Counts of verdicts by paper and figure, and the table of a dozen lines that the terminal shows."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from richlazy.statistics import claim_counts, claims, verdicts
from richlazy.storage import parquet

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("location", "figure"),
    [
        ("Figure 1B (2AF, DMS, CXT); Section 3, first paragraph on SVD", "Figure 1"),
        ("Section 3, first paragraph on SVD; title of Figure 1", "Figure 1"),
        ("Figures 3(b,c) and 4(d)", "Figure 3"),
        ("Section 2, RNN model; supplementary Figure S1", "Figure S1"),
        ("Figure 14A, Appendix C.2", "Figure 14"),
        ("Theorem 1; Appendix B.1", "Theorem 1"),
        ("Section 3, higher-order terms (Eq. 14)", "Section 3"),
        ("networks of Liu et al. 2024, Figure 2B, at the loss that all reach", "Liu, Figure 2"),
        ("symmetric e-prop on the networks of Liu et al. 2024, Figure 1", "Liu, Figure 1"),
    ],
)
def test_a_claim_belongs_to_its_figure_or_else_to_its_first_place(location, figure):
    assert claim_counts.figure_of(location) == figure


def table_of(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["paper", "location", "verdict"])


def test_figures_stand_in_the_order_of_their_numbers_and_every_claim_counts_once():
    places = ["Section 4", "Figure 10", "Figure S1", "Figure 2", "Figure 2", "Abstract"]
    counts = claim_counts.by_figure(table_of([("A 2020", place, "supported") for place in places]))
    assert [figure for _, figure in counts.index] == ["Figure 2", "Figure 10", "Figure S1", "Abstract", "Section 4"]
    assert counts.to_numpy().sum() == len(places)


@pytest.mark.parametrize("figures", [1, 8, 9, 10, 40])
def test_the_table_of_the_terminal_is_aligned_has_a_dozen_lines_and_counts_every_tested_claim(figures):
    rows = [
        ("A et al. 2020", f"Figure {number}", word) for number in range(1, figures + 1) for word in verdicts.VERDICTS
    ]
    lines = claim_counts.as_text(table_of(rows))
    assert len(lines) == 3 + min(figures, 9)
    assert any(line.startswith("others, ") for line in lines) == (figures > 9)
    assert len({len(line) for line in lines[2:]}) == 1  # the last column is set to the right
    cells = [[int(cell) for cell in line.split("  ")[1:] if cell.strip(" ·")] for line in lines[2:]]
    assert cells[-1] == [figures] * (len(verdicts.VERDICTS) - 1)
    assert [sum(column) for column in zip(*cells[:-1], strict=True)] == cells[-1]


def test_figures_with_the_most_tested_claims_have_a_line_of_their_own_and_the_first_of_equals():
    rows = [("A 2020", f"Figure {number}", "supported") for number in [*range(1, 31), *range(5, 31, 5)]]
    lines = claim_counts.as_text(table_of(rows))
    kept = [1, 2, 5, 10, 15, 20, 25, 30]
    assert [line.split("  ")[0] for line in lines[1:-2]] == [f"A 2020, Figure {number}" for number in kept]
    assert lines[-2].split() == ["others,", "22", "figures", "and", "sections", "22"]


def test_what_was_not_run_has_no_line():
    lines = claim_counts.as_text(table_of([("A 2020", "Figure 1", "supported"), ("A 2020", "Figure 2", "not run")]))
    assert [line.split("  ")[0] for line in lines[1:]] == ["A 2020, Figure 1", "all, 1 of 2 claims tested"]


def test_tested_claims_that_rest_on_what_stands_in_for_data_are_counted():
    found = ["supported", "undecided", "not run", "supported", "supported"]
    table = pd.DataFrame({"verdict": found, "substitute": ["drawn for data", "drawn for data", "x for y", None, ""]})
    assert claim_counts.substitutes(table) == ["2 of these with drawn for data"]
    assert claim_counts.substitutes(table.iloc[2:]) == []


def test_the_terminal_ends_with_the_way_to_the_page(tmp_path):
    sys.path.insert(0, str(ROOT / "workflow/scripts"))
    import print_verdicts

    row = dict.fromkeys(claims.CLAIM_COLUMNS, "") | {"paper": "A 2020", "location": "Figure 1", "verdict": "undecided"}
    table = pd.DataFrame([row | {"scale": "tiny"}])
    parquet.save_table(tmp_path / "claims.parquet", table, claims.CLAIM_COLUMNS)
    lines = print_verdicts.outcome(tmp_path)
    assert len(lines) <= 15
    assert f"{tmp_path / 'index.html'} (open it in a browser; scale tiny)" in lines[-2]
