"""One finished run at the tiny scale, and copies of it to change."""

import shutil

import pytest

from runner import Project, new_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A project whose tiny scale has been built; tests must not change it."""
    project = new_project(tmp_path_factory.mktemp("finished") / "project")
    project.run()
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project, with its times, for a test to change."""
    shutil.copytree(finished.folder, tmp_path / "project")  # copies times too, which Snakemake looks at
    return Project(tmp_path / "project")
