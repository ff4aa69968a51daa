"""Keys of experiments: grids of parameters, what is followed and compared, and comparisons of parts of LSTMs."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from richlazy.configuration.fields import ExperimentName, Line, Note, Seeds, Several
from richlazy.configuration.network_models import Matching
from richlazy.configuration.registries import Measures, Quantities, grid_entry
from richlazy.field_types import (
    HUGE,
    Count,
    Gain,
    Leak,
    LearningRate,
    Milliseconds,
    Momentum,
    Name,
    Optimiser,
    Parametrisation,
    Readout,
    Rectification,
    RuleOfLearning,
    Size,
    Trained,
    Whole,
    optional,
)
from richlazy.settings import Settings

LstmWeights = Several[
    Literal["weight_hh_l0", "weight_ih_l1", "weight_hh_l1", "weight_ih_l0", "from_units", "from_words"]
]


class Grid(Settings):
    """Parameters of an experiment, each with the list of values that it takes."""

    task: Several[Name] = optional("Names from tasks.")
    condition_number: Several[Annotated[float, Field(ge=1, le=HUGE)]] = optional(
        "Condition number kappa of the feature modulation of a teacher, linear or a network: how much stronger the "
        "first half of its features is. Default 1."
    )
    readout: Several[Readout] = optional("As in connectivity.")
    structure: Several[Name] = optional("Names from structures.")
    rank: Several[Count] = optional("Rank of svd_truncation; at most the size.")
    decay_exponent: Several[Annotated[float, Field(ge=0, le=1e3)]] = optional(
        "Exponent k of soft_rank; with 0 all singular values are equal."
    )
    matching: Several[Matching] = optional("As in connectivity.")
    size: Several[Size] = optional("As in connectivity.")
    gain: Several[Gain] = optional("As in presets.")
    leak: Several[Leak] = optional("As in presets.")
    rectification: Several[Rectification] = optional("As in presets.")
    time_step_ms: Several[Milliseconds] = optional("As in dynamics.")
    time_constant_ms: Several[Milliseconds] = optional("As in dynamics.")
    learning_rate: Several[LearningRate] = optional("As in training.")
    momentum: Several[Momentum] = optional("As in presets.")
    optimiser: Several[Optimiser] = optional(
        "gradient_descent, the default, or adam with PyTorch's defaults, which takes no momentum."
    )
    trained: Several[Trained] = optional(
        "Weights that training changes: all, the default, or the recurrent ones alone."
    )
    parametrisation: Several[Parametrisation] = optional(
        "plain, the default: training changes input and readout weights themselves; scaled: it changes m and w of "
        "Schuessler et al. 2020, Eqs. 2 and 3, where these weights are sqrt(N) m and w / sqrt(N)."
    )
    rule: Several[RuleOfLearning] = optional(
        "Rule of learning: backpropagation, the default; eligibility (e-prop, symmetric), feedback_alignment (fixed "
        "random weights in place of the readout on the way back), recurrent_feedback (in place of the recurrent "
        "weights), rflo (both local), truncated, or node_perturbation (noise on small networks)."
    )
    feedback_correlation: Several[Annotated[float, Field(ge=-1, le=1)]] = optional(
        "Correlation of the fixed feedback with the initial weights that it replaces, for feedback_alignment, "
        "recurrent_feedback and rflo. Default 0, independent."
    )
    truncation_steps: Several[Count] = optional(
        "Steps after which errors are cut on their way back, for truncated. Default 1: none reaches an earlier step."
    )
    perturbation: Several[Annotated[float, Field(gt=0)]] = optional(
        "Standard deviation of the noise of node_perturbation, in the unit of the states. Default 0.01."
    )
    batch_size: Several[Count] = optional("As in training.")
    iterations: Several[Count] = optional("As in training.")
    distinct_batches: Several[Count] = optional(
        "Batches that are drawn; training goes through them in one order again and again. Without it each update has "
        "a new one."
    )


if TYPE_CHECKING:
    GridEntry = Grid
else:
    GridEntry = grid_entry(Grid)


class Follow(Settings):
    """Networks that are followed during training."""

    iterations: Annotated[Several[Whole], Field(min_length=2)] = Field(
        description="Iterations at which it is measured, from 0, the start."
    )
    seeds: Several[Whole] = Field(description="Seeds that are followed.")
    quantities: Quantities = optional(
        "What is measured and drawn, instead of all that is of the kernel and the norm of the change of the weights. "
        "Kernels are costly and measured only where one is named."
    )


class Repeats(Settings):
    """Which experiment another one repeats."""

    experiment: ExperimentName = Field(description="The experiment that is repeated; both compare the same parameter.")
    as_: Annotated[Note, Field(max_length=30)] = Field(
        description="What is different, in a few words: the head of a column of verdicts.", alias="as"
    )


class Figure(Settings):
    """What the figures of an experiment look like."""

    show: Literal["runs", "mean_and_spread"] = optional(
        "How measures are shown: runs, the default, a dot for each beside those of other conditions and a bar at the "
        "median; mean_and_spread, a line at the mean over seeds and a band of one standard deviation on each side, "
        "over a compared number."
    )
    overlay: str = optional(
        "With show: mean_and_spread, a parameter whose values share a panel, in colours, instead of a panel for each."
    )
    normalise: Measures = optional(
        "Measures that are drawn over their mean in the first condition of each arm, as is what theory says of them."
    )
    own_axes: bool = optional(
        "Whether each panel has a vertical axis of its own; the panels of a row share one by default."
    )
    x: Literal["iterations", "rescaled_learning_time"] = optional(
        "What losses, and what is followed, are drawn over: iterations, the default, or, for gradient descent and "
        "gains below 1, rescaled_learning_time, learning rate times iterations times beta^2 with beta = 1 / (1 - "
        "gain^2) (Schuessler et al. 2020, section 3)."
    )
    loss_axes: Literal["logarithmic", "semilogarithmic", "linear"] = optional(
        "Axes of losses: logarithmic, the default; semilogarithmic, with linear time; or linear, which show plateaus, "
        "and of which the horizontal one ends soon after the slowest network has converged."
    )
    outputs: Several[str | float] = optional(
        "Values of the compared parameter. A figure shows what networks of the first seed with each of them answer on "
        "trials of the probe, over what is asked of them; for tasks of kind continuous."
    )
    interactions: bool = optional(
        "Whether a figure shows how the effect of the compared number changes over each other number that takes at "
        "least three values, with its test."
    )


class Experiment(Settings):
    """A grid whose every combination is trained once for each seed."""

    title: Line = Field(description="What is asked, in a line; the heading of its figures.")
    source: Line = Field(description="The figure of a paper that this reproduces, or why it is run.")
    paper_shows: Line = optional("What the paper shows there, in a sentence of our own; it stands beside our figure.")
    preset: Name = optional(
        "Name of the preset that gives leak, rectification, momentum and gain where the grid does not; rate networks "
        "need it."
    )
    grid: GridEntry = Field(
        description="Parameters and the values that they take; task and, for rate networks, structure are needed here "
        "or in every group. Options of tasks and structures are swept by their names too, such as fraction or "
        "timing_ms.delay. LSTMs have one task and nothing else."
    )
    groups: Annotated[list[GridEntry], Field(min_length=1)] = optional(
        "Further parameters, a list of grids. Each completes `grid` in turn, and the experiment is all of them "
        "together; so structures of different sizes stand beside unstructured weights of their own size."
    )
    compare: str = Field(
        description="The grid parameter whose effect is tested. Three or more numbers are tested for a trend, names "
        "against the first of their list. Tasks can be compared where all are of one kind of `continuous`. LSTMs "
        "compare `part`, a part of their weights."
    )
    covaries: Several[str] = optional(
        "Parameters that have one value for each value of the compared one, given by the groups, such as a learning "
        "rate that falls with the gain. They are no conditions of their own, and each value of the compared one may "
        "have a group of its own."
    )
    seeds: Seeds = Field(description="How many seeds, counted from 0, or a list of seeds.")
    measures: Measures = optional(
        "Measures that this experiment tests and draws, instead of statistics.measures and figures.measures. Those of "
        "LSTMs are frobenius_norm, stable_rank, leading_singular_value and rank_for_final_accuracy."
    )
    weights: LstmWeights = optional(
        "LSTMs: weights whose parts are compared, separately. For norms matrices as PyTorch names them; for "
        "rank_for_final_accuracy sets that are truncated together: from_units (weight_hh_l0, weight_ih_l1, "
        "weight_hh_l1) or from_words (weight_ih_l0)."
    )
    draw: LstmWeights = optional("LSTMs: weights of which the figure has a panel each, where not those of weights.")
    parts: Annotated[Several[Literal["initial_weights", "weights", "change"]], Field(min_length=2)] = optional(
        "LSTMs: parts that are compared with the first: initial_weights, weights (after training), change."
    )
    follow: Follow = optional(
        "Networks that are followed during training, their tangent kernels or the changes of their weights; they get a "
        "figure of it. The seeds that are not named here train as before."
    )
    repeats: Repeats = optional(
        "Says of an experiment that it repeats another one under another preset or with other training, so that claims "
        "on that one are judged on this one as well."
    )
    matched_loss: bool = optional(
        "Whether networks are also measured where their loss first comes down to training.shared_excess and to "
        "training.converged_excess; nothing else of their training changes."
    )
    truncation: bool = optional(
        "Whether networks are asked again with the change of their recurrent weights truncated to 0 to 25 components "
        "(Schuessler et al. 2020, Figure 1); the experiment gets a table and a figure of their losses."
    )
    solutions: bool = optional(
        "Whether networks are compared in pairs, each of an even seed with that of the next one, in dynamics, weights "
        "and answers. Nothing is trained for it; measures of a pair stand with its first network."
    )
    unseen: bool = optional(
        "Whether networks are also asked what they were not trained on, as unseen of their tasks says. Nothing is "
        "trained for it."
    )
    figure: Figure = optional("What its figures look like, where they are not as usual.")
    spectrum: Literal["eigenvalues", "singular_values"] = optional(
        "Whether the figure opens with the spectrum of the initial recurrent weights, and which."
    )
