"""Weights that are aligned with the task from the start: with a linear teacher, or with a teacher network."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field

from richlazy.connectivity.base import Structure
from richlazy.connectivity.draws import Matrix
from richlazy.connectivity.truncation import truncate_rank
from richlazy.settings import Settings

# Which features of its teacher a first layer is aligned with, and the vector of the task description behind it.
TASK_VECTORS = {"all": "task_vector", "dominant": "dominant_task_vector"}


class OfFeatures(Settings):
    """Options of a structure that reads features of a teacher."""

    features: Literal["all", "dominant"] = Field(
        description="Features of the teacher that task_aligned and teacher_aligned read, all or the dominant half."
    )


class TaskAligned(Structure):
    """First layer of rank one whose first unit reads the task, (N, d): [v'/|v|; 0; ...] (Liu et al. 2024, Prop. 1)."""

    kind = "task_aligned"
    Options = OfFeatures
    architectures = ("feedforward",)
    needs = ("task",)

    @staticmethod
    def shape(base: Matrix, task_vector: Matrix) -> Matrix:
        """``task_vector`` is v, (d,): what the teacher reads from the inputs, or its part in the dominant features."""
        weights = np.zeros_like(base)
        weights[0] = task_vector / np.linalg.norm(task_vector)
        return weights

    @classmethod
    def of_task(cls, options: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
        """The vector of the features that are read."""
        return {"task_vector": task[TASK_VECTORS[options["features"]]]}


class TeacherAligned(Structure):
    """Recurrent weights of a teacher network after its training, truncated to a rank (Liu et al. 2024, Figure 3C).

    Its input weights are aligned too; they are made where the teacher is loaded.
    """

    kind = "teacher_aligned"
    Options = OfFeatures
    needs = ("teacher",)

    @staticmethod
    def shape(base: Matrix, teacher: Matrix, rank: int) -> Matrix:
        """``teacher`` is W_h of the teacher, (N, N), ``rank`` that of the weights with which it started."""
        if teacher.shape != base.shape:
            raise ValueError(f"the teacher has {len(teacher)} units, but the network {len(base)}; give them one size")
        return truncate_rank(teacher, rank)
