"""Every key of the configuration, once: type, range, unit and meaning. Values stand in YAML files alone.

Models judge and change nothing: what jobs and rules read is the merged mapping itself, in which YAML may have written
a whole number for any other.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from richlazy.configuration.connectome_models import Connectome
from richlazy.configuration.experiment_models import Experiment
from richlazy.configuration.fields import Colour, ExperimentName, FilePath, Line, Note, Several, refuse
from richlazy.configuration.network_models import Connectivity, Dynamics, Lstm, Preset, Probe, Training
from richlazy.configuration.registries import Measures, StructureEntry, TaskEntry
from richlazy.field_types import Count, Name, Size, Whole, optional
from richlazy.settings import Settings


class _Sourced(Settings):
    """An entry whose key ``source`` decides which of its other keys count."""

    source: str
    stands_for: Note = optional(
        "What of a paper it stands in for, where it is not that: every table and every verdict made with it says so."
    )

    @model_validator(mode="after")
    def _source_has_its_keys(self) -> "_Sourced":
        refuse(self._mistakes())
        return self

    def _needed(self) -> Sequence[str]:
        raise NotImplementedError

    def _usual(self) -> Sequence[str]:
        return ()

    def _mistakes(self) -> Iterator[str]:
        needed = self._needed()
        for key in needed:
            if key not in self.model_fields_set:
                yield f"lacks {key}, which source: {self.source} needs; add it"
        for key in type(self).model_fields:
            if key in self.model_fields_set - {"source", "stands_for", *needed, *self._usual()}:
                yield f".{key} has no effect on source: {self.source}; remove it or take a new name"


class ImageSet(_Sourced):
    """A set of labelled grey images."""

    source: Literal["registry", "folder", "scikit-learn"] = Field(
        description="Where the images come from. registry: downloaded as an entry of data/sources.yaml says; folder: "
        "copies of your own of the files of an entry, refused where size or checksum differ; scikit-learn: the digits "
        "that it brings along."
    )
    entry: Name = optional("Name of a source in data/sources.yaml, for registry and folder.")
    folder: FilePath = optional(
        "Folder in which the files of the entry stand under their names, for folder; relative to the project, or "
        "absolute."
    )

    def _needed(self) -> Sequence[str]:
        return {"registry": ("entry",), "folder": ("entry", "folder"), "scikit-learn": ()}[self.source]


class SentenceSet(_Sourced):
    """A set of sentences that are positive or negative."""

    source: Literal["registry", "folder", "bundled"] = Field(
        description="Where the sentences come from. registry: downloaded as an entry of data/sources.yaml says; "
        "folder: copies of your own of the files in its archive (train.txt, dev.txt, test.txt), refused where size or "
        "checksum differ; bundled: a small corpus made by rule, not data."
    )
    lower_case: bool = Field(description="Whether words are read in lower case, as those of GloVe 6B are written.")
    entry: Name = optional("Name of a source in data/sources.yaml, for registry and folder.")
    folder: FilePath = optional("Folder in which the files stand, for folder; relative to the project, or absolute.")

    def _needed(self) -> Sequence[str]:
        return {"registry": ("entry",), "folder": ("entry", "folder"), "bundled": ()}[self.source]

    def _usual(self) -> Sequence[str]:
        return ("lower_case",)


class WordVectors(_Sourced):
    """Vectors of words."""

    source: Literal["file", "random"] = Field(
        description="file: a text file in the format of GloVe, a word and its numbers in a line; random: independent "
        "standard normal entries, the same for all networks."
    )
    file: FilePath = optional("The file, for file; relative to the project, or absolute.")
    dimensions: Count = optional("Length of a vector, for random.")
    seed: Whole = optional("Seed of the draw, for random.")

    def _needed(self) -> Sequence[str]:
        return {"random": ("dimensions", "seed"), "file": ("file",)}[self.source]


class Statistics(Settings):
    """Tests, intervals and the rules for verdicts."""

    measures: Measures = Field(
        description="Measures that are tested. In tables and figures the tests of one measure are corrected together "
        "(Holm), for a verdict those of one claim."
    )
    significance_level: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        description="Family-wise error rate of a claim, and of a measure in an experiment."
    )
    confidence_level: Annotated[float, Field(ge=0.5, lt=1)] = Field(description="Of the intervals of effects.")
    comparable_loss: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="Final losses count as comparable within this share of what there is to learn: the loss of "
        "guessing less the lowest (0 where none is known)."
    )
    converged_accuracy_deficit: Annotated[float, Field(ge=0, lt=1)] = Field(
        description="A run has also converged where its accuracy is at most this share of the way from the best to "
        "guessing below the best."
    )
    failed_share: Annotated[float, Field(gt=0)] = Field(
        description="A run has failed, and learned nothing, where its accuracy is at least this share of the way from "
        "the best to guessing; its final loss where there is no accuracy."
    )
    minimum_seeds: Size = Field(description="With fewer seeds the verdict on a claim is: too few runs.")
    negligible_tau: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="A trend is negligible where the interval of Kendall's tau lies within plus and minus this."
    )
    negligible_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="A contrast is negligible where its interval lies within this share of the median of the reference."
    )


class Figures(Settings):
    """Look of the figures; changing it draws them again and does nothing else."""

    measures: Measures = Field(description="One row of panels each.")
    width_mm: Annotated[float, Field(ge=60, le=400)] = Field(description="Width of a figure, in mm.")
    font_size_pt: Annotated[float, Field(ge=4, le=20)] = Field(description="Size of text, in points.")
    dot_colour: Colour = Field(description='Colour of a run, "#RRGGBB".')
    median_colour: Colour = Field(description='Colour of a median, "#RRGGBB".')
    resolution_dpi: Annotated[int, Field(ge=50, le=1200)] = Field(description="Of the PNG.")
    names: dict[Name, Annotated[Line, Field(description="What figures call it.")]] = Field(
        description="How figures call tasks, structures, connectomes and other names; those without an entry stand as "
        "they are, with blanks in place of underscores."
    )


class Recheck(Settings):
    """The target `recheck` trains committed rows again and compares."""

    reference: FilePath = Field(description="Folder of the committed results.")
    runs: Count = Field(description="How many rows are drawn.")
    seed: Whole = Field(description="Seed of the draw.")
    tolerance: Annotated[float, Field(ge=0)] = Field(
        description="Relative difference that at least half of the rows must keep on another class of machine; on the "
        "same class bytes are equal."
    )


class Configuration(Settings):
    """Every key of the configuration. Values stand in config.yaml and in the papers of data/papers."""

    scale: Name = Field(
        description='Name of this set of results. "paper" writes to results/, any other name to results/<name>/.'
    )
    experiments_to_build: Literal["all"] | Several[Name] = Field(
        description='The experiments that `snakemake` builds by default, as a list of names, or "all".'
    )
    experiments_to_publish: Literal["all"] | Several[Name] = Field(
        description="Those of them that `snakemake publish_reference` publishes and `snakemake pack_networks` packs, "
        'as a list of names, or "all".'
    )
    presets: Annotated[dict[Name, Preset], Field(min_length=1)] = Field(
        description="Named sets of the parameters in which the paper's text and its published script differ."
    )
    connectomes: dict[Name, Connectome] = Field(
        description="Mapped connectomes, by name. Each names its source, and holds the settings of one or several "
        "sources."
    )
    structures: Annotated[dict[Name, StructureEntry], Field(min_length=1)] = Field(
        description="Initial recurrent weights, by name."
    )
    connectivity: Connectivity = Field(description="What all structures have in common.")
    dynamics: Dynamics = Field(description="Time of the networks and their tasks.")
    tasks: Annotated[dict[Name, TaskEntry], Field(min_length=1)] = Field(
        description="Tasks, by name. Each is a NeuroGym environment (environment, semantics, sampler, timing_ms), a "
        "set of images (images, presentation, held_out), also with a network as teacher (teacher_network), a linear "
        "teacher (teacher), or one with numbers over time as targets (continuous, timing_ms, and the options of its "
        "kind), or sentences (sentences, word_vectors)."
    )
    image_sets: dict[Name, ImageSet] = Field(
        description="Sets of labelled grey images, by name; `snakemake results/images/<name>.npz` makes one."
    )
    sentence_sets: dict[Name, SentenceSet] = Field(
        description="Sets of sentences that are positive or negative, by name."
    )
    word_vectors: dict[Name, WordVectors] = Field(
        description="Vectors of words, by name. They are fixed; words that are not in the training set, or not in the "
        "file, have zeros."
    )
    training: Training = Field(description="Training by gradient descent.")
    lstm: Lstm = Field(
        description="The LSTM of two layers that reads sentences, its training with Adam and its truncation."
    )
    probe: Probe = Field(description="Trials on which change is measured; they are never trained on.")
    experiments: Annotated[dict[ExperimentName, Experiment], Field(min_length=1)] = Field(
        description="Named grids. Every combination of the grid is trained once for each seed."
    )
    statistics: Statistics = Field(description="Tests, intervals and the rules for verdicts.")
    figures: Figures = Field(description="Look of the figures; changing it draws them again and does nothing else.")
    recheck: Recheck = Field(description="The target `recheck` trains committed rows again and compares.")
