"""Keys of the registers beside the configuration: claims of papers, numbers that they print, and sources of data."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from richlazy import wording
from richlazy.configuration.fields import Address, Checksum, ExperimentName, Line, Several, Text, refuse
from richlazy.field_types import Count, Name, optional
from richlazy.settings import Settings

Margin = Annotated[float, Field(gt=0)]
Measure = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
Column = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
# Bounds by the values of one column.
Bounds = Annotated[
    dict[Column, Annotated[dict[str | float, float], Field(min_length=1)]], Field(min_length=1, max_length=1)
]
Trend = Literal["increasing", "decreasing"]
Contrast = Literal["higher", "lower"]
ClaimId = Annotated[str, Field(pattern="^[a-z]+[0-9]{4}(-[a-z0-9]+)+$")]

# What `direction` of each test says; a bound has at_most or at_least instead, an equivalence none.
DIRECTIONS = {
    "trend": ("increasing", "decreasing"),
    "contrast": ("higher", "lower"),
    "equivalence": (),
    "interaction": ("increasing", "decreasing"),
    "bound": (),
}


class Claim(Settings):
    """An empirical claim of a paper, and the test that decides it."""

    id: ClaimId = Field(
        description="Unique name, in lower case with hyphens, that begins with author and year of the paper."
    )
    paper: Line = Field(description="Paper that makes the claim, such as Liu et al. 2024.")
    location: Text = Field(description="Figure, panel or section of the paper where the claim stands.")
    # One full stop, at its end; points within numbers are none. A bar would break the table of verdicts.
    statement: Annotated[str, Field(pattern=r"^[A-Z]([^.|]|\.[0-9])+\.$")] = Field(
        description="The claim in one sentence, in our own words."
    )
    experiment: ExperimentName = Field(
        description='Name of the experiment that tests the claim; without its results the verdict is "not run".'
    )
    test: Literal["trend", "contrast", "equivalence", "interaction", "bound"] = Field(
        description="trend: of measures over the compared parameter; contrast: of measures with a reference; "
        "equivalence: of measures in all conditions, within a margin; interaction: trend, over a swept parameter, of "
        "the difference of measures between the highest and the lowest value of the compared one; bound: of measures "
        "with a value, in each condition by itself."
    )
    direction: (
        Literal["increasing", "decreasing", "higher", "lower"]
        | Annotated[dict[Measure, Trend | Contrast], Field(min_length=2)]
    ) = optional(
        "Where measures go with the compared parameter (increasing, decreasing) or against the reference (higher, "
        "lower), as a word for all measures or for each by name. A bound has at_most or at_least instead, an "
        "equivalence a margin."
    )
    measures: Several[Measure] = optional(
        "Measures that must all agree; an equivalence without any is about final losses."
    )
    margin: Margin | Annotated[dict[Measure, Margin], Field(min_length=1)] = optional(
        "Difference within which the measures of an equivalence count as the same, in their unit: one for all or one "
        "for each by name. That of final losses is statistics.comparable_loss."
    )
    at_most: float | Bounds = optional(
        "Value that the measures of a bound do not exceed, in their unit, or values by those of one parameter, such as "
        "{task: {2AF: 2, CXT: 4}}."
    )
    at_least: float | Bounds = optional("Value that the measures of a bound do not fall below, likewise.")
    where: Annotated[dict[Column, Several[str | float]], Field(min_length=1)] = optional(
        "Values to which the claim is restricted, for columns of the statistics (a parameter; level or reference of a "
        "contrast or equivalence); for a bound any parameter, the compared one too. An option of a task or structure "
        "that the experiment sweeps is such a column, by its dotted name where it stands in a group."
    )
    scale: Literal["paper"] = Field(
        description="Set of results on which the claim can be judged, as `scale` in the configuration."
    )

    @model_validator(mode="after")
    def _fits_its_test(self) -> "Claim":
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterator[str]:
        given, bound, equivalence = self.model_fields_set, self.test == "bound", self.test == "equivalence"
        author, *_, year = self.paper.lower().split()
        if not self.id.startswith(f"{author}{year}-"):
            yield f".id is {self.id!r}, but its paper is {self.paper!r}; let it begin with {author}{year}-"
        needed = {"direction": not (bound or equivalence), "margin": equivalence and "measures" in given}
        needed |= {} if equivalence else {"measures": True}
        for key, wanted in needed.items():
            if wanted and key not in given:
                yield f"lacks {key}, which test: {self.test} needs; add it"
            if not wanted and key in given:
                yield f".{key} has no effect on test: {self.test}; remove it"
        limits = [key for key in ("at_most", "at_least") if key in given]
        if bound and len(limits) != 1:
            yield f"has {' and '.join(limits) or 'no limit'}, but a bound has at_most or at_least; give one of the two"
        if not bound and limits:
            yield f".{limits[0]} has no effect on test: {self.test}; remove it"
        words = self.direction.values() if isinstance(self.direction, dict) else [self.direction]
        wrong = next((word for word in words if word is not None and word not in DIRECTIONS[self.test]), None)
        if wrong and needed["direction"]:
            yield f".direction is {wrong!r}; test: {self.test} goes {' or '.join(DIRECTIONS[self.test])}, choose one"
        levels = [column for column in ("level", "reference") if column in (self.where or {})]
        if levels and self.test not in ("contrast", "equivalence"):
            yield f".where has {levels[0]}, which only contrasts and equivalences are between; remove it"


Condition = Annotated[dict[Column, Several[str | float]], Field(min_length=1)]


class OwnNumber(Settings):
    """The number of the results that stands beside a published one."""

    experiment: ExperimentName = Field(description="Name of the experiment that has it.")
    measure: Measure = Field(description="Column of its table of runs.")
    where: Condition = optional("Values of columns of this table that choose one network of each seed.")
    relative_to: Condition = optional(
        "Values of columns in which other networks differ from these; the number is then the ratio of the former over "
        "the latter, paired by seed."
    )
    statistic: Literal["mean", "median"] = Field(
        description="What is taken over seeds. A mean has the interval of the t-test, a ratio of means Fieller's, a "
        "median, in which infinite values count, that of the sign test."
    )


class PublishedValue(Settings):
    """A number that a paper prints or draws."""

    quantity: Line = Field(description="What the number is, in our own words.")
    location: Line = Field(description="Figure, table, equation, caption or section of the paper where it stands.")
    value: float | Annotated[list[float], Field(min_length=1)] = Field(description="The number, or several.")
    unit: Line = Field(description="Its unit; 1 for a pure number.")
    uncertainty: Annotated[float, Field(ge=0)] = optional(
        "Half width of the range in which it lies: of a number that is printed or read off a figure half of its last "
        "digit, where no more is known. A number with ours has it, unless it is a bound."
    )
    bound: Literal["at_most", "at_least"] = optional("What the number is, where the paper gives a bound.")
    obtained: Line = optional(
        "How it was obtained where the paper does not print it: read off a figure, or computed from an equation."
    )
    configuration: Line = optional("Key of the configuration that has the number here.")
    ours: OwnNumber = optional("What of the results stands beside it.")
    note: Text = optional("What explains a difference from ours, where that is known.")
    claims: Several[ClaimId] = optional("Bounds that are judged by the number.")

    @model_validator(mode="after")
    def _can_be_compared(self) -> "PublishedValue":
        given = self.model_fields_set
        refuse(self._mistakes(given))
        return self

    def _mistakes(self, given: set[str]) -> Iterator[str]:
        if {"configuration", "ours"} <= given:
            yield "has both configuration and ours; ours is either a setting or a result, remove one"
        compared = next((key for key in ("configuration", "ours") if key in given), None)
        if isinstance(self.value, list) and compared:
            yield f".value is a list, which {compared} cannot stand beside; give each number an entry of its own"
        if "ours" in given and len(given & {"uncertainty", "bound"}) != 1:
            has = "both uncertainty and bound" if "bound" in given else "neither uncertainty nor bound"
            yield f"has {has}; a number with ours has one of the two"
        if "ours" not in given and "bound" in given:
            yield ".bound has no effect without ours; remove it"


class Member(Settings):
    """A file in an archive."""

    member: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=100)] = Field(
        description="Path of the file in the archive; a copy of your own has the last part of it as name."
    )
    sha256: Checksum = Field(description="Checksum of the file.")
    size_bytes: Count = Field(description="Length of the file.")


class SourceFile(Settings):
    """A file that is downloaded."""

    file: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)] = Field(
        description="Name of the file, under which it is stored; no two files of a source have the same."
    )
    mirrors: Several[Address] = Field(
        description="Addresses that hold the file; one after another is asked until one sends it."
    )
    sha256: Checksum = Field(description="Checksum of the file; a file with another one is refused.")
    size_bytes: Count = Field(
        description="Length of the file, so that a body that is cut short is known for what it is."
    )
    members: Annotated[dict[Name, Member], Field(min_length=1)] = optional(
        "Files in an archive (zip) that are read, by what is in them; a copy of your own may be these instead."
    )


class Source(Settings):
    """A source of data, with the files that are downloaded from it."""

    title: Line = Field(description="What the data are, in a line.")
    version: Line = Field(description="Which version of the data the checksums belong to.")
    licence: Line = Field(description="Licence of the data, and who says so where their authors do not.")
    used_by: Several[Line] = Field(description="What is made of the data.")
    files: Annotated[dict[Name, SourceFile], Field(min_length=1)] = Field(
        description="Files of the source, by what is in them."
    )

    @model_validator(mode="after")
    def _files_have_names_of_their_own(self) -> "Source":
        files = [file.file for file in self.files.values()]
        twice = sorted({file for file in files if files.count(file) > 1})
        if twice:
            raise ValueError(f".files stores {wording.listed(twice)} twice; give each file a name of its own")
        return self


Claims = Annotated[
    list[Claim], Field(min_length=1, description="Every empirical claim of a paper, and the test that decides it.")
]
PublishedValues = Annotated[
    list[PublishedValue],
    Field(min_length=1, description="Numbers that a paper prints, with the place where they stand."),
]
Sources = Annotated[
    dict[Name, Source],
    Field(min_length=1, description="Every source of data, by name, with the files that are downloaded from it."),
]
