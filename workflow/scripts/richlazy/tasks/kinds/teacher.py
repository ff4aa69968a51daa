"""Tasks with a linear teacher (Liu et al. 2024, section 2.3)."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from richlazy.job_needs import Need
from richlazy.settings import Settings
from richlazy.tasks.base import Task
from richlazy.tasks.entries import WithDefaults


class LinearTeacherSettings(Settings):
    """A linear teacher."""

    inputs: int = Field(ge=2, description="Number of inputs d.")
    samples: int = Field(
        ge=2, description="Number m of samples with entries uniform in [-2, 2] whose second moment the trials have."
    )
    whitened: bool = Field(description="Whether the second moment is the identity instead.")


class LinearTeacherEntry(WithDefaults):
    """Entry of a task with a linear teacher."""

    teacher: LinearTeacherSettings = Field(
        description="A linear function of random inputs, learned with half the squared error by a feedforward network "
        "with linear units or rectifiers."
    )


class LinearTeacher(Task):
    """A linear teacher of a feedforward network; one batch stands for all samples and is the probe as well."""

    key = "teacher"
    place = 3
    settings = LinearTeacherEntry
    trials = "tasks.linear_teacher"
    training_parameters = probe_parameters = ("condition_number", "seed")
    loss = "squared_error"
    has_teacher = has_task_vector = True
    architecture = "feedforward"
    outputs = 1

    @property
    def input_units(self) -> int:
        """Inputs d of the teacher."""
        return self.entry["teacher"]["inputs"]

    @property
    def batch_size(self) -> int:
        """A trial for each input."""
        return self.input_units

    def steps(self, time_step_ms: float | None) -> int:
        """One."""
        return 1

    def columns(self, size: int) -> int:
        """Inputs of the first layer."""
        return self.input_units

    def probe(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """A trial for each input."""
        return {"trials": self.input_units, "kernel_trials": self.input_units, "kernel_times": "last"}

    def training_need(self, run: Mapping[str, Any]) -> Need:
        """Little."""
        return Need(500, 5)

    def probe_need(self) -> Need:
        """Little."""
        return Need(500, 5)
