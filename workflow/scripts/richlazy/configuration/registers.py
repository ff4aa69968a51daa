"""Registers beside the configuration, read and checked: claims and numbers of papers, and sources of data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from richlazy import wording
from richlazy.configuration import checks, loading, messages, rules_of_images
from richlazy.configuration.checks import ConfigurationError
from richlazy.configuration.register_models import Claims, PublishedValues, Sources
from richlazy.tasks import lstm_settings
from richlazy.tasks.image_sets import IDX_FILES

SCHEMAS = "workflow/schemas"


def load_sources(path: str | Path) -> dict[str, Any]:
    """Registry of data: sources by name, as ``register_models.Source`` describes them.

    Args:
        path: data/sources.yaml.

    Raises:
        ConfigurationError: for all mistakes that are found.
    """
    return _load(Path(path), Sources, "the registry", "sources.schema.yaml")


def load_claims(paths: Iterable[str | Path], config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Claims of all papers, in the order of the files.

    Args:
        paths: claims.yaml of each paper that has one.
        config: a configuration that ``checks.check`` accepts.

    Raises:
        ConfigurationError: for all mistakes that are found, an id that stands twice and a claim about an experiment
            that does not exist among them.
    """
    found: list[dict[str, Any]] = []
    experiments = list(config["experiments"])
    mistakes = []
    for path in map(Path, paths):
        for claim in _load(path, Claims, "the register", "claims.schema.yaml", lambda claim: claim.get("id")):
            place = f"{path.parent.name}/{path.name}: {claim['id']}"
            if claim["id"] in [other["id"] for other in found]:
                mistakes.append(f"{place} stands twice; give one of the two claims another id")
            if claim["experiment"] not in experiments:
                unknown = wording.unknown("experiment", claim["experiment"], experiments)
                mistakes.append(f"{place}.experiment{unknown}")
            found.append(claim)
    if mistakes:
        raise ConfigurationError(mistakes)
    return found


def load_published_values(paths: Iterable[str | Path], config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Numbers that papers give, in the order of the files.

    Args:
        paths: published_values.yaml of each paper that has one.
        config: a configuration that ``checks.check`` accepts.

    Returns:
        The entries, each with ``paper``, the name of its folder, and where it names a key of the configuration with
        ``configured``, what stands there.

    Raises:
        ConfigurationError: for all mistakes that are found, an experiment or a key that does not exist among them.
    """
    found: list[dict[str, Any]] = []
    experiments = list(config["experiments"])
    mistakes = []
    for path in map(Path, paths):
        own = _load(path, PublishedValues, "the list", "published_values.schema.yaml", lambda one: one.get("quantity"))
        for value in own:
            place = f"{path.parent.name}/{path.name}: {value['quantity']}"
            named, key = value.get("ours", {}).get("experiment"), value.get("configuration")
            if named is not None and named not in experiments:
                mistakes.append(f"{place}.ours.experiment{wording.unknown('experiment', named, experiments)}")
            found.append(value | {"paper": path.parent.name})
            try:
                found[-1] |= {"configured": _at(config, key)} if key else {}
            except KeyError:
                mistakes.append(f"{place}.configuration names key {key!r}, which does not exist; name one that does")
    if mistakes:
        raise ConfigurationError(mistakes)
    return found


def _at(config: Mapping[str, Any], key: str) -> Any:
    """What stands in the configuration at a dotted key; KeyError where there is no such key."""
    content: Any = config
    for part in key.split("."):
        if not isinstance(content, Mapping):
            raise KeyError(key)
        content = content[part]
    return content


def check_entries(config: Mapping[str, Any], sources: Mapping[str, Any]) -> None:
    """Refuse a set of images or sentences whose entry of the registry is missing or holds none, or too few images.

    Args:
        config: a configuration that ``checks.check`` accepts.
        sources: what ``load_sources`` gives.

    Raises:
        ConfigurationError: for all mistakes that are found.
    """
    mistakes = list(_mistakes_of_entries(config, sources))
    if not mistakes:
        counts = rules_of_images.training_images(config, sources)
        mistakes += dict.fromkeys(rules_of_images.problems(config, checks.selected(config), counts))
    if mistakes:
        raise ConfigurationError(mistakes)


def _mistakes_of_entries(config: Mapping[str, Any], sources: Mapping[str, Any]) -> Iterator[str]:
    for group in ("image_sets", "sentence_sets"):
        for name, settings in config.get(group, {}).items():
            where, entry = f"{group}.{name}.entry", settings.get("entry")
            if entry is not None and entry not in sources:
                yield where + wording.unknown("source", entry, sources)
            elif entry is not None and group == "sentence_sets":
                texts = lstm_settings.problems_of_entry(where, sources[entry])
                yield from (f"{where} is {entry!r}, {text}" for text in texts)
            elif entry is not None:
                missing = [file for file in IDX_FILES if file not in sources[entry]["files"]]
                if missing:
                    yield (
                        f"{where} is {entry!r}, whose files in data/sources.yaml lack {wording.listed(missing)}; "
                        "name a source of images"
                    )


def _load(path: Path, declared: Any, called: str, schema: str, named: Callable[[Any], Any] = lambda entry: None) -> Any:
    """Content of a register that fits its declaration.

    Args:
        path: of the file.
        declared: type of its content.
        called: what sentences call the whole of it.
        schema: file of its JSON schema, to which sentences send their reader.
        named: name of an entry of a list, for sentences.
    """
    file = loading.read(path)
    if file.mistakes:
        raise ConfigurationError(file.mistakes)
    try:
        TypeAdapter(declared).validate_python(file.content, strict=True)
    except ValidationError as error:
        prefix = path.name if declared is Sources else f"{path.parent.name}/{path.name}"
        sentences = []
        for place, text in messages.sentences(error, declared, file.content):
            entry = file.content[place[0]] if place and isinstance(file.content, list) else None
            name = named(entry) if isinstance(entry, dict) else None
            text = text.replace(f"[{place[0]}]", str(name), 1) if name else text
            text = text.replace("the configuration", called)
            for other in ("config.yaml", "workflow/docs/configuration.md"):
                text = text.replace(other, f"{SCHEMAS}/{schema}")
            sentences.append(f"{prefix}: {text}")
        raise ConfigurationError(sentences) from error
    return file.content
