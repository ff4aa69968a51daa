"""The documentation as a site: every page once, every link leads somewhere, nothing is asked of the network."""

import re
from pathlib import Path

import pytest

from result_pages import NASTY, Page, described, runs, write
from richlazy.pages import site

ROOT = Path(__file__).parents[3]
PAGES = {
    "README.md": "# Home\n\nSee [rules](workflow/docs/statistics.md#verdicts), [notes](data/papers/a/notes.md), "
    "[a](gone.md), [b](https://example.org) and [settings](config.yaml).\n\n![f](results/f.png)\n",
    "workflow/docs/statistics.md": f"# Rules\n\n## Verdicts\n\n{NASTY}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "data/papers/a/notes.md": "# Notes\n\n[back](../../../README.md#home)\n",
    "config.yaml": "scale: paper\n",
    "results/f.png": "not looked at",
}  # fmt: skip


@pytest.fixture
def built(tmp_path):
    project = tmp_path / "project"
    for name, text in PAGES.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    given = write(project / "results/reference", {"figure_1": runs()}, experiments=described())
    site.build(project, tmp_path / "site", given)
    return tmp_path / "site"


def test_every_page_is_there_and_each_link_leads_to_a_page_a_file_or_a_heading(built):
    pages = {file.relative_to(built).as_posix(): Page(file.read_text()) for file in built.rglob("*.html")}
    assert set(pages) == {
        "index.html", "results.html", "gallery.html", "workflow/docs/statistics.html", "data/papers/a/notes.html",
    }  # fmt: skip
    for name, page in pages.items():
        assert page.open == []
        for link in [*(one.get("href") for one in page.all("a")), *(one["src"] for one in page.all("img"))]:
            if not link or link.startswith(("data:", "https:")):
                continue
            path, _, anchor = link.partition("#")
            target = (built / name).parent / path if path else built / name
            assert target.resolve().is_file(), f"{name} links to {link}"
            if anchor:
                identities = {one.get("id") for _, one in Page(target.read_text()).elements}
                assert anchor in identities, f"{name} links to {link}"


def test_a_link_to_what_the_site_lacks_is_a_name(built):
    text = (built / "index.html").read_text()
    assert 'title="gone.md"' in text and 'href="gone' not in text
    assert (built / "config.yaml").is_file()


def test_pages_load_nothing_and_can_be_read_without_seeing_them(built):
    for file in built.rglob("*.html"):
        page = Page(file.read_text())
        loaded = [one.get("src", "") for tag, one in page.elements if tag in ("img", "script", "iframe")]
        assert not [link for link in loaded if link.startswith(("http", "//"))]
        assert page.all("html") == [{"lang": "en"}] and page.levels()[0] == 1 and page.levels().count(1) == 1
        assert {"main", "nav"} <= {tag for tag, _ in page.elements}
        assert all(one.get("alt") for one in page.all("img"))


def test_html_within_markdown_is_shown_and_not_obeyed(built):
    text = (built / "workflow/docs/statistics.html").read_text()
    assert "a &lt;b&gt; &amp; &quot;c&quot;" in text and "<b>" not in text


def test_the_gallery_has_every_figure_with_the_way_to_its_networks(built):
    page = Page((built / "gallery.html").read_text())
    assert len(page.all("img")) == 2
    assert "results.html#figure-figure_1" in [one.get("href") for one in page.all("a")]


def test_every_page_of_the_project_belongs_to_the_site_once():
    found = [str(page.source) for page in site.documents(ROOT)]
    assert len(found) == len(set(found))
    written = {file.relative_to(ROOT).as_posix() for file in (ROOT / "workflow/docs").glob("*.md")}
    assert written | {"README.md", "data/papers/liu_2024/notes.md", "results/reference/claims.md"} <= set(found)


@pytest.mark.parametrize("heading", ["1. The verdict", "`x.py`: a b", "Two  blanks"])
def test_anchors_are_those_of_github(heading):
    assert site.anchor(heading) == re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
