"""Tasks that show images, row by row or whole, with their labels as classes."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from richlazy import wording
from richlazy.field_types import Count, Name
from richlazy.job_needs import Need
from richlazy.settings import Settings
from richlazy.tasks.base import Task
from richlazy.tasks.entries import WithProbe

# Rows of the largest images that a registered image set has; shown row by row they are the steps of a trial.
ROWS = 28


class ImagesEntry(WithProbe):
    """Entry of a task that shows images."""

    images: Name = Field(description="Name from image_sets; the images are the trials, their labels the classes.")
    presentation: Literal["rows", "whole"] = Field(
        description="rows: each step of a trial shows one row of an image; whole: its only step shows all of it, to a "
        "feedforward network."
    )
    held_out: Count = Field(
        description="How many images of the training set, drawn by the seed, are not trained on; the probe is taken "
        "from them."
    )


class Images(Task):
    """A set of images, as sequential MNIST (Liu et al. 2024, C.2) or whole (Figure 4B)."""

    key = "images"
    place = 1
    settings: ClassVar[type[Settings]] = ImagesEntry
    trials = "tasks.image_trials"
    needs: ClassVar[tuple[str, ...]] = ("images",)
    training_parameters = ("batch_size", "iterations", "seed")
    probe_parameters = ("seed",)
    pictured = True
    outputs = 10

    @property
    def architecture(self) -> str:
        """A network that sees an image whole needs no recurrent weights."""
        return "feedforward" if self.entry["presentation"] == "whole" else "recurrent"

    def steps(self, time_step_ms: float | None) -> int:
        """Rows of an image, or one."""
        return 1 if self.is_feedforward else ROWS

    def columns(self, size: int) -> int:
        """Pixels of an image, where it is shown whole."""
        return ROWS**2 if self.is_feedforward else size

    def training_need(self, run: Mapping[str, Any]) -> Need:
        """The images twice, whatever the run."""
        return Need(2000, 5)

    def probe_need(self) -> Need:
        """The images once."""
        return Need(1000, 5)

    def problems(self, config: Mapping[str, Any]) -> Iterator[str]:
        """Whether there is such an image set."""
        if self.entry["images"] not in config["image_sets"]:
            yield ".images" + wording.unknown("image set", self.entry["images"], config["image_sets"])

    def problems_in_use(self, config: Mapping[str, Any]) -> Iterator[str]:
        """Whether as many images are held out as the probe shows."""
        shown = self.probe(config["probe"])["trials"]
        if shown > self.entry["held_out"]:
            yield (
                f".held_out is {self.entry['held_out']}, fewer than the {shown} trials of its probe; hold out more or "
                "lower the trials of probe"
            )
