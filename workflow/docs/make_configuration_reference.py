"""Make configuration.md and the JSON schemas from the models of the configuration, so that none can grow stale.

Run ``python workflow/docs/make_configuration_reference.py`` to write them; with ``--check`` it writes nothing and exits
with 1 and a sentence where one of them is stale.
"""

import argparse
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

from richlazy import field_types  # noqa: E402
from richlazy.configuration import fields, loading, schema  # noqa: E402
from richlazy.measures import registry as measures  # noqa: E402

REFERENCE = Path(__file__).with_name("configuration.md")
SCHEMAS = ROOT / "workflow/schemas"
COMMAND = "python workflow/docs/make_configuration_reference.py"

Schema = Mapping[str, Any]
Row = tuple[str, ...]

INTRODUCTION = """\
<!-- Made by `COMMAND`
from the models in workflow/scripts/richlazy/configuration, config.yaml and data/papers. Do not edit. -->

# Configuration

`config.yaml` in the root of the repository holds what a user decides, at paper scale; experiments, tasks, structures
and presets stand with the paper that asks for them, in `data/papers/<paper>/experiments.yaml`. Change either, or
write what differs into a file of your own:

```
snakemake -n --configfile mine.yaml     # check the configuration and show what would run
snakemake --configfile mine.yaml        # run
```

**How files merge.** First come the papers, in the order of the names of their folders, then `config.yaml`, then the
files after `--configfile` in their order, then `--config`. What comes later goes before what came earlier, but two
papers must not define one name in two ways. Mappings are merged key by key; everything else, lists included, is
replaced whole. So `tasks: {2AF: {timing_ms: {stimulus: 500}}}` changes one period and keeps the others, and `figures:
{measures: [accuracy]}` leaves one measure. A later file cannot remove a key: to drop a parameter from a grid, write
an experiment under a new name.

**Which experiments.** `experiments_to_build` names those that `snakemake` builds, with the claims about them;
`snakemake figure_1` builds the figures and statistics of one of them. Results of another `scale` go to
`results/<scale>/` and never mix with those of the paper's.

**On the command line.** `--config` sets keys that are no mappings:

```
snakemake --config scale=trial "experiments_to_build=[figure_1, another_task]"
```

- Numbers belong in a file. Inside a mapping, as in `--config "training={'iterations': 100}"`, Snakemake hands them
  over as text, which the checks refuse.
- `--configfile` takes every word that follows for a file, so targets come first: `snakemake figure_1 --configfile
  mine.yaml`.
- `--configfile` replaces the file that a profile names. Repeat that file to keep it: `snakemake --profile
  profiles/quick --configfile profiles/quick/scale.yaml mine.yaml`.

**Checks.** A wrong key, type, range or combination stops before any job, with one sentence for each mistake: where,
what, and how to mend it. All keys must be there, as they are in `config.yaml`, except those marked *optional*. A
*name* has letters, digits, `_` and `-`, and begins with a letter or a digit; `<name>` stands for one that you choose.
"""

MEASURES = """
## Measures

What `statistics.measures` and `figures.measures` choose from. Their formulas: [trace a number](trace_a_number.md).
"""

# Spellings that occur often and that tables would repeat at length, by an example of each type.
_SPELLINGS = {
    field_types.Name: "a name",
    fields.Colour: 'a colour, `"#RRGGBB"`',
    fields.Address: "an http or https address",
    fields.Checksum: "64 hexadecimal digits",
}
_SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


