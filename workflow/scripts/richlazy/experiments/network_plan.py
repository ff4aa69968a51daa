"""Jobs that train, measure, follow or truncate networks, as the rules ask for them."""

from typing import Any

from richlazy.experiments import parameters, rate_network_jobs, resources, solution_pairs
from richlazy.experiments.jobs import NetworkJobs
from richlazy.experiments.parameters import Run
from richlazy.experiments.plan import Plan, Wildcards
from richlazy.measures.at_matched_loss import LEVELS
from richlazy.models.base import Model
from richlazy.storage import late_import
from richlazy.training import rules

_DYNAMICS = ("leak", "rectification", "time_step_ms", "time_constant_ms")


def training_modules(model: Model, run: Run) -> tuple[str, ...]:
    """Names of the modules with which networks of a model learn that have the rule and the engine of a run."""
    return (model.training, *([rules.module(run["rule"], run["engine"])] if model.by_rules else []))


class JobsOfKind:
    """Training or measuring jobs of one kind: of one network each, or of conditions of the same seeds.

    Args:
        plan: what is to be built.
        jobs: one kind of its jobs.

    Attributes:
        model: of the networks.
        pattern: regular expression of the folders of the jobs, the wildcard ``networks``.
        place: of a job among all of its stage, as part of a path.
        network, history, measures: files of each network of a job.
    """

    def __init__(self, plan: Plan, jobs: NetworkJobs) -> None:
        self._plan, self._jobs = plan, jobs
        self.model = self._jobs.model
        self.place = f"{{networks}}{jobs.part}"
        self._planning = late_import.load(self.model.planning)
        self.pattern = self._jobs.pattern
        self.network, self.history, self.measures = (
            [f"{plan.results}/{self.model.folder}/{{networks}}{member}/{file}" for member in self._jobs.members]
            for file in ("network.npz", "history.json", "measures.json")
        )
        self.gpu = plan.gpu * self.model.together

    def training_modules(self, wildcards: Wildcards) -> tuple[str, ...]:
        """Names of the modules with which the networks of a job are trained, which learn by one rule."""
        return training_modules(self.model, self._runs(wildcards.networks)[0])

    def runs(self, wildcards: Wildcards) -> list[Run]:
        """Parameters of each network of a job, as the job is told them."""
        return [parameters.told(run) for run in self._runs(wildcards.networks)]

    def runs_to_train(self, wildcards: Wildcards) -> list[Run]:
        """The same, with what training is to keep of the way of those that are followed or matched."""
        followed, matched, config = self._plan.followed, self._plan.matched, self._plan.config
        return [
            {**run, **self._planning.kept_in_training(config, run, followed.get(path, ()), path in matched)}
            for run, path in zip(self.runs(wildcards), self._paths(wildcards.networks), strict=True)
        ]

    def _paths(self, networks: str) -> list[str]:
        return [networks + member for member in self._jobs.members]

    def _runs(self, networks: str) -> list[Run]:
        return [self._plan.all_runs[path] for path in self._paths(networks)]

    def training_inputs(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Files that training reads, by name."""
        return self._below_results(self._planning.training_inputs(self._plan.config, self._runs(wildcards.networks)))

    def measuring_inputs(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Files that measuring reads beside the networks, by name."""
        return self._below_results(self._planning.measuring_inputs(self._plan.config, self._runs(wildcards.networks)))

    def _below_results(self, named: dict[str, list[str]]) -> dict[str, list[str]]:
        return {name: [f"{self._plan.results}/{file}" for file in files] for name, files in named.items()}

    def training(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the networks of a job are trained, beside their parameters."""
        settings: dict[str, Any] = self._planning.training_settings(self._plan.config, self._runs(wildcards.networks))
        return settings

    def measuring(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the networks of a job are measured."""
        settings: dict[str, Any] = self._planning.measuring_settings(
            self._plan.config, self._plan.sources, self._runs(wildcards.networks)
        )
        return settings

    def _need(self, stage: str, networks: str, attempt: int) -> tuple[int, int]:
        of_stage = getattr(self._planning, f"{stage}_need")
        need: tuple[int, int] = of_stage(self._plan.config, self._runs(networks), attempt)
        return need

    def seconds(self, wildcards: Wildcards) -> tuple[float, float]:
        """Seconds to train and to measure the networks of a job on one core, without a margin."""
        training, measuring = self._planning.seconds(self._plan.config, self._runs(wildcards.networks))
        return training, measuring * self._times_measured(wildcards.networks)

    def _times_measured(self, networks: str) -> int:
        """How often networks of a job are measured: those that are matched at each level of their loss, too."""
        return 1 + len(LEVELS) * any(path in self._plan.matched for path in self._paths(networks))

    def training_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB to train the networks of a job."""
        return self._need("training", wildcards.networks, attempt)[0]

    def training_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes to train the networks of a job, on one core."""
        return self._need("training", wildcards.networks, attempt)[1]

    def measuring_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB to measure the networks of a job."""
        return self._need("measuring", wildcards.networks, attempt)[0]

    def measuring_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes to measure the networks of a job, on one core."""
        return self._need("measuring", wildcards.networks, attempt)[1] * self._times_measured(wildcards.networks)


class RunPlan:
    """Jobs of single rate networks after training, by the wildcard ``run``."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def probe_of_run(self, wildcards: Wildcards) -> str:
        """Probe of a run."""
        return self.plan.file_of_probe(self.plan.runs[wildcards.run], "probe.npz")

    def decision_of_run(self, wildcards: Wildcards) -> str:
        """Steps of its probe on which a decision is due."""
        return self.plan.file_of_probe(self.plan.runs[wildcards.run], "decision.npy")

    def network_of_next_seed(self, wildcards: Wildcards) -> str:
        """Network with which a run is compared."""
        return f"{self.plan.results}/runs/{solution_pairs.other(self.plan.runs[wildcards.run])}/network.npz"

    def different_of_run(self, wildcards: Wildcards) -> list[str]:
        """What is different in unseen trials of which a run is asked."""
        return list(self.plan.unseen[wildcards.run])

    def probes_asked_of_run(self, wildcards: Wildcards) -> list[str]:
        """Its own probe, and those of unseen trials."""
        return self._asked(wildcards.run, "probe.npz")

    def decisions_asked_of_run(self, wildcards: Wildcards) -> list[str]:
        """Steps of these probes on which a decision is due."""
        return self._asked(wildcards.run, "decision.npy")

    def _asked(self, run: str, file: str) -> list[str]:
        return [self.plan.file_of_probe(one, file) for one in (self.plan.runs[run], *self.plan.unseen[run].values())]

    def dynamics_of_run(self, wildcards: Wildcards) -> Run:
        """Parameters of a run that decide its rates, beside its weights."""
        return {key: self.plan.runs[wildcards.run][key] for key in _DYNAMICS}

    def truncating(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the loss of a network whose weight change is truncated is measured."""
        measuring = self.plan.task(self.plan.runs[wildcards.run]).of_measuring(self.plan.config)
        return {key: measuring[key] for key in ("loss", "loss_steps")}

    def following(self, wildcards: Wildcards) -> dict[str, Any]:
        """What is measured of a run that is followed, and the outputs of its tangent kernels."""
        probe = self.plan.task(self.plan.runs[wildcards.run]).probe(self.plan.config["probe"])
        kernel = {key: probe[key] for key in ("kernel_trials", "kernel_times")}
        return kernel | {"quantities": self.plan.followed_quantities[wildcards.run]}

    def following_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB that following a run needs: two kernels are in memory together, as when it is measured."""
        kernel = rate_network_jobs.kernel_shape(self.plan.config, self.plan.runs[wildcards.run])
        return resources.measuring_memory_mb(kernel, attempt=attempt)

    def following_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes that following a run needs: no more than measuring it at each of its snapshots."""
        kernel = rate_network_jobs.kernel_shape(self.plan.config, self.plan.runs[wildcards.run])
        return resources.measuring_minutes(kernel, attempt=attempt) * len(self.plan.followed[wildcards.run])
