"""What several runs share, as the rules ask for it: trials, teacher networks and initial weights."""

from typing import Any

from richlazy.experiments import grids, paths, resources, trials
from richlazy.experiments.parameters import ANSWERING_PARAMETERS, CONNECTIVITY_PARAMETERS, TEACHER_PARAMETERS, Run
from richlazy.experiments.plan import Plan, Wildcards

# Of a run; its task and structure are in the settings of these.
_STRUCTURE_PARAMETERS = tuple(
    name for name in CONNECTIVITY_PARAMETERS if name not in ("task", "condition_number", "structure")
)


class SharedPlan:
    """Files, parameters and needs of the stages before training, by the wildcards of their jobs.

    Attributes:
        aligned: regular expression of the beginning of the folders of weights that are aligned with a teacher network.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        aligned = [name for name in plan.config["structures"] if grids.is_teacher_aligned(plan.config, name)]
        self.aligned = paths.beginning("structure", aligned)

    def needs_of_training_trials(self, wildcards: Wildcards) -> dict[str, str]:
        """Files of which training trials are made, by name."""
        return self._needs(self.plan.batches[wildcards.batches])

    def needs_of_probe_trials(self, wildcards: Wildcards) -> dict[str, str]:
        """Files of which probe trials are made, likewise."""
        return self._needs(self.plan.probes[wildcards.probe])

    def _needs(self, run: Run) -> dict[str, str]:
        return {need: f"{self.plan.results}/{file}" for need, file in trials.files(self.plan.config, run).items()}

    def training_trials(self, wildcards: Wildcards) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """What training trials depend on: implementation, entry of the task and parameters of a run."""
        return trials.of_training(self.plan.config, self.plan.batches[wildcards.batches])

    def probe_trials(self, wildcards: Wildcards) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """What probe trials depend on, likewise."""
        return trials.of_probe(self.plan.config, self.plan.probes[wildcards.probe])

    def number_of_probe_trials(self, wildcards: Wildcards) -> int:
        """How many trials a probe has."""
        run = self.plan.probes[wildcards.probe]
        number: int = self.plan.task(run).probe(self.plan.config["probe"])["trials"]
        return number

    def training_trials_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB to sample training trials."""
        run = self.plan.batches[wildcards.batches]
        return attempt * self.plan.task(run).training_need(run).memory_mb

    def training_trials_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes to sample training trials."""
        run = self.plan.batches[wildcards.batches]
        return attempt * self.plan.task(run).training_need(run).minutes

    def probe_trials_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB to sample a probe."""
        return attempt * self.plan.task(self.plan.probes[wildcards.probe]).probe_need().memory_mb

    def probe_trials_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes to sample a probe."""
        return attempt * self.plan.task(self.plan.probes[wildcards.probe]).probe_need().minutes

    def first_probe(self, wildcards: Wildcards) -> str:
        """Trials of which the figure of a task pictures a few."""
        return f"{self.plan.results}/trials/{self.plan.pictured[wildcards.task]}/probe.npz"

    def decision_of_first_probe(self, wildcards: Wildcards) -> str:
        """When a decision is due in these trials."""
        return f"{self.plan.results}/trials/{self.plan.pictured[wildcards.task]}/decision.npy"

    def run_of_first_probe(self, wildcards: Wildcards) -> Run:
        """What this figure says of them: seed, duration of a step, if any, and the steps at which the loss counts."""
        run = self.plan.probes[self.plan.pictured[wildcards.task]]
        task = self.plan.task(run)
        step = run["time_step_ms"] if task.has_time else None
        counted = task.loss_steps(self.plan.config["training"])
        return {"time_step_ms": step, "seed": run["seed"], "loss_steps": counted}

    def names_of_pictured(self, wildcards: Wildcards) -> tuple[str | None, dict[str, Any], Run]:
        """What names its inputs and classes: module, entry of the task and parameters of a run."""
        run = self.plan.probes[self.plan.pictured[wildcards.task]]
        task = self.plan.task(run)
        _, entry, parameters = trials.of_probe(self.plan.config, run)
        return (task.names, entry, parameters) if task.names else (None, {}, {})

    def kind_of_pictured(self, wildcards: Wildcards) -> str:
        """What the key that tells the kind of a task says, such as its environment or images."""
        return self.plan.task(self.plan.probes[self.plan.pictured[wildcards.task]]).told_by

    def images_of_teacher(self, wildcards: Wildcards) -> str:
        """Images that a teacher network is trained on."""
        return self._needs(self.plan.teachers[wildcards.teacher])["images"]

    def held_out_of_teacher(self, wildcards: Wildcards) -> int:
        """How many of them are held out."""
        number: int = self.plan.config["tasks"][self.plan.teachers[wildcards.teacher]["task"]]["held_out"]
        return number

    def teacher(self, wildcards: Wildcards) -> Run:
        """Parameters of a teacher network."""
        teacher = grids.teacher(self.plan.config, self.plan.teachers[wildcards.teacher])
        return {key: teacher[key] for key in TEACHER_PARAMETERS}

    def teacher_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB to train a teacher network, with its batches of images beside it."""
        teacher = self.teacher(wildcards)
        steps = self.plan.task(self.plan.teachers[wildcards.teacher]).steps(teacher["time_step_ms"])
        need = resources.training_memory_mb(teacher["size"], steps, teacher["batch_size"], attempt=attempt)
        return need + (resources.BATCHES_OF_IMAGES_MB + self.plan.gpu * resources.CUDA_MB) * attempt

    def teacher_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes to train a teacher network."""
        teacher = self.teacher(wildcards)
        steps = self.plan.task(self.plan.teachers[wildcards.teacher]).steps(teacher["time_step_ms"])
        size, batch, iterations = (teacher[key] for key in ("size", "batch_size", "iterations"))
        return resources.training_minutes(size, steps, batch, iterations, attempt=attempt)

    def structure(self, wildcards: Wildcards) -> dict[str, Any]:
        """Configuration of the structure of initial weights."""
        entry: dict[str, Any] = self.plan.config["structures"][
            self.plan.connectivities[wildcards.connectivity]["structure"]
        ]
        return entry

    def features(self, wildcards: Wildcards) -> str:
        """Features that the input weights of a network which is aligned with its teacher see."""
        features: str = self.structure(wildcards)["features"]
        return features

    def run_of_weights(self, wildcards: Wildcards) -> Run:
        """Parameters that decide initial weights of a structure."""
        return self._of_weights(wildcards, _STRUCTURE_PARAMETERS)

    def run_of_aligned_weights(self, wildcards: Wildcards) -> Run:
        """Parameters that decide initial weights which are aligned with a teacher."""
        return self._of_weights(wildcards, ("matching", "size", "gain", "seed"))

    def _of_weights(self, wildcards: Wildcards, keys: tuple[str, ...]) -> Run:
        return {key: self.plan.connectivities[wildcards.connectivity][key] for key in keys}

    def needs_of_weights(self, wildcards: Wildcards) -> dict[str, str]:
        """What initial weights are made of: a connectome, or the task whose inputs are the columns of a first layer."""
        run = self.plan.connectivities[wildcards.connectivity]
        name = grids.connectome_of(self.plan.config, run["structure"])
        files = {"connectome": f"{self.plan.results}/connectomes/{name}/weights.npy"} if name else {}
        if run["architecture"] == "feedforward":
            files["description"] = self.plan.file_of_probe(run, "task.json")
        return files

    def network_of_teacher(self, wildcards: Wildcards) -> str:
        """Teacher network with which initial weights are aligned."""
        return self._needs(self.plan.connectivities[wildcards.connectivity])["teacher"]

    def teacher_of_weights(self, wildcards: Wildcards) -> Run:
        """Its parameters on which they depend."""
        teacher = grids.teacher(self.plan.config, self.plan.connectivities[wildcards.connectivity])
        return {key: teacher[key] for key in (*ANSWERING_PARAMETERS, "rank")}
