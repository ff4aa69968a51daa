"""The measures of a network before and after training on its probe, in the order of their columns."""

from richlazy.measures import (
    activity,
    before_training,
    change,
    change_spectrum,
    credit,
    disturbance,
    effective_ranks,
    fixed_points,
    low_rank_change,
    performance,
    task_alignment,
    task_kernels,
)
from richlazy.measures.base import declared

# A new theme comes last: the order of columns is published.
MEASURES = declared(
    performance,
    change,
    effective_ranks,
    low_rank_change,
    task_kernels,
    task_alignment,
    before_training,
    change_spectrum,
    activity,
    credit,
    disturbance,
    fixed_points,
)
