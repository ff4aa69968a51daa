"""How a sentence about a mistake shows places, values and names."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def where(path: Iterable[Any]) -> str:
    """Dotted name of a key, such as ``experiments.figure_1.grid.rank[2]``."""
    text = ""
    for part in path:
        name = str(part) if str(part).isprintable() else repr(part)
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else name
    return text or "the configuration"


def shown(value: Any) -> str:
    """A value much as it stands in the file, cut to what a sentence can bear."""
    written = value is None or isinstance(value, (bool, list, dict))
    text = json.dumps(value, default=str, skipkeys=True) if written else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def listed(names: Iterable[Any], limit: int = 240) -> str:
    """Names in a row, as many of them as a sentence can bear: up to a number of letters."""
    parts = [str(name) for name in names]
    kept = parts
    while len(", ".join(kept)) > limit:
        kept = kept[:-1]
    return ", ".join(kept) + (f" and {len(parts) - len(kept)} more" if len(kept) < len(parts) else "")


def counted(number: int, noun: str) -> str:
    """A number of things, such as ``1 file`` and ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """A time in the unit that suits it, rounded."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}s"
    return "a minute"


def guess(name: Any, known: Iterable[Any]) -> str | None:
    """The known name that was probably meant, if one is close."""
    close = difflib.get_close_matches(str(name), [str(candidate) for candidate in known], 1)
    return close[0] if close else None


def unknown(what: str, name: Any, known: Iterable[Any]) -> str:
    """What follows the place of a name that does not exist, with the name that was probably meant."""
    names = list(known)
    meant = guess(name, names)
    hint = f"did you mean {meant!r}? " if meant else ""
    return f" names {what} {shown(name)}, which does not exist; {hint}known: {listed(names)}"


def named(name: Any, names: Mapping[str, str]) -> str:
    """How figures call a task, a structure or another name: by ``figures.names``, or else with blanks in its words."""
    return names.get(name, str(name).replace("_", " "))


def notes(texts: Iterable[str]) -> list[str]:
    """Notes of several texts of a table, which semicolons part, each once."""
    return list(dict.fromkeys(note for text in texts for note in text.split("; ") if note))
