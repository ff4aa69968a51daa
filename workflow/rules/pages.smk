"""The page of results, which people open first.

Reads   claims.parquet, tables/runs.parquet and PNG figures of every selected experiment, and of tasks and connectomes
Writes  index.html, one self-contained file; verdicts.html, its table of verdicts for the report
"""


rule make_results_page:
    """Put question, verdicts, figures, methods and runs on one page that needs no other file."""
    input:
        claims=f"{RESULTS}/claims.parquet",
        runs=results.tables_of_runs(),
        figures=results.pictures(),
        captions=[
            project_file(path) for path in sorted(ROOT.glob("workflow/report/*.rst"))
        ],
        templates=[
            project_file(path)
            for path in sorted(SCRIPTS.glob("richlazy/pages/templates/*"))
        ],
    output:
        page=f"{RESULTS}/index.html",
        verdicts=report(
            f"{RESULTS}/verdicts.html",
            caption="../report/verdicts.rst",
            category="Claims",
            labels={"content": "verdicts by figure"},
        ),
    log:
        f"{RESULTS}/logs/make_results_page.log",
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        code=library("make_results_page.py"),
        experiments=page_plan.described(config, plan.selected),
        methods=page_plan.methods(config),
        measures=page_plan.measures(),
        options=options_of_commands(),
    message:
        "Page of results"
    script:
        "../scripts/make_results_page.py"
