"""The documentation as a site: every page of Markdown, the published results, and a gallery of their figures.

The folders of the site are those of the project, so that links between pages, and to figures, stay as they are.
"""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from richlazy.pages import results_page
from richlazy.pages.results_page import SHOWN, Given

# Heading of each group of pages, and where its pages are; the first is the start.
GROUPS = {
    "Start": ("README.md",),
    "Findings": ("data/papers/*/notes.md", "results/reference/claims.md", "results/reference/published_values.md"),
    "Tutorials": tuple(f"workflow/docs/{page}.md" for page in ("your_*", "trace_a_number", "extending", "importing")),
    "Reference": ("workflow/docs/*.md", "results/reference/*.md", "CONTRIBUTING.md", "CHANGELOG.md"),
}  # fmt: skip
_RESULTS, _GALLERY = PurePosixPath("results.html"), PurePosixPath("gallery.html")


@dataclass(frozen=True)
class Document:
    """A page of Markdown.

    Attributes:
        source: its file, relative to the project.
        group: of which it is one.
        title: its first heading.
    """

    source: PurePosixPath
    group: str
    title: str

    @property
    def address(self) -> PurePosixPath:
        """Its page in the site."""
        return _address(self.source)


def _address(source: PurePosixPath) -> PurePosixPath:
    return PurePosixPath("index.html") if source == PurePosixPath("README.md") else source.with_suffix(".html")


def documents(project: Path) -> list[Document]:
    """Every page of the project's documentation, each once, by group."""
    found: dict[PurePosixPath, Document] = {}
    for group, patterns in GROUPS.items():
        for file in (file for pattern in patterns for file in sorted(project.glob(pattern))):
            source = PurePosixPath(file.relative_to(project).as_posix())
            heading = re.search(r"^# (.+)$", file.read_text(), re.MULTILINE)
            title = "Start" if group == "Start" else heading[1].replace("`", "") if heading else source.stem
            found.setdefault(source, Document(source, group, title))
    return list(found.values())


def build(project: Path, folder: Path, reference: Given) -> None:
    """Write the site.

    Args:
        project: folder of the project.
        folder: to write to; what an earlier site left there is removed.
        reference: the published results.
    """
    shutil.rmtree(folder, ignore_errors=True)
    pages, template = documents(project), results_page.environment().get_template("site.html")
    copied: set[PurePosixPath] = set()
    known = {page.source for page in pages}
    for page in pages:
        body = _body(project, page, known, copied)
        _write(folder, page.address, template.render(title=page.title, body=body, **_frame(page.address, pages)))
    experiments = _figures(reference, project, copied)
    gallery = results_page.environment().get_template("gallery.html").render(groups=experiments, results=_RESULTS)
    _write(folder, _GALLERY, template.render(title="Gallery", body=gallery, **_frame(_GALLERY, pages)))
    _write(folder, _RESULTS, results_page.render(reference))
    for file in copied:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / file, target)


def _frame(address: PurePosixPath, pages: Iterable[Document]) -> dict[str, object]:
    """Navigation of a page: link, title and whether it is this one, by group."""

    def entry(target: PurePosixPath, title: str) -> tuple[str, str, bool]:
        return _relative(target, address), title, target == address

    groups: dict[str, list[tuple[str, str, bool]]] = {}
    for page in pages:
        groups.setdefault(page.group, []).append(entry(page.address, page.title))
    groups["Start"] += [entry(_RESULTS, "Results"), entry(_GALLERY, "Gallery of figures")]
    return {"groups": groups}


def _relative(target: PurePosixPath, start: PurePosixPath) -> str:
    return os.path.relpath(target, start.parent)


def _write(folder: Path, address: PurePosixPath, text: str) -> None:
    target = folder / address
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def _body(project: Path, page: Document, known: set[PurePosixPath], copied: set[PurePosixPath]) -> str:
    """A page of Markdown as HTML: headings with anchors as GitHub makes them, links within the site, figures copied."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse((project / page.source).read_text())
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[place + 1].content))
        elif token.type == "table_open":
            token.attrSet("class", "wide")
        for child in token.children or ():
            _adapt(child, project, page, known, copied)
    html = parser.renderer.render(tokens, parser.options, {})
    opened = '<div class="scroll" role="region" tabindex="0" aria-label="Table"><table'
    return str(html).replace("<table", opened).replace("</table>", "</table></div>")


def anchor(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _adapt(token: Token, project: Path, page: Document, known: set[PurePosixPath], copied: set[PurePosixPath]) -> None:
    """Let a link lead to a page or file of the site; what the site does not have stays a name without a link."""
    key = {"link_open": "href", "image": "src"}.get(token.type)
    link = str(token.attrGet(key)) if key else ""
    if not key or re.match(r"\w+:|#", link):
        return
    path, _, fragment = link.partition("#")
    target = PurePosixPath(os.path.normpath(page.source.parent / path))
    if target in known:
        token.attrSet(key, _relative(_address(target), page.address) + (f"#{fragment}" if fragment else ""))
    elif (project / target).is_file() and not target.is_absolute() and ".." not in target.parts:
        copied.add(target)
        token.attrSet(key, _relative(target, page.address))
    else:
        token.attrs.pop(key)
        token.attrSet("title", str(target))


def _figures(
    reference: Given, project: Path, copied: set[PurePosixPath]
) -> Mapping[str, list[tuple[str, str, list[tuple[str, str]]]]]:
    """Figures of every published experiment, by paper: its name, its title, and path and text of each figure."""
    found: dict[str, list[tuple[str, str, list[tuple[str, str]]]]] = {}
    for asked in results_page.ordered(reference):
        files = [reference.folder / "experiments" / asked.name / "figures" / f"{name}.png" for name in asked.figures]
        there = [PurePosixPath(file.relative_to(project).as_posix()) for file in files if file.exists()]
        copied.update(there)
        shown = [(str(file), f"{SHOWN.get(file.stem, file.stem)}: {asked.title}") for file in there]
        found.setdefault(results_page.group_of(asked), []).append(
            (asked.name, f"{asked.title} ({asked.source})", shown)
        )
    return found
