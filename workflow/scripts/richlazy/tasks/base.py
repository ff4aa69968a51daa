"""What a kind of task is: the interface that the whole workflow speaks with."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from richlazy.job_needs import Need
from richlazy.settings import Settings
from richlazy.storage import late_import
from richlazy.tasks.samples import ProbeTrials, TrainingTrials

Entry = Mapping[str, Any]


class Task(ABC):
    """A task of the configuration. Each kind is a subclass in a module of ``tasks/kinds`` with the name of its key.

    A new kind is one such module. It must give ``key``, ``settings``, ``trials``, ``steps`` and ``outputs``;
    everything else has a default. The module is imported whenever the workflow is
    planned, so it must not import PyTorch, NeuroGym or pandas.

    ``trials`` names the module that draws, such as ``tasks.image_trials``; jobs import that one alone, and an edit of
    it draws the trials of this kind again. It may be the module of the class itself (``tasks.kinds.<key>``). It has two
    functions::

        def training_trials(entry, run, files) -> TrainingTrials
        def probe_trials(entry, run, files, count) -> ProbeTrials

    ``entry`` is the entry of the task without ``defaults``, ``probe`` and ``unseen``; ``run`` holds
    ``training_parameters`` or ``probe_parameters``, and ``teacher``, the settings of a teacher network, where one is
    needed; ``files`` are paths by the names of ``needs``; ``count`` is the number of probe trials. Equal arguments must
    give equal trials: every random number comes from ``seeds.generator(run["seed"], "trials")``, and for probes from
    the stream ``probe``. Where something of the user's is wrong they raise ValueError with one sentence.

    Attributes:
        key: of the entry in ``tasks`` that tells this kind.
        variant_of: key of another kind where this is a variant of it, told by having both keys.
        place: where it stands among the kinds that are listed; those without a place come last.
        settings: model of the entry.
        trials: name of the module that draws trials, below ``richlazy``; None where networks read the files of
            ``needs`` themselves.
        needs: files that trials are made of: ``images``, and ``teacher``, a network that is trained on the images.
        training_parameters: parameters of a run on which training trials depend.
        probe_parameters: those on which probe trials depend; no others may tell probes apart.
        loss: ``cross_entropy`` for classes, ``squared_error`` for numbers at one step, ``masked_squared_error`` for
            numbers over time.
        has_teacher: whether a teacher, linear or a network, reads features of unequal strength (``condition_number``).
        has_task_vector: whether the description of its probe has ``task_vector``, with which weights can be aligned.
        pictured: whether a figure shows a few of its trials.
        names: module with what this figure calls inputs and classes, below ``richlazy``: a function ``names(entry, run)
            -> {"inputs": [...], "classes": [...]}``, lists that may be empty; None where numbers are all they have.
        curve_points: points of its loss curves; None for the usual number.
    """

    key: ClassVar[str]
    variant_of: ClassVar[str | None] = None
    place: ClassVar[int] = 100
    settings: ClassVar[type[Settings]]
    trials: ClassVar[str | None] = None
    needs: ClassVar[tuple[str, ...]] = ()
    training_parameters: ClassVar[tuple[str, ...]] = ("time_step_ms", "batch_size", "iterations", "seed")
    probe_parameters: ClassVar[tuple[str, ...]] = ("time_step_ms", "seed")
    loss: ClassVar[str] = "cross_entropy"
    has_teacher: ClassVar[bool] = False
    has_task_vector: ClassVar[bool] = False
    pictured: ClassVar[bool] = False
    names: ClassVar[str | None] = None
    curve_points: ClassVar[int | None] = None

    def __init__(self, entry: Entry, tasks: Mapping[str, Entry] = MappingProxyType({})):
        self.entry, self._tasks = entry, tasks

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of other tasks of the configuration of which it is made."""
        return ()

    @property
    def told_by(self) -> str:
        """What the key that tells its kind says, such as an environment, for the captions of figures."""
        return str(self.entry[self.variant_of or self.key])

    # Its networks

    @property
    def architecture(self) -> str:
        """``recurrent``, ``lstm``, or ``feedforward`` where a trial is one step: the networks that learn the task."""
        return "recurrent"

    @property
    def is_feedforward(self) -> bool:
        """Whether a trial is a single step, which a network of two layers learns; its first layer has the structure."""
        return self.architecture == "feedforward"

    @property
    def input_units(self) -> int | None:
        """Inputs N_in where the entry tells them; None where trials do."""
        return None

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Outputs of a network that learns the task, as an estimate before there are trials."""

    @abstractmethod
    def steps(self, time_step_ms: float | None) -> int:
        """Steps T of the longest trial, or of the sequences into which trials are cut; as an estimate likewise."""

    def columns(self, size: int) -> int:
        """Columns of the matrix that has the structure, for networks of ``size`` units; as an estimate likewise."""
        return size

    def usual_size(self, config: Mapping[str, Any]) -> int:
        """Units of the networks that learn the task where no grid varies them."""
        return self.entry.get("defaults", {}).get("size", config["connectivity"]["size"])

    # Its training and its probe

    @property
    def is_regression(self) -> bool:
        """Whether targets are numbers, learned by squared error, instead of classes."""
        return self.loss != "cross_entropy"

    @property
    def one_trial(self) -> bool:
        """Whether one trial, in a batch of its own, is all there is to learn, and the probe as well."""
        return False

    @property
    def batch_size(self) -> int | None:
        """Trials in a batch where the task leaves no choice."""
        return 1 if self.one_trial else None

    def loss_steps(self, training: Mapping[str, Any]) -> str:
        """Steps of a trial at which the loss counts, ``all`` or ``last``; ``training`` is the group of that name."""
        return "last"

    def counted(self, training: Mapping[str, Any]) -> dict[str, Any]:
        """What counts in training and on the probe: loss, and the steps of a trial at which it does."""
        return {"loss": self.loss, "loss_steps": self.loss_steps(training)}

    def target(self, training: Mapping[str, Any]) -> dict[str, Any]:
        """Accuracy in training at which a network has learned the task, and whether it stops there.

        Accuracy is followed in training where the decision is the last step and alone counts.
        """
        if self.is_regression or self.loss_steps(training) != "last":
            return {"target_accuracy": None, "stop_at_target": False}
        return {key: training[key] for key in ("target_accuracy", "stop_at_target")}

    def of_training(self, training: Mapping[str, Any]) -> dict[str, Any]:
        """Group ``training`` of the configuration as it is for the task.

        A published configuration may be older than the convergence that is recorded now.
        """
        of_task = {**self.target(training), **self.counted(training), "curve_points": self.curve_points}
        return {"convergence_fraction": 0.0, **training, **of_task}

    def stage_ends(self, iterations: int) -> list[int]:
        """Updates after which training goes on with another task; the weights of these moments are kept."""
        return []

    def probe(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Group ``probe`` of the configuration with what the task has of its own."""
        if self.one_trial:
            return {"trials": 1, "kernel_trials": 1, "kernel_times": "all"}
        return {**settings, **self.entry.get("probe", {})}

    def of_measuring(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Group ``probe`` as it is for the task, with what counts of its trials."""
        return {**self.probe(config["probe"]), **self.counted(config["training"])}

    # Its trials

    @property
    def has_time(self) -> bool:
        """Whether its steps last some ms, and are not rows of an image."""
        return "time_step_ms" in self.probe_parameters

    @property
    def trial_entry(self) -> dict[str, Any]:
        """The entry without what decides networks and the number of probe trials, on which no single trial depends."""
        return {key: value for key, value in self.entry.items() if key not in ("defaults", "probe", "unseen")}

    def training_trials(self, run: Mapping[str, Any], files: Mapping[str, str]) -> TrainingTrials:
        """Training trials of a run, from ``files`` by the names of ``needs``."""
        return late_import.load(str(self.trials)).training_trials(self.trial_entry, run, files)

    def probe_trials(self, run: Mapping[str, Any], files: Mapping[str, str], count: int) -> ProbeTrials:
        """Probe trials of a run, likewise."""
        return late_import.load(str(self.trials)).probe_trials(self.trial_entry, run, files, count)

    def training_need(self, run: Mapping[str, Any]) -> Need:
        """What drawing the training trials of a run needs; ``run`` holds all its parameters."""
        return Need(1000, 5)

    def probe_need(self) -> Need:
        """What drawing a probe needs."""
        return Need(1000, 5)

    # Its place in an experiment

    @property
    def comparable(self) -> str | None:
        """Tasks with the same value are paired conditions of an experiment that compares them; None with no other."""
        return None

    @property
    def constant_target(self) -> float | None:
        """Constant that answers a constant input, of which theory knows how it is learned; None for other tasks."""
        return None

    def problems(self, config: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with the entry beside other groups: what follows its place in a sentence each."""
        yield from ()

    def problems_in_use(self, config: Mapping[str, Any]) -> Iterator[str]:
        """What is wrong with the entry where an experiment that is built uses it, likewise; it may take seconds."""
        yield from ()
