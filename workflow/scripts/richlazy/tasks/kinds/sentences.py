"""Tasks whose sentences an LSTM reads."""

from pydantic import Field

from richlazy.field_types import Name
from richlazy.settings import Settings
from richlazy.tasks.base import Task

# Words of the longest sentence of the treebank.
_LONGEST = 56


class SentencesEntry(Settings):
    """Entry of a task with sentences."""

    sentences: Name = Field(description="Name from sentence_sets; an LSTM learns whether they are positive.")
    word_vectors: Name = Field(description="Name from word_vectors, which the LSTM reads.")


class Sentences(Task):
    """The sentiment of sentences (Schuessler et al. 2020, Figure 5)."""

    key = "sentences"
    place = 6
    settings = SentencesEntry
    needs = ("sentences", "word_vectors")
    architecture = "lstm"
    outputs = 1

    def steps(self, time_step_ms: float | None) -> int:
        """A word each."""
        return _LONGEST
