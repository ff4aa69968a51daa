"""Whether a configuration can be run: all of its mistakes, each in a sentence of where, what and how to mend it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from richlazy import wording
from richlazy.configuration import loading, messages, rules_across
from richlazy.configuration.models import Configuration

Config = Mapping[str, Any]

# Sentences that are shown of a configuration with more mistakes.
MOST_SENTENCES = 20


class ConfigurationError(ValueError):
    """Mistakes in the configuration, a sentence each.

    Attributes:
        sentences: all of them, in the order of the file.
    """

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(sentences)
        shown = self.sentences[:MOST_SENTENCES]
        if len(self.sentences) > MOST_SENTENCES:
            shown.append(f"and {len(self.sentences) - MOST_SENTENCES} more")
        super().__init__("\n".join(shown))


def check(config: Config, files: Iterable[str | Path] = (), papers: Iterable[str | Path] = ()) -> None:
    """Refuse a wrong configuration.

    Args:
        config: the merged configuration.
        files: those from which it was merged, looked through for what YAML passes over.
        papers: those of them that papers bring, which must not contradict each other.

    Raises:
        ConfigurationError: with all mistakes; mistakes of files that make no sense of the rest stand alone.
    """
    read = {Path(file): loading.read(file) for file in dict.fromkeys([*files, *papers])}
    of_files = [sentence for file in read.values() for sentence in file.mistakes]
    of_files += loading.disagreements(read[Path(paper)] for paper in papers)
    if of_files:
        raise ConfigurationError(of_files)
    found = list(dict.fromkeys(_mistakes(config)))
    if found:
        raise ConfigurationError(_in_order(found, config))


def selected(config: Config) -> list[str]:
    """Names of the experiments of this set of results; the others are neither checked further nor built."""
    return rules_across.selected(config)


def _mistakes(config: Config) -> Iterator[str]:
    if isinstance(config, Mapping) and "language_experiments" in config:
        yield (
            "language_experiments is no group any more, because LSTMs have experiments like other networks; move its "
            "entries to experiments, with grid: {task: [SST]} in place of task: SST, and add compare: part"
        )
        config = {group: entries for group, entries in config.items() if group != "language_experiments"}
    numbers = dict(loading.numbers_out_of_range(config))
    yield from numbers.values()
    found = dict(numbers)
    try:
        Configuration.model_validate(config)
    except ValidationError as error:
        for path, sentence in messages.sentences(error, Configuration, config):
            if path not in numbers:
                yield sentence
            found[path] = sentence
    # A broken entry leaves its group usable; a broken key of other groups does not.
    broken = frozenset(path[: 2 if path[:1] and path[0] in loading.NAMED_GROUPS else 1] for path in found)
    if () not in broken:
        yield from rules_across.problems(config, broken)


def _in_order(sentences: Iterable[str], config: Config) -> list[str]:
    """Sentences in the order in which the places that they begin with stand in the configuration."""
    places = {wording.where(path): index for index, (path, _) in enumerate(loading.walk(config))}

    def place(sentence: str) -> int:
        name = re.split(r"[ :]", sentence, maxsplit=1)[0]
        while name and name not in places:
            name = name[: max(name.rfind("."), name.rfind("["), 0)]
        return places.get(name, -1)

    return sorted(sentences, key=place)
