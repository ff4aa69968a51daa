"""Make configuration.md from the schema and config.yaml, so that the reference cannot grow stale.

Run ``python workflow/docs/make_configuration_reference.py`` to write it; with ``--check`` it writes nothing and exits
with 1 and a sentence where the reference is stale.
"""

import argparse
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TARGET = Path(__file__).with_name("configuration.md")
COMMAND = "python workflow/docs/make_configuration_reference.py"

Schema = Mapping[str, Any]
Row = tuple[str, ...]

INTRODUCTION = """\
<!-- Made by `COMMAND`
from workflow/schemas/config.schema.yaml and config.yaml. Do not edit. -->

# Configuration

`config.yaml` in the root of the repository holds every default, at paper scale. Change it, or write what differs into a
file of your own:

```
snakemake -n --configfile mine.yaml     # check the configuration and show what would run
snakemake --configfile mine.yaml        # run
```

**How files merge.** `config.yaml` comes first, then the files after `--configfile` in their order, then `--config`.
Mappings are merged key by key; everything else, lists included, is replaced whole. So
`tasks: {2AF: {timing_ms: {stimulus: 500}}}` changes one period and keeps the others, and
`figures: {measures: [accuracy]}` leaves one measure. A later file cannot remove a key: to drop a parameter from a grid,
write an experiment under a new name.

**Which experiments.** `experiments_to_build` names those that `snakemake` builds, with the claims about them;
`snakemake figure_1` builds the figures and statistics of one of them. Results of another `scale` go to
`results/<scale>/` and never mix with those of the paper's.

**On the command line.** `--config` sets the two keys that are no mappings:

```
snakemake --config scale=trial "experiments_to_build=[figure_1, another_task]"
```

- Numbers belong in a file. Inside a mapping, as in `--config "training={'iterations': 100}"`, Snakemake hands them over
  as text, which the checks refuse.
- `--configfile` takes every word that follows for a file, so targets come first:
  `snakemake figure_1 --configfile mine.yaml`.
- `--configfile` replaces the file that a profile names. Repeat that file to keep it:
  `snakemake --profile profiles/quick --configfile profiles/quick/scale.yaml mine.yaml`.

**Checks.** A wrong key, type, range or combination stops before any job, with one sentence: where, what, and how to
mend it. All keys must be there, as they are in `config.yaml`, except those marked *optional*. A *name* has letters,
digits, `_` and `-`, and begins with a letter or a digit; `<name>` stands for one that you choose.
"""

MEASURES = """
## Measures

What `statistics.measures` and `figures.measures` choose from. Their formulas: [trace a number](trace_a_number.md).
"""

# Types that occur often and that tables would repeat at length.
_WORDS = {
    "#/$defs/name": "a name",
    "#/$defs/names": "list of names",
    "#/$defs/colour": 'a colour, `"#RRGGBB"`',
    "#/$defs/measures": "list of [measures](#measures)",
    "#/$defs/address": "an http or https address",
    "#/$defs/sha256": "64 hexadecimal digits",
    "#/$defs/grid": "[grid](#grid)",
    "#/$defs/selection": "[selection](#selection)",
    "#/$defs/connectome_format": "[format](#format)",
    "#/$defs/download": "[file](#file)",
}
# Definitions that occur in several places and have a section of their own.
_SECTIONS = {"grid": "grid", "selection": "selection", "connectome_format": "format", "download": "file"}
_SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


