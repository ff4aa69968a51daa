"""Page of results in one file: question, verdicts, figures, methods, runs; and its table of verdicts for the report."""

from pathlib import Path

import vl_convert

from richlazy import reference
from richlazy.pages import results_page
from richlazy.storage import array_io, jobs, parquet


def provenance_of(folder, experiments, project):
    """Of each experiment with results, what made its networks and in which time."""
    found = {}
    for name in experiments:
        runs = parquet.load_table(folder / f"experiments/{name}/tables/runs.parquet")
        seconds = reference.wall_seconds(folder / "benchmarks", map(reference.run_of, runs["network"].unique()))
        found[name] = reference.provenance(project, seconds)
    return found


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "jinja2", "vl-convert-python"):
        inputs, params = snakemake.input, snakemake.params
        project, folder = Path(snakemake.scriptdir).resolve().parents[1], Path(inputs.claims).parent
        given = results_page.Given(
            folder=folder,
            experiments=params.experiments,
            methods=params.methods,
            measures=params.measures,
            provenance=provenance_of(folder, params.experiments, project),
            library=vl_convert.javascript_bundle(results_page.EXPOSED),
            beside=[file for file in map(Path, inputs.figures) if folder / "experiments" not in file.parents],
            options=params.options,
            captions=project / "workflow/report",
        )
        array_io.save_text(snakemake.output.page, results_page.render(given))
        table = results_page.verdicts(folder, params.measures, params.experiments)
        array_io.save_text(snakemake.output.verdicts, table)
