"""Keys of networks and of their training: presets, what all structures share, time, training, LSTMs and the probe."""

from typing import Annotated, Literal

from pydantic import Field

from richlazy.configuration.fields import Several
from richlazy.field_types import (
    Count,
    Leak,
    LearningRate,
    Milliseconds,
    Momentum,
    PositiveGain,
    PositiveNumber,
    Readout,
    Rectification,
    Size,
    Steps,
    Whole,
)
from richlazy.settings import Settings

Matching = Literal["frobenius", "leading_eigenvalue"]
Share = Annotated[float, Field(gt=0, le=1)]


class Preset(Settings):
    """A named set of the parameters in which the paper's text and its published script differ."""

    leak: Leak = Field(
        description="Share of the old state that stays: 1 - dt/tau (euler) or exp(-dt/tau) (exponential, Eq. 1)."
    )
    rectification: Rectification = Field(
        description="Rectifier on the leaky mix of state and input (after_leak, the script) or inside the recurrence "
        "and readout (inside, Eqs. 1 and 2). Both are the same network where nothing of the old state stays. none has "
        "linear units."
    )
    momentum: Momentum = Field(description="Momentum of the gradient descent; 0 is Eq. 3.")
    gain: PositiveGain = Field(
        description="g; entries of the unstructured recurrent weights have scale g / sqrt(size)."
    )


class Connectivity(Settings):
    """What all structures have in common."""

    size: Size = Field(description="Number of recurrent units N.")
    matching: Matching = Field(
        description="Magnitude to which structured weights are rescaled, that of the seed's unstructured draw "
        "(frobenius norm, or modulus of the leading eigenvalue)."
    )
    readout: Readout = Field(
        description="How readout weights start. linear_layer: uniform, as PyTorch's linear layer; in feedforward "
        "networks also normal: Gaussian entries of the scale of the first layer, or equal_norm: Gaussian, with the "
        "Frobenius norm of the first layer (Theorem 1). In recurrent networks also gaussian_directions: Gaussian, "
        "each input with weights of norm √N and each output of 1/√N, or aligned_directions: such inputs, and each "
        "output along the input of its place."
    )


class Dynamics(Settings):
    """Time of the networks and their tasks."""

    time_step_ms: Milliseconds = Field(description="Step dt of network and task, in ms.")
    time_constant_ms: Milliseconds = Field(description="Membrane time constant tau, in ms.")


class Training(Settings):
    """Training by gradient descent."""

    learning_rate: LearningRate = Field(description="eta of Eq. 3.")
    batch_size: Count = Field(description="Trials in a batch.")
    iterations: Count = Field(description="Number of updates.")
    loss_steps: Steps = Field(
        description="Cross-entropy over all steps of a trial, or at the last step; images have an answer at the last "
        "step in any case."
    )
    divergence_loss: PositiveNumber = Field(
        description="A mean loss above this, in nats per step, counts as divergence; where targets are numbers, in "
        "multiples of the loss of a network that is silent."
    )
    final_loss_fraction: Share = Field(description="The final loss is the mean over this last part of the iterations.")
    target_accuracy: Share = Field(
        description="Share of correct answers in training, since the last point of the loss curve, whose first "
        "iteration is recorded (reached_at); where the answer is due at the last step alone."
    )
    stop_at_target: bool = Field(description="Whether a network ends its training there.")
    convergence_fraction: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="A network has converged where the loss of a batch is below this share of that of the first batch; "
        "the iteration is recorded (convergence_iterations)."
    )
    shared_excess: Share = Field(
        description="Level of the loss that all conditions of a comparison can reach, as a share of the way from the "
        "floor of the task (0 where none is known) to guessing. Experiments with matched_loss also measure their "
        "networks at the first point of the loss curve at which they are down to it."
    )
    converged_excess: Share = Field(
        description="Likewise, the level at which a network has converged; also that of the final loss at which a run "
        "counts as converged."
    )
    batching: Literal["network", "condition"] = Field(
        description="What one job trains: a network, or ten seeds of a condition (0 to 9, 10 to 19, and so on), which "
        "one job measures in any case. Files and, on the CPU, bytes are the same; a change trains again."
    )
    engine: Literal["torch", "compiled"] = Field(
        description="What computes the updates of rate networks. compiled: code of this project for the CPU, built "
        "where a C compiler is; it leaves silent units out and takes about two thirds of the time. Measures agree, "
        "bytes do not, so that runs of each are files of their own. LSTMs and teachers have torch in any case."
    )
    device: Literal["cpu", "cuda"] = Field(
        description="Where it computes: cpu; or cuda, which needs batching: condition, for a CUDA device where the job "
        "finds one and the CPU otherwise."
    )


class Lstm(Settings):
    """The LSTM of two layers that reads sentences, its training with Adam and its truncation."""

    units: Count = Field(description="Units of a layer.")
    dropout: Momentum = Field(
        description="Share of the activity that is dropped in training, between the layers and before the decoder."
    )
    learning_rate: LearningRate = Field(description="Of Adam.")
    batch_size: Count = Field(description="Sentences in a batch; those of a batch are about equally long.")
    epochs: Count = Field(description="Passes through the training set.")
    divergence_loss: PositiveNumber = Field(
        description="A loss above this, in nats per sentence, counts as divergence."
    )
    truncation_ranks: Literal["all"] | Several[Whole] = Field(
        description="Ranks to which weights and changes are truncated, a list or all; the largest is always among them."
    )
    accuracy_margin: Annotated[float, Field(ge=0, lt=0.5)] = Field(
        description="The final accuracy is kept where the validation accuracy is at most this much lower."
    )


class Probe(Settings):
    """Trials on which change is measured; they are never trained on."""

    trials: Size = Field(description="Number of trials for representation alignment and accuracy.")
    kernel_trials: Count = Field(description="Number of them on which the tangent kernel is measured.")
    kernel_times: Steps = Field(description="Outputs of the tangent kernel, at all steps of a trial or at the last.")
