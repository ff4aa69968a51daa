"""One finished run at the tiny scale, and copies of it to change."""

import os
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from runner import Project, built_once, new_project

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


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


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium."""
    if not (CHROMIUM and DRIVER):
        message = "needs Chromium and its driver (Debian: chromium, chromium-driver)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()
