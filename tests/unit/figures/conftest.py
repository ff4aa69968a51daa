"""A figure that one test leaves open is none of the next one."""

import pytest
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def closed():
    """Close what a test has drawn."""
    yield
    plt.close("all")
