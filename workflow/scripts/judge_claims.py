"""Judge the claims of the papers from the statistics and runs of the experiments that were run."""

from pathlib import Path

from richlazy.statistics import claim_documents, claims
from richlazy.storage import array_io, jobs, parquet


def judge_claims(register, found_tables, table, markdown, page, settings, scale, comparisons):
    found = {}
    for path in map(Path, found_tables):
        experiment = path.parent.parent.name
        found.setdefault(experiment, {})[path.stem] = parquet.load_table(path)
    verdicts = claims.judge(register, found, comparisons, settings, scale)
    parquet.save_table(table, verdicts, claims.CLAIM_COLUMNS)
    array_io.save_text(markdown, claim_documents.as_markdown(verdicts))
    array_io.save_text(page, claim_documents.as_html(verdicts))


if __name__ == "__main__":
    with jobs.running(snakemake, "pandas", "scipy"):
        inputs, output, params = snakemake.input, snakemake.output, snakemake.params
        judge_claims(
            register=params.register,
            found_tables=[*inputs.statistics, *inputs.runs],
            table=output.table,
            markdown=output.markdown,
            page=output.page,
            settings=params.settings,
            scale=params.scale,
            comparisons=params.comparisons,
        )
