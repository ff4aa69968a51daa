"""Tasks that show images row by row, with the answers of a teacher network as classes (Liu et al. 2024, Figure 3C)."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from richlazy import wording
from richlazy.field_types import Count, Name
from richlazy.job_needs import Need
from richlazy.settings import Settings
from richlazy.tasks.kinds.images import Images, ImagesEntry


class TeacherNetworkSettings(Settings):
    """A teacher network."""

    preset: Name = Field(description="Name of the preset that gives its leak, rectification, momentum and gain.")
    rank: Count = Field(
        description="Rank of its initial recurrent weights, and of those of networks that are aligned with it."
    )
    iterations: Count = Field(description="Number of updates of its training.")


class TaughtImagesEntry(ImagesEntry):
    """Entry of a task whose images a network teaches."""

    teacher_network: TeacherNetworkSettings = Field(
        description="A recurrent network whose answers are the classes instead of labels, with presentation: rows. It "
        "sees features F x of each row x (condition_number) and is trained on the labels, from recurrent weights of "
        "low rank; one for each condition number and seed. What is not named here it has from connectivity, dynamics, "
        "training and the defaults of the task."
    )

    @model_validator(mode="after")
    def _a_recurrent_network_can_teach_it(self):
        if self.presentation != "rows":
            raise ValueError(
                ".teacher_network is a recurrent network, which a trial of one step does not need; use presentation: "
                "rows"
            )
        if self.defaults and (self.defaults.optimiser == "adam" or self.defaults.gain == 0):
            raise ValueError(
                ".teacher_network is trained by gradient descent from weights of low rank, so that tasks.defaults "
                "cannot have optimiser: adam or gain: 0; set them in the grid of an experiment instead"
            )
        return self


class TaughtImages(Images):
    """Images whose classes are the answers of a teacher network."""

    key = "teacher_network"
    variant_of = "images"
    place = 2
    settings = TaughtImagesEntry
    trials = "tasks.taught_trials"
    needs = ("images", "teacher")
    has_teacher = True

    def training_need(self, run: Mapping[str, Any]) -> Need:
        """The images twice, and the answers to all of them."""
        return Need(2000, 10)

    def probe_need(self) -> Need:
        """The images once, and the teacher."""
        return Need(1500, 5)

    def problems(self, config: Mapping[str, Any]) -> Iterator[str]:
        """Whether its images and preset exist, and whether the teacher can have the rank."""
        yield from super().problems(config)
        own, size = self.entry["teacher_network"], self.usual_size(config)
        if own["preset"] not in config["presets"]:
            yield ".teacher_network.preset" + wording.unknown("preset", own["preset"], config["presets"])
        if own["rank"] > size:
            yield f".teacher_network.rank is {own['rank']}, more than its {size} units; lower the rank"

    def problems_in_use(self, config: Mapping[str, Any]) -> Iterator[str]:
        """Whether the teacher would be unstable, too; its times are those of its task, whatever a grid varies."""
        yield from super().problems_in_use(config)
        preset = config["presets"][self.entry["teacher_network"]["preset"]]
        usual = {**preset, **config["dynamics"], **self.entry.get("defaults", {})}
        step, constant = usual["time_step_ms"], usual["time_constant_ms"]
        if usual["leak"] == "euler" and step > constant:
            yield (
                f".teacher_network.preset has leak: euler, which is unstable with a time step of {step} ms, longer "
                f"than the time constant of {constant} ms; shorten dynamics.time_step_ms or use a preset with leak: "
                "exponential"
            )
