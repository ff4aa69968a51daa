"""Names of measures and parameters as text of a page: the labels of figures without the signs of their typesetting."""

import re
from collections.abc import Mapping

from richlazy.experiments import parameters

# Formulas of labels, sign by sign; longer ones first.
_SIGNS = {
    r"\Delta ": "Δ", r"\Delta": "Δ", r"\kappa": "κ", r"\beta": "β", r"\tau": "τ", r"\|": "‖", r"\,": "",
    "^*": "*", "^2": "²", "_h": "ₕ", "_0": "₀", "_1": "₁", "-": "\N{MINUS SIGN}",
}  # fmt: skip


def plain(label: str) -> str:
    """A label of a figure as plain text in one line."""

    def formula(found: re.Match[str]) -> str:
        text = found[1]
        for sign, written in _SIGNS.items():
            text = text.replace(sign, written)
        return text

    return " ".join(re.sub(r"\$([^$]*)\$", formula, label).split())


def measure(name: str, labels: Mapping[str, tuple[str, int]]) -> str:
    """Name of a measure; of one without a label, or of any other column of a table, its name in words."""
    return plain(labels[name][0]) if name in labels else name.replace("_", " ")


def parameter(name: str) -> str:
    """Name of a parameter with its unit."""
    return plain(parameters.label(name))


def evidence(text: str, labels: Mapping[str, tuple[str, int]]) -> list[str]:
    """Tests of a claim, one a line, with the names of measures in words."""
    names = sorted(labels, key=len, reverse=True)
    known = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b") if names else None
    parts = [part for part in text.split("; ") if part]
    return [known.sub(lambda found: plain(labels[found[1]][0]), part) if known else part for part in parts]