class Reference:
    """The configuration reference.

    Args:
        schema: JSON schema of the configuration.
        config: the defaults.
    """

    def __init__(self, schema: Schema, config: Mapping[str, Any]):
        self._schema, self._config = schema, config

    def markdown(self) -> str:
        """The whole document: keys outside of groups, a section for each group, and the names of the measures."""
        keys = self._schema["properties"]
        alone = {key: inner for key, inner in keys.items() if inner.get("type") != "object"}
        lines = [INTRODUCTION.replace("COMMAND", COMMAND), "## Keys outside of groups", ""]
        lines += _table(("key", "type and range", "in config.yaml", "meaning"), self._rows(alone, (), self._config))
        for key, inner in keys.items():
            if key not in alone:
                lines += ["", f"## {key}", "", inner["description"], "", *self._group(key, inner)]
        for name, title in _SECTIONS.items():
            definition = self._schema["$defs"][name]
            rows = self._rows(definition["properties"], (), {}, definition.get("required", ()))
            table = _table(("key", "type and range", "meaning"), (row[:2] + row[3:] for row in rows))
            lines += ["", f"## {title}", "", definition["description"], "", *table]
        measures = self._schema["$defs"]["measures"]["items"]["enum"]
        lines += [MEASURES, textwrap.fill(", ".join(f"`{name}`" for name in measures), 120)]
        return "\n".join(lines) + "\n"

    def _group(self, key: str, schema: Schema) -> list[str]:
        """Table of a group; where users name the entries, followed by the entries of config.yaml."""
        entry = schema.get("additionalProperties")
        if not entry:
            header = ("key", "type and range", "in config.yaml", "meaning")
            return _table(header, self._rows(schema["properties"], (key,), self._config[key], schema["required"]))
        rows = self._rows(entry["properties"], (key, "<name>"), {}, entry.get("required", ()))
        entries = yaml.safe_dump(self._config[key], default_flow_style=None, sort_keys=False, width=120)
        form = schema["propertyNames"].get("pattern")
        return [
            *([f"Their names have the form `{_pattern(form)}`.", ""] if form else []),
            *_table(("key", "type and range", "meaning"), (row[:2] + row[3:] for row in rows)),
            *("", "In `config.yaml`:", "", "```yaml", entries.rstrip(), "```"),
        ]

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
            if "properties" in inner:
                yield from self._rows(inner["properties"], here, values.get(key, {}), inner.get("required", ()))
            elif entry := inner.get("additionalProperties"):
                name = "<period>" if key == "timing_ms" else "<column>"
                yield _code((*here, name)), self._type(entry), "", _escaped(entry["description"])

    def _type(self, schema: Schema) -> str:
        """Type and range in words.

        Raises:
            ValueError: for a schema that has no words here yet.
        """
        reference = schema.get("$ref")
        if reference:
            return _WORDS.get(reference) or self._type(self._schema["$defs"][reference.removeprefix("#/$defs/")])
        if "const" in schema:
            return f"`{schema['const']}`"
        if "enum" in schema:
            return _either([f"`{value}`" for value in schema["enum"]])
        if "anyOf" in schema:
            return ", or ".join(self._type(choice) for choice in schema["anyOf"])
        match schema.get("type"):
            case "array" if "prefixItems" in schema:
                return f"`[distribution, arguments]` with {self._type(schema['prefixItems'][0])}"
            case "array":
                return f"list of {self._type(schema['items']).replace('number', 'numbers')}"
            case "object":
                return "mapping"
            case "boolean":
                return "`true` or `false`"
            case [*kinds]:
                return _either([self._type({"type": kind}) for kind in kinds])
            case "string" if "pattern" in schema:
                return f"text of the form `{_pattern(schema['pattern'])}`"
            case "string":
                return "text"
            case "integer" | "number" as kind:
                limits = [f"{sign} {schema[key]}" for key, sign in _SIGNS.items() if key in schema]
                word = "whole number" if kind == "integer" else "number"
                return _escaped(f"{word} {' and '.join(limits)}".rstrip())
        raise ValueError(f"no words for the schema {dict(schema)}; add them to Reference._type")


def _pattern(pattern: str) -> str:
    """A regular expression without the part that only refuses a line break at the end."""
    return pattern.removesuffix(r"(?!\n)")


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


def reference() -> str:
    """The reference that fits the schema and the defaults of this repository."""
    schema, config = ((ROOT / file).read_text() for file in ("workflow/schemas/config.schema.yaml", "config.yaml"))
    return Reference(yaml.safe_load(schema), yaml.safe_load(config)).markdown()


def main() -> None:
    """Write the reference, or check that it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the reference is stale")
    text = reference()
    if not parser.parse_args().check:
        TARGET.write_text(text)
    elif not TARGET.exists() or TARGET.read_text() != text:
        sys.exit(f"{TARGET.name} is stale; run {COMMAND}")


if __name__ == "__main__":
    main()
