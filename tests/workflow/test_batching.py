"""All seeds of a condition in one job: the same files with the same bytes as one job for each network."""

TABLES = [f"results/tiny/experiments/figure_1/tables/{table}.parquet" for table in ("runs", "curves")]


def test_conditions_in_one_job_give_the_bytes_of_networks_in_jobs_of_their_own(project):
    before = project.results()
    # The device is asked for and not there: the CPU takes its place.
    project.configure(training={"batching": "condition", "device": "cuda"})
    assert project.run(*TABLES) == {"train_condition": 6, "measure_condition": 6, "tabulate": 1}
    after = project.results()
    assert [name for name in before if after[name] != before[name]] == []
    logs = list((project.folder / "results/tiny/logs/train").rglob("*.log"))
    assert sum("no CUDA device here" in log.read_text() for log in logs) == 6
