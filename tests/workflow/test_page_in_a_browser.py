"""The page of a finished run, opened in a real browser on a small screen and a large one."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from richlazy.storage import parquet

pytestmark = pytest.mark.browser


@pytest.fixture(params=[360, 1440])
def page(browser, finished, request):
    """The page of the finished tiny scale in a window of some width."""
    size = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get_log("browser")  # what other pages left
    browser.get((finished.folder / "results/tiny/index.html").as_uri())
    WebDriverWait(browser, 120).until(
        lambda page: not page.find_elements(By.CSS_SELECTOR, ".plot:not([data-drawn=done])")
    )
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_page_fits_its_window_without_an_error(page):
    wide, window = page.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window
    assert page.get_log("browser") == []
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_a_dot_is_a_network_that_hovering_names(page, finished):
    runs = parquet.load_table(finished.folder / "results/tiny/experiments/figure_1/tables/runs.parquet")
    plot = page.find_element(By.CSS_SELECTOR, "#figure-figure_1 .plot")
    marks = plot.find_elements(By.CSS_SELECTOR, ".mark-symbol path")
    dots = [one for one in marks if one.get_attribute("transform")]
    of_panel = runs[runs["task"] == runs["task"].iloc[0]]
    assert len(dots) == len(of_panel)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    ActionChains(page).move_to_element(dots[0]).perform()
    shown = WebDriverWait(page, 30).until(lambda page: page.find_element(By.ID, "vg-tooltip-element").text)
    assert any(path in shown for path in of_panel["network"])
    assert "seed" in shown and "rank of initial weights" in shown


def test_every_network_stands_in_a_table_too(page, finished):
    runs = parquet.load_table(finished.folder / "results/tiny/experiments/figure_1/tables/runs.parquet")
    details = page.find_element(By.CSS_SELECTOR, "details[data-networks=figure_1]")
    page.execute_script("arguments[0].open = true", details)
    rows = WebDriverWait(page, 30).until(lambda _: details.find_elements(By.CSS_SELECTOR, "tbody tr"))
    assert len(rows) == len(runs)