class Reference:
    """The configuration reference.

    Args:
        declared: JSON schema of the configuration.
        config: the values that are shipped.
        papers: for each file of experiments what it holds, by its path from here.
    """

    def __init__(self, declared: Schema, config: Mapping[str, Any], papers: Mapping[str, Any]):
        self._schema, self._config, self._papers = declared, config, papers

    def markdown(self) -> str:
        """The whole document: keys outside of groups, a section for each group, and the names of the measures."""
        keys = self._schema["properties"]
        alone = {key: inner for key, inner in keys.items() if inner.get("type") != "object"}
        lines = [INTRODUCTION.replace("COMMAND", COMMAND), "## Keys outside of groups", ""]
        lines += _table(("key", "type and range", "in config.yaml", "meaning"), self._rows(alone, (), self._config))
        for key, inner in keys.items():
            if key not in alone:
                lines += ["", f"## {key}", "", inner["description"], "", *self._group(key, inner)]
        for name, definition in self._schema["$defs"].items():
            rows = self._rows(definition["properties"], (), {}, definition.get("required", ()))
            table = _table(("key", "type and range", "meaning"), (row[:2] + row[3:] for row in rows))
            lines += ["", f"## {name}", "", definition["description"], "", *table]
        lines += [MEASURES, textwrap.fill(", ".join(f"`{name}`" for name in measures.TESTED), 120)]
        return "\n".join(lines) + "\n"

    def _group(self, key: str, group: Schema) -> list[str]:
        """Table of a group; where users name the entries, followed by the names of those that are shipped."""
        if "properties" in group:
            header = ("key", "type and range", "in config.yaml", "meaning")
            return _table(header, self._rows(group["properties"], (key,), self._config[key], group["required"]))
        entry = group["additionalProperties"]
        rows = self._rows(entry["properties"], (key, "<name>"), {}, entry.get("required", ()))
        return [
            *(f"Their names have the form `{group['propertyNames']['pattern']}`.", ""),
            *_table(("key", "type and range", "meaning"), (row[:2] + row[3:] for row in rows)),
            *self._shipped(key),
        ]

    def _shipped(self, key: str) -> Iterator[str]:
        for file, content in self._papers.items():
            if names := content.get(key):
                listed = ", ".join(f"`{name}`" for name in names)
                yield from (
                    "",
                    textwrap.fill(
                        f"In [{file.replace('../', '')}]({file}): {listed}.",
                        120,
                        break_long_words=False,
                        break_on_hyphens=False,
                    ),
                )

    def _rows(
        self, keys: Mapping[str, Schema], path: Row, values: Mapping[str, Any], required: Iterable[str] | None = None
    ) -> Iterator[Row]:
        """Key, type, default and meaning of each key; keys of inner groups follow their group."""
        for key, inner in keys.items():
            here = (*path, key)
            optional = required is not None and key not in required
            default = f"`{_flow(values[key])}`" if key in values else ""
            kind = self._type(inner) + ("; *optional*" if optional else "")
            yield _code(here), kind, default, _escaped(inner["description"])
            entry = inner.get("additionalProperties")
            if "properties" in inner:
                yield from self._rows(inner["properties"], here, values.get(key, {}), inner.get("required", ()))
            elif isinstance(entry, Mapping):
                name = {"timing_ms": "<period>", "names": "<name>"}.get(key, "<column>")
                yield _code((*here, name)), self._type(entry), "", _escaped(entry["description"])

    def _type(self, node: Schema) -> str:
        """Type and range in words.

        Raises:
            ValueError: for a schema that has no words here yet.
        """
        if "$ref" in node:
            name = node["$ref"].removeprefix("#/$defs/")
            return f"[{name}](#{name})"
        if "const" in node:
            return f"`{node['const']}`"
        if measures.TESTED.keys() <= set(node.get("enum", ())):
            return "[measures](#measures)"
        if "enum" in node:
            return _either([f"`{value}`" for value in node["enum"]])
        if "anyOf" in node:
            words = list(dict.fromkeys(self._type(choice) for choice in node["anyOf"]))
            return ", or ".join(words) if any(" " in word for word in words) else _either(words)
        match node.get("type"):
            case "array" if not node["items"]:
                return "list"
            case "array":
                return f"list of {self._type(node['items']).replace('number', 'numbers').replace('a name', 'names')}"
            case "object":
                return "mapping"
            case "boolean":
                return "`true` or `false`"
            case "string" if "pattern" in node:
                spelled = {_pattern(example): words for example, words in _SPELLINGS.items()}
                return spelled.get(node["pattern"]) or f"text of the form `{node['pattern']}`"
            case "string":
                return "text"
            case "integer" | "number" as kind:
                limits = [f"{sign} {_limit(node[key])}" for key, sign in _SIGNS.items() if key in node]
                word = "whole number" if kind == "integer" else "number"
                return _escaped(f"{word} {' and '.join(limits)}".rstrip())
        raise ValueError(f"no words for the schema {dict(node)}; add them to Reference._type")


def _limit(value: float) -> str:
    """A limit in as few signs as it takes: 1000 for 1000.0, 1e9 and 1e-9."""
    return re.sub(r"e\+?(-?)0*", r"e\1", f"{value:g}") if isinstance(value, float) else str(value)


def _pattern(example: Any) -> str:
    """The regular expression of a type of text."""
    return TypeAdapter(example).json_schema()["pattern"]


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _code(path: Row) -> str:
    return f"`{'.'.join(path)}`"


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")


def _flow(value: Any) -> str:
    """A value as YAML in one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("\n...\n").strip()


def _table(header: Row, rows: Iterable[Row]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]


def files() -> dict[Path, str]:
    """What fits the models and the shipped values, by the path of each file."""
    config = loading.read(ROOT / "config.yaml").content
    shipped = [ROOT / "config.yaml", *loading.papers(ROOT / "data/papers")]
    contents = {f"../../{path.relative_to(ROOT).as_posix()}": loading.read(path).content for path in shipped}
    made = {REFERENCE: Reference(schema.schema("config"), config, contents).markdown()}
    for name in schema.DECLARED:
        text = yaml.safe_dump(
            schema.schema(name), sort_keys=False, default_flow_style=None, width=120, allow_unicode=True
        )
        made[SCHEMAS / f"{name}.schema.yaml"] = f"# Made by `{COMMAND}`; do not edit.\n{text}"
    return made


def write(made: Mapping[Path, str], command: str) -> None:
    """Write files, or with ``--check`` look whether they are up to date; the main part of a script.

    Args:
        made: content of each file.
        command: that makes them.
    """
    parser = argparse.ArgumentParser(description=f"Make {', '.join(path.name for path in made)}.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is stale")
    check = parser.parse_args().check
    for path, text in made.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.name} is stale; run {command}")


if __name__ == "__main__":
    write(files(), COMMAND)
