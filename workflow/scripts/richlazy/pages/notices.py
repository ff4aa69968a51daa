"""What readers have to know of data before numbers: that they are synthetic, a substitute, partial or diverged."""

from collections.abc import Mapping

import pandas as pd

from richlazy import wording
from richlazy.figures import outcomes
from richlazy.pages.networks import Asked

_WHOLE = ("Synthetic", "Substitute")
_COUNTED = {
    "Partial": "fewer networks than asked for",
    "Diverged": "some networks",
    "Failed": "some networks that learned nothing",
}
_SAY = ("says", "say")


def of_experiment(asked: Asked, runs: pd.DataFrame) -> list[str]:
    """Sentences about the data of an experiment; none where there is nothing to say."""
    found = []
    for note in _notes(runs, "connectome"):
        if "(synthetic)" in note:
            found.append(f"Synthetic: the connectome is made by rule, not measured ({note}).")
    found += [f"Substitute: {note}." for note in _notes(runs, "substitute")]
    networks = runs["network"].nunique()
    if networks < asked.networks:
        found.append(
            f"Partial: {networks} of {wording.counted(asked.networks, 'network')} that the experiment asks for."
        )
    by_network = runs.drop_duplicates("network")
    diverged = int(by_network["diverged"].astype(bool).sum()) if "diverged" in runs else 0
    if diverged:
        found.append(f"Diverged: {diverged} of {wording.counted(networks, 'network')}; they count in times alone.")
    failed = int(outcomes.failed(by_network).sum()) if "diverged" in runs else 0
    if failed:
        of = f"{failed} of {wording.counted(networks, 'network')}"
        found.append(f"Failed: {of} learned nothing; measures of rich and lazy leave them out.")
    return found


def of_page(
    scale: str, missing: list[str], of_experiments: Mapping[str, list[str]], *, tests_claims: bool
) -> list[str]:
    """Sentences at the head of a page: its scale, what is missing, and which figures have which notice.

    Args:
        scale: of the results.
        missing: experiments without results.
        of_experiments: notices of each experiment.
        tests_claims: whether any claim of a paper is tested.
    """
    found = []
    if scale != "paper" and tests_claims:
        found.append(f"Scale {scale}: smaller than that of the papers; it previews their results and replaces none.")
    if missing:
        found.append(f"Partial: {wording.listed(missing)} {'has' if len(missing) == 1 else 'have'} no results here.")
    # What stands in for data is the same wherever it does; counts are of each figure.
    whole = [notice for notices in of_experiments.values() for notice in notices if notice.startswith(_WHOLE)]
    for notice in dict.fromkeys(whole):
        names = [name for name, notices in of_experiments.items() if notice in notices]
        found.append(f"{notice} In {wording.listed(names, 120)}.")
    for word, what in _COUNTED.items():
        names = [name for name, notices in of_experiments.items() if any(one.startswith(word) for one in notices)]
        if names:
            found.append(f"{word}: {what} in {wording.counted(len(names), 'figure')}, which {_SAY[len(names) > 1]} so.")
    return found


def _notes(runs: pd.DataFrame, column: str) -> list[str]:
    """What a column of words says, each thing once."""
    return wording.notes(runs[column].dropna()) if column in runs else []
