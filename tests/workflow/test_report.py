"""The report of a finished run, opened in a real browser."""

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(finished, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    finished.copy(folder / "project").snakemake("--report", str(folder / "report.html"))
    return folder / "report.html"


@pytest.fixture
def page(browser, report):
    browser.get(report.as_uri())
    wait_for_text(browser, "RESULTS")
    return browser


def wait_for_text(browser, text: str) -> None:
    WebDriverWait(browser, 30).until(lambda page: text in page.find_element(By.TAG_NAME, "body").text)


def click(browser, text: str) -> None:
    WebDriverWait(browser, 30).until(lambda page: shown(page, text))[0].click()


def shown(browser, text: str) -> list:
    return [element for element in browser.find_elements(By.XPATH, f"//*[text()='{text}']") if element.is_displayed()]


def open_result(browser, text: str) -> None:
    """Click the eye beside an entry of the result list."""
    wait_for_text(browser, text)
    browser.find_element(By.XPATH, f"//td[contains(., '{text}')]/..//a[@iconname='eye']").click()


def test_the_report_opens_with_the_methods(page):
    text = page.find_element(By.TAG_NAME, "body").text
    assert "Methods." in text and "stochastic gradient descent" in text
    assert "scale tiny" in text  # a reader must see that this is not the paper's scale


def test_the_report_opens_on_the_verdicts(page):
    table = page.find_element(By.CLASS_NAME, "counts")
    assert "Figure 1" in table.text and "Liu et al. 2024" in page.find_element(By.TAG_NAME, "body").text


@pytest.mark.parametrize("figure", ["measures of change", "loss curves", "effect sizes"])
def test_the_report_shows_each_figure(page, figure):
    click(page, "Figures")
    open_result(page, figure)

    def drawn(browser) -> bool:
        pictures = browser.find_elements(By.XPATH, "//img[contains(@src, 'data:image/png')]")
        return any(int(picture.get_property("naturalWidth")) > 1000 for picture in pictures)

    WebDriverWait(page, 30).until(drawn)


def test_the_report_shows_the_claims_with_their_verdicts(page):
    click(page, "Claims")
    open_result(page, "verdicts and evidence")
    frame = WebDriverWait(page, 30).until(lambda browser: browser.find_element(By.TAG_NAME, "iframe"))
    page.switch_to.frame(frame)
    table = WebDriverWait(page, 30).until(lambda browser: browser.find_element(By.ID, "claims"))
    rows = table.find_elements(By.XPATH, ".//tbody/tr")
    assert len(rows) > 20
    assert "lower the rank" in table.text
    assert table.find_elements(By.CLASS_NAME, "not-run")
