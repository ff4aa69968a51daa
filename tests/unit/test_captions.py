"""Captions of the report: what users wrote appears as they wrote it, and nothing of it is taken for markup."""

import html
import re
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
from docutils.core import publish_parts
from hypothesis import given
from hypothesis import strategies as st

from shipped import CONFIG

ROOT = Path(__file__).parents[2]
CAPTIONS = sorted((ROOT / "workflow/report").glob("*.rst"))
OF_USERS = r"params\.(?:title|source)|wildcards\.\w+|config\[\"scale\"\]"
TITLES = [
    r"C:\new\table and \alpha",
    "*emphasis* and **strong**",
    "a_ reference_, `role` and ``literal``",
    "|substitution| [1]_ [#note]_",
    ":math:`x^2`",
    "https://example.org/a_b?c=d&e <b>bold</b>",
    "ends in a star *",
    "ends in a backslash \\",
    " spaces about ",
    "{{ braces }} {% raw %} {# none #}",
    "-- dashes -- and 'quotes' \"\"",
    ".. note:: none",
    "é ß 漢 ∂",
]


def shown(path: Path, title: str, source: str = "no paper") -> str:
    """Text of a caption as the report shows it, made as Snakemake makes it."""
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(path.read_text())
    params = SimpleNamespace(
        title=title, source=source, kind="images", spectrum="eigenvalues", significance_level=0.05,
        statistics={"significance_level": 0.05},
        run={"seed": 0, "time_step_ms": 100.0}, options={}, networks=[{"seed": 0}],
    )  # fmt: skip
    wildcards = SimpleNamespace(experiment="figure_1_", task="a_b_")
    snakemake = SimpleNamespace(params=params, wildcards=wildcards, config=CONFIG)
    body = publish_parts(template.render(snakemake=snakemake), writer="html")["body"]
    assert "system-message" not in body and "problematic" not in body
    text = html.unescape(re.sub(r"<[^>]+>", "", body))
    return re.sub(r"\s+", " ", text)


def params_of_captions() -> dict[str, list[set[str]]]:
    """Names of the params of each rule that has a caption, by the caption."""
    found = {}
    for file in sorted(ROOT.glob("workflow/rules/*.smk")):
        for rule in re.split(r"^ *rule\b", file.read_text(), flags=re.MULTILINE):
            params = re.search(r"^( *)params:\n((?:\1 +.*\n)*)", rule, flags=re.MULTILINE)
            names = set(re.findall(rf"^{params[1]}    (\w+)=", params[2], flags=re.MULTILINE)) if params else set()
            for caption in re.findall(r'caption="\.\./report/(\w+)\.rst"', rule):
                found.setdefault(caption, []).append(names)
    return found


def test_captions_ask_only_for_what_their_rules_give():
    given = params_of_captions()
    assert set(given) == {path.stem for path in CAPTIONS} - {"workflow"}
    for path in CAPTIONS:
        asked = set(re.findall(r"snakemake\.params\.(\w+)", path.read_text()))
        assert all(asked <= names for names in given.get(path.stem, ())), path.stem


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_texts_of_users_appear_as_written(path, title):
    text = shown(path, title, source=title)
    written = " ".join(title.split())
    asked = path.read_text()
    assert ("params.title" not in asked) or text.strip().startswith(written)
    assert ("params.source" not in asked) or f"({written})" in text
    assert ("wildcards.experiment" not in asked) or "experiment figure_1_." in text
    assert ("wildcards.task" not in asked) or text.strip().startswith("a_b_ (images)")


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=60))
def test_any_line_appears_as_written(title):
    if title.strip():
        path = next(path for path in CAPTIONS if path.stem == "losses")
        assert shown(path, title).strip().startswith(" ".join(title.split()))


@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_every_text_of_users_is_escaped(path):
    found = re.findall(r"\{\{([^}]*)\}\}", path.read_text())
    assert [each for each in found if re.search(OF_USERS, each) and "written(" not in each] == []
