"""One finished run at the tiny scale, and copies of it to change."""

import pytest

from runner import Project, built_once, new_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A project whose tiny scale has been built, once for all processes of pytest; tests must not change it.

    Nor may they run Snakemake in it, which locks the folder while another test copies it.
    """
    return Project(built_once(tmp_path_factory, "finished", lambda folder: new_project(folder).run()))


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project, with its times, for a test to change."""
    return finished.copy(tmp_path / "project")
