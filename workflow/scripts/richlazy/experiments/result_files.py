"""Files that a user asks for: tables, statistics and figures of the selected experiments."""

from collections.abc import Iterable, Sequence

from richlazy.experiments import planning
from richlazy.experiments.plan import Plan, Wildcards

FORMATS = ("pdf", "png")
_OF_CONNECTOME = ("figures/connectome.png", "selection.json", "provenance.json")


class ResultFiles:
    """Paths of results, as targets and for publication."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def _of(self, experiment: str, file: str) -> str:
        return f"{self.plan.results}/experiments/{experiment}/{file}"

    def experiment(self, name: str) -> list[str]:
        """Everything that is tabulated, drawn and tested of an experiment, and figures of what it uses."""
        return [
            self._of(name, "tables/runs.parquet"),
            *self.figures([name]),
            *self.statistics([name]),
            *self.beside(self.plan.connectomes_of(name), self.plan.pictured_tasks_of(name)),
        ]

    def everything(self) -> list[str]:
        """The same of all selected experiments, figures over all of them, claims, and numbers of the papers."""
        return [
            *self.tables_of_runs(),
            *self.figures(self.plan.selected),
            *self.statistics(self.plan.selected),
            *self.beside(self.plan.connectomes, self.plan.pictured),
            *self.robustness(),
            f"{self.plan.results}/claims.md",
            f"{self.plan.results}/published_values.md",
            f"{self.plan.results}/index.html",
        ]

    def statistics(self, experiments: Iterable[str]) -> list[str]:
        """Tables of statistics of some experiments."""
        return [
            self._of(name, f"statistics/{table}.parquet")
            for name in experiments
            for table in self.plan.model[name].statistics
        ]

    def tables_of_runs(self) -> list[str]:
        """Table of the runs of each selected experiment."""
        return [self._of(name, "tables/runs.parquet") for name in self.plan.selected]

    def figure_names(self, experiment: str) -> list[str]:
        """Names of the figures of an experiment."""
        return planning.figure_names(self.plan.config, experiment)

    def figures(self, experiments: Iterable[str], formats: Sequence[str] = FORMATS) -> list[str]:
        """All figures of some experiments."""
        return [
            self._of(name, f"figures/{figure}.{suffix}")
            for name in experiments
            for figure in self.figure_names(name)
            for suffix in formats
        ]

    def beside(self, connectomes: Iterable[str], tasks: Iterable[str], formats: Sequence[str] = FORMATS) -> list[str]:
        """Figures of connectomes and of the trials of tasks, which belong to no single experiment."""
        stems = [f"connectomes/{name}/figures/connectome" for name in connectomes]
        stems += [f"tasks/{task}/figures/trials" for task in tasks]
        return [f"{self.plan.results}/{stem}.{suffix}" for stem in stems for suffix in formats]

    def pictures(self) -> list[str]:
        """All figures as PNG, for the page of results."""
        over_all = [file for file in self.robustness() if file.endswith(".png")]
        plan, only = self.plan, ["png"]
        return [*self.figures(plan.selected, only), *self.beside(plan.connectomes, plan.pictured, only), *over_all]

    def robustness(self) -> list[str]:
        """Figure and table over all experiments that compare the rank of the initial weights, where there are any."""
        suffixes = (*FORMATS, "parquet") if self.plan.rank_comparisons else ()
        return [f"{self.plan.results}/figures/robustness.{suffix}" for suffix in suffixes]

    def rank_trends(self) -> list[str]:
        """Trends of each of these experiments."""
        return [self._of(name, "statistics/trends.parquet") for name in self.plan.rank_comparisons]

    def spectra(self, wildcards: Wildcards) -> dict[str, str]:
        """Spectra of an experiment whose figure shows them."""
        shown = self.plan.config["experiments"][wildcards.experiment].get("spectrum")
        return {"spectra": self._of(wildcards.experiment, "tables/spectra.parquet")} if shown else {}

    def publishable(self, wildcards: Wildcards) -> list[str]:
        """Small results of all published experiments, and pages of connectomes and trials; figures as PNG."""
        selected, experiments = self.plan.published, self.plan.config["experiments"]
        connectomes = sorted({one for name in selected for one in self.plan.connectomes_of(name)})
        pictured = sorted({task for name in selected for task in self.plan.pictured_tasks_of(name)})
        tables = [(name, table) for name in selected for table in self.plan.model[name].tables]
        asked = {"truncations": "truncation", "spectra": "spectrum"}
        tables += [(name, table) for table, key in asked.items() for name in selected if experiments[name].get(key)]
        return [
            *(self._of(name, f"tables/{table}.parquet") for name, table in tables),
            *self.statistics(selected),
            *self.figures(selected, formats=["png"]),
            *self.beside([], pictured, formats=["png"]),
            *(f"{self.plan.results}/connectomes/{name}/{part}" for name in connectomes for part in _OF_CONNECTOME),
        ]
