"""RO-Crate of the published results: what each file is, which run made it, with what code and which parameters.

``ro-crate-metadata.json`` follows RO-Crate 1.1 and the profile Process Run Crate 0.5: each published experiment is an
action of the workflow at the commit of its provenance. Not the profiles of workflow runs: these want the workflow
itself among the files, and it lies outside of this folder. It is made from what stands in the folder and CITATION.cff
alone, so that equal results give equal bytes.
"""

import datetime
import json
import mimetypes
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from richlazy import reference
from richlazy.storage import array_io
from richlazy.wording import counted

METADATA = "ro-crate-metadata.json"
# Checksums are no term of RO-Crate 1.1.
_CONTEXT = '["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]'
_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_LICENCES = {"MIT": "https://spdx.org/licenses/MIT"}
_PARQUET = "application/vnd.apache.parquet"
# Settings of an experiment that are parameters of its run, beside those of its grid.
_PARAMETERS = ("preset", "seeds", "compare")

# Day of an earlier crate.
_PUBLISHED = re.compile(r'"@type": "Dataset".*"datePublished": "(\d{4}-\d\d-\d\d)"')

Entity = dict[str, Any]


def save(folder: str | Path, project: str | Path) -> None:
    """Describe published results in ``ro-crate-metadata.json``.

    Args:
        folder: of the published results, with ``config.yaml``.
        project: folder of the workflow, with CITATION.cff; a git checkout where days of commits are to be known.

    Raises:
        ValueError: when the provenance of an experiment is damaged.
        KeyError: for a licence that has no address here.
    """
    path = Path(folder, METADATA)
    cited = yaml.safe_load(Path(project, "CITATION.cff").read_text())
    config = yaml.safe_load(Path(folder, "config.yaml").read_text())
    origins = {
        file.parent.name: array_io.load_json(file, sealed=False)  # the oldest carry no checksum
        for file in sorted(Path(folder).glob("experiments/*/provenance.json"))
    }
    # Whatever a merge has made of it.
    published = _PUBLISHED.findall(path.read_text()) if path.exists() else []
    files = [_file(file, Path(folder)) for file in sorted(Path(folder).rglob("*")) if file.is_file() and file != path]
    actions = list(_actions(origins, config, [file["@id"] for file in files], cited))
    root = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": _to(_PROFILE),
        "name": f"Reference results of {cited['title']}",
        "description": "Tables, statistics, figures and verdicts of trained networks; README.md says more.",
        "datePublished": _day({origin["commit"] for origin in origins.values()}, published, Path(project)),
        "license": _to(_LICENCES[cited["license"]]),
        "author": [_to(author["@id"]) for author in _authors(cited)],
        "citation": [_to(paper["@id"]) for paper in _papers(cited) if paper["@type"] == "ScholarlyArticle"],
        "mentions": [_to(action["@id"]) for action in actions if action["@type"] == "CreateAction"],
        "hasPart": [_to(file["@id"]) for file in files],
    }
    licence = {"@id": _LICENCES[cited["license"]], "@type": "CreativeWork", "name": f"{cited['license']} licence"}
    profile = {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    about = {"@id": METADATA, "@type": "CreativeWork", "conformsTo": _to(_SPECIFICATION), "about": _to("./")}
    graph = [about, root, licence, profile, *_authors(cited), *_papers(cited), *actions, *files]
    # Of what several speak of, such as a version of a package, one entity; a line each, so that diffs are readable.
    lines = dict.fromkeys(json.dumps(entity, ensure_ascii=False) for entity in graph)
    array_io.save_text(path, f'{{"@context": {_CONTEXT}, "@graph": [\n' + ",\n".join(lines) + "\n]}\n")


def _to(identity: str) -> Entity:
    return {"@id": identity}


def _file(path: Path, folder: Path) -> Entity:
    form = _PARQUET if path.suffix == ".parquet" else mimetypes.guess_type(path.name)[0] or "text/plain"
    return {
        "@id": path.relative_to(folder).as_posix(),
        "@type": "File",
        "name": path.name,
        "encodingFormat": {".md": "text/markdown", ".yaml": "application/yaml"}.get(path.suffix, form),
        "contentSize": str(path.stat().st_size),
        "sha256": array_io.checksum(path),
    }


def _authors(cited: Mapping[str, Any]) -> list[Entity]:
    return [_author(author) for author in cited["authors"]]


def _author(author: Mapping[str, str]) -> Entity:
    if "name" in author:
        return {"@id": f"#{author['name'].replace(' ', '-')}", "@type": "Organization", "name": author["name"]}
    name = f"{author['given-names']} {author['family-names']}"
    return {"@id": f"#{name.replace(' ', '-')}", "@type": "Person", "name": name}


def _papers(cited: Mapping[str, Any]) -> Iterator[Entity]:
    for paper in cited["references"]:
        authors = [_author(author) for author in paper["authors"]]
        [number] = [one["value"] for one in paper["identifiers"] if one["value"].startswith("arXiv:")]
        yield {
            "@id": f"https://arxiv.org/abs/{number.removeprefix('arXiv:')}",
            "@type": "ScholarlyArticle",
            "name": paper["title"],
            "author": [_to(author["@id"]) for author in authors],
            "datePublished": str(paper["year"]),
        }
        yield from authors


def _actions(
    origins: Mapping[str, Mapping[str, Any]], config: Mapping[str, Any], files: Iterable[str], cited: Mapping[str, Any]
) -> Iterator[Entity]:
    """The run of each experiment, the workflow at its commit, packages and parameters."""
    names = list(files)
    for experiment, origin in origins.items():
        settings = config["experiments"][experiment]
        packages = {"python": origin["python"]} | origin["versions"]
        packages |= {name: origin["machine_class"][name] for name in ("torch", "numpy", "scipy")}
        software = [
            {"@id": f"#{name}-{version}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
            for name, version in packages.items()
        ]
        chosen = {name: settings[name] for name in _PARAMETERS if name in settings} | settings.get("grid", {})
        values = [
            {"@id": f"#{experiment}/{name}", "@type": "PropertyValue", "name": name, "value": json.dumps(value)}
            for name, value in chosen.items()
        ]
        own = [name for name in names if name.startswith(f"experiments/{experiment}/")]
        instrument = {
            "@id": f"#workflow-{origin['commit']}-of-{experiment}",
            "@type": ["SoftwareApplication", "SoftwareSourceCode"],
            "name": cited["title"],
            "version": origin["commit"],
            "programmingLanguage": "Snakemake",
            "softwareRequirements": [_to(package["@id"]) for package in software],
        }
        yield {
            "@id": f"#run-of-{experiment}",
            "@type": "CreateAction",
            "name": settings["title"],
            "description": _of_run(origin),
            "instrument": _to(instrument["@id"]),
            "agent": [_to(author["@id"]) for author in _authors(cited)],
            "object": [_to("config.yaml"), *(_to(value["@id"]) for value in values)],
            "result": [_to(name) for name in own],
            "actionStatus": "http://schema.org/CompletedActionStatus",
        }
        yield from (instrument, *software, *values)


def _of_run(origin: Mapping[str, Any]) -> str:
    """A sentence on the machine, on proofs and on what the commit does not say."""
    where = origin["machine_class"]
    codes = origin.get("training", {}).get("code", {})
    seconds = {rule: value for rule, value in origin["wall_seconds"].items() if value is not None}
    parts = [
        f"On {where['processor']} ({where['system']}, {where['instructions']})",
        *(f"{rule} {value:g} s" for rule, value in seconds.items()),
        *(f"{counted(count, 'network')} trained by code {digest}" for digest, count in codes.items()),
        *origin.get("training", {}).get("adopted", []),
        *(["with uncommitted changes of data or settings"] if origin["uncommitted_changes"] else []),
    ]
    return "; ".join(part.rstrip(".") for part in parts) + "."


def _day(commits: Iterable[str], published: Iterable[str], project: Path) -> str:
    """Latest day of commits and of an earlier publication; today where nothing knows one, as outside of a checkout."""
    known = list(published)
    for commit in sorted(set(commits) - {reference.UNKNOWN}):
        command = ["git", "-C", str(project), "log", "-1", "--format=%cs", commit]
        shown = subprocess.run(command, capture_output=True, text=True)
        known += shown.stdout.split() if shown.returncode == 0 else []
    return max(known, default=datetime.date.today().isoformat())
