"""What is to be built, once for each start of Snakemake: all runs, by what they share, and what the rules ask of them.

Rules name methods that take ``wildcards`` as input, params or resources: Snakemake calls them with the wildcards of a
job, and resources with the attempt too. They give files with the folder of the results, and plain dictionaries.
"""

import functools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from richlazy.experiments import grids, paths, planning, rate_network_jobs, solution_pairs, trials, unseen_probes
from richlazy.experiments.jobs import NetworkJobs, network_jobs
from richlazy.experiments.parameters import CONNECTIVITY_PARAMETERS, Run
from richlazy.measures import registry
from richlazy.models.base import Model
from richlazy.models.registry import MODELS
from richlazy.storage import late_import
from richlazy.tasks.base import Task

Config = Mapping[str, Any]
# Where single networks are made again, as proof of those that are there; it is the name of their folder of results.
SCALE_OF_PROOF = "proof_of_adoption"
# Of a job, as Snakemake has them: attributes and keys.
Wildcards = Any


class Plan:
    """The runs of the selected experiments.

    Attributes:
        config, sources: the checked configuration, and the registry of data.
        selected, published: names of the experiments that are built, and of those that are published.
        results: folder of the results: scales never mix, paper scale owns results/, every other scale a folder in it.
        experiment_runs, model: runs and model of each selected experiment.
        models: one of the models of each folder of networks; models of one folder share their modules.
        all_runs: every run, by its path: equal runs of several experiments are one entry.
        runs: those of rate networks, which are taught by stored trials and start from a structure.
        matched: paths of the runs of which weights are kept at levels of their loss.
        followed, followed_quantities: iterations at which runs are followed during training, and what of them, by path.
        unseen: by path of each run that is asked what it was not trained on, runs with these probes.
        connectivities, probes, batches, teachers: for each of their folders a run that uses it.
        pictured: tasks whose trials have a figure, each with its first probe.
        connectomes: settings of the active source of each connectome that is used.
        norm_matched_connectomes: connectomes that are used at the Frobenius norm of Gaussian weights.
        rank_comparisons: experiments that compare the rank of the initial weights.
    """

    def __init__(self, config: Config, selected: Iterable[str], sources: Mapping[str, Any]) -> None:
        self.config, self.sources = config, sources
        self.selected = list(selected)
        published = config["experiments_to_publish"]
        self.published = self.selected if published == "all" else list(published)
        self.results = "results" if config["scale"] == "paper" else f"results/{config['scale']}"
        self.gpu = int(config["training"]["device"] == "cuda")
        self.experiment_runs = {name: planning.runs(config, name) for name in self.selected}
        self.model: dict[str, Model] = {name: planning.model_of(config, name) for name in self.selected}
        self.models = {model.folder: model for model in reversed(MODELS.values())}
        self.all_runs = {paths.run_path(run): run for runs in self.experiment_runs.values() for run in runs}
        self.runs = {path: run for path, run in self.all_runs.items() if MODELS[run["architecture"]].folder == "runs"}
        self.followed = grids.followed(config, self.selected)
        self.matched = grids.matched(config, self.selected)
        self.followed_quantities = grids.followed_quantities(config, self.selected)
        runs = list(self.runs.values())
        self.connectivities = {paths.connectivity_path(run): run for run in runs}
        self.probes = {paths.probe_path(run): run for run in runs}
        self.batches = {paths.batches_path(run): run for run in runs}
        self.teachers = {paths.teacher_path(run): run for run in runs if "teacher" in self.task(run).needs}
        self.unseen = {
            path: found for name in self.selected for path, found in unseen_probes.runs(config, name).items()
        }
        by_seed = sorted(self.probes.items(), key=lambda item: item[1]["seed"])
        self.pictured = {run["task"]: path for path, run in reversed(by_seed) if self.task(run).pictured}
        self.probes |= {paths.probe_path(run): run for found in self.unseen.values() for run in found.values()}
        self.connectomes = {name: grids.connectome(config, name) for name in self._connectomes_of(runs)}
        self.norm_matched_connectomes = self._connectomes_of(run for run in runs if run["matching"] == "frobenius")
        self.rank_comparisons = grids.rank_comparisons(config, self.selected)

    def task(self, run: Run) -> Task:
        """The task that a run learns."""
        return trials.task_of(self.config, run)

    @functools.cached_property
    def training_jobs(self) -> dict[str, NetworkJobs]:
        """Training jobs, by what they hold."""
        return network_jobs(self.all_runs, self.config["training"]["batching"])

    @functools.cached_property
    def measuring_jobs(self) -> dict[str, NetworkJobs]:
        """Measuring jobs, by what they hold: conditions, because a network takes less time than the start of a job."""
        batching = "network" if self.config["scale"] == SCALE_OF_PROOF else "condition"
        same = batching == self.config["training"]["batching"]
        return self.training_jobs if same else network_jobs(self.all_runs, batching)

    def experiments_of(self, model: Model) -> list[str]:
        """Experiments whose networks lie in the folder of a model."""
        return [name for name in self.selected if self.model[name].folder == model.folder]

    def connectomes_from(self, *sources: str) -> dict[str, dict[str, Any]]:
        """Connectomes whose active source is one of some."""
        return {name: entry for name, entry in self.connectomes.items() if entry["source"] in sources}

    def _connectomes_of(self, runs: Iterable[Run]) -> list[str]:
        structures = {run["structure"] for run in runs} - {None}
        names = {grids.connectome_of(self.config, structure) for structure in structures}
        return sorted(name for name in names if name)

    def connectomes_of(self, experiment: str) -> list[str]:
        """Names of the connectomes that an experiment uses."""
        return self._connectomes_of(self.experiment_runs[experiment])

    def pictured_tasks_of(self, experiment: str) -> list[str]:
        """Names of the tasks of an experiment whose trials have a figure."""
        return sorted({run["task"] for run in self.experiment_runs[experiment]} & set(self.pictured))

    def measures_of_runs(self, wildcards: Wildcards) -> list[str]:
        """Measures of every run of an experiment."""
        return self._files_of_runs(wildcards, "measures.json")

    def histories_of_runs(self, wildcards: Wildcards) -> list[str]:
        """Loss curve of every run of an experiment."""
        return self._files_of_runs(wildcards, "history.json")

    def truncations_of_runs(self, wildcards: Wildcards) -> list[str]:
        """Losses with truncated weight changes, of every run of an experiment."""
        return self._files_of_runs(wildcards, "truncation.json")

    def _files_of_runs(self, wildcards: Wildcards, file: str) -> list[str]:
        folder = f"{self.results}/{self.model[wildcards.experiment].folder}"
        return [f"{folder}/{path}/{file}" for path in self.paths_of_runs(wildcards)]

    def paths_of_runs(self, wildcards: Wildcards) -> list[str]:
        """Path of every run of an experiment."""
        return [paths.run_path(run) for run in self.experiment_runs[wildcards.experiment]]

    def followed_runs(self, wildcards: Wildcards) -> list[str]:
        """What was followed of each run that an experiment follows."""
        return [f"{self.results}/runs/{path}/followed.json" for path in self._quantities(wildcards.experiment)]

    def solutions_of_runs(self, wildcards: Wildcards) -> list[str]:
        """How far each run of an experiment that compares solutions is from that of the next seed."""
        pairs = solution_pairs.runs(self.config, wildcards.experiment)
        return [f"{self.results}/runs/{path}/solutions.json" for path in pairs]

    def unseen_of_runs(self, wildcards: Wildcards) -> list[str]:
        """What each run of an experiment that asks for it does on trials that it was not trained on."""
        return [
            f"{self.results}/runs/{path}/unseen.json" for path in unseen_probes.runs(self.config, wildcards.experiment)
        ]

    def answering(self, wildcards: Wildcards) -> list[Run]:
        """Runs of an experiment of which a figure shows what they answer: by task, those of the first seed.

        Of each task and each value of the compared parameter that the figure names it is the first.
        """
        experiment = self.config["experiments"][wildcards.experiment]
        compare, wanted = experiment["compare"], experiment["figure"]["outputs"]
        found: dict[tuple[Any, ...], Run] = {}
        for run in self.experiment_runs[wildcards.experiment]:
            if run[compare] in wanted and run["seed"] == grids.seeds(experiment)[0]:
                found.setdefault((run["task"], run[compare]), run)
        return list(found.values())

    def answers(self, wildcards: Wildcards) -> list[str]:
        """Files of what these runs answer."""
        return [f"{self.results}/runs/{paths.run_path(run)}/answers.npy" for run in self.answering(wildcards)]

    def probes_of_answers(self, wildcards: Wildcards) -> list[str]:
        """Probes of these runs, in their order."""
        return [self.file_of_probe(run, "probe.npz") for run in self.answering(wildcards)]

    def described_answers(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """What the figure says of these runs: task, value of the compared parameter and time step."""
        compare = self.config["experiments"][wildcards.experiment]["compare"]
        return [
            {"task": run["task"], "level": run[compare], "time_step_ms": run["time_step_ms"], "seed": run["seed"]}
            for run in self.answering(wildcards)
        ]

    def _quantities(self, experiment: str) -> dict[str, list[str]]:
        return grids.followed_quantities(self.config, [experiment])

    def tabulating(self, wildcards: Wildcards) -> dict[str, Any]:
        """What the tables of an experiment are told."""
        name = wildcards.experiment
        settings: dict[str, Any] = late_import.load(self.model[name].planning).tabulating_settings(
            self.config, name, self._quantities(name)
        )
        return settings

    def initial_weights(self, wildcards: Wildcards) -> list[str]:
        """Matrices with the structure from which runs of an experiment start, each once."""
        runs = self._initial_weights(wildcards.experiment)
        return [f"{self.results}/{rate_network_jobs.structured_weights_file(run)}" for run in runs]

    def initial_weight_parameters(self, wildcards: Wildcards) -> list[Run]:
        """What decides these matrices, in the order of their files."""
        keys = (*CONNECTIVITY_PARAMETERS, "architecture")
        return [{key: run[key] for key in keys} for run in self._initial_weights(wildcards.experiment)]

    def _initial_weights(self, experiment: str) -> list[Run]:
        runs = {paths.connectivity_path(run): run for run in self.experiment_runs[experiment]}
        return [runs[path] for path in sorted(runs)]

    def connectome_notes(self, wildcards: Wildcards) -> dict[str, str]:
        """For each structure of an experiment that is made of a connectome, what tables say of it."""
        structures = (run["structure"] for run in self.experiment_runs[wildcards.experiment])
        return grids.connectome_notes(self.config, structures)

    def swept_options(self, wildcards: Wildcards) -> dict[str, Any]:
        """Options of structures and tasks that an experiment sweeps, for the columns of its tables."""
        return grids.swept_options(self.config, wildcards.experiment)

    def arms(self, wildcards: Wildcards) -> list[str]:
        """Parameters of an experiment whose combinations are tested separately."""
        return planning.arms(self.config, wildcards.experiment)

    def tested_measures(self, wildcards: Wildcards) -> list[str]:
        """Measures that an experiment tests."""
        return grids.measures(self.config, wildcards.experiment, "statistics")

    def drawn_measures(self, wildcards: Wildcards) -> list[str]:
        """Measures that an experiment draws."""
        return grids.measures(self.config, wildcards.experiment, "figures")

    def tested_labels(self, wildcards: Wildcards) -> dict[str, Any]:
        """Labels of the measures that an experiment tests."""
        return registry.labels(self.tested_measures(wildcards))

    def drawn_labels(self, wildcards: Wildcards) -> dict[str, Any]:
        """Labels of the measures that an experiment draws."""
        return registry.labels(self.drawn_measures(wildcards))

    def tested_roles(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Which of the measures that an experiment tests runs have that failed or diverged, by the reason."""
        return _roles_of(self.tested_measures(wildcards))

    def drawn_roles(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Which of the measures that an experiment draws runs have that failed or diverged, by the reason."""
        return _roles_of(self.drawn_measures(wildcards))

    def drawn_weights(self, wildcards: Wildcards) -> list[str]:
        """Weights of which the figure of an experiment with LSTMs has a panel each."""
        experiment = self.config["experiments"][wildcards.experiment]
        weights: list[str] = experiment.get("draw", experiment["weights"])
        return weights

    def file_of_probe(self, run: Run, file: str) -> str:
        """A file of the probe of a run."""
        return f"{self.results}/trials/{paths.probe_path(run)}/{file}"


def _roles_of(measures: Collection[str]) -> dict[str, list[str]]:
    """Which of some measures runs have that failed or diverged, by the reason."""
    roles = registry.roles()
    return {role: [name for name in measures if name in roles[role]] for role in ("censored", "of_failed")}
