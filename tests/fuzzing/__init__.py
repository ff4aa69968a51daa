"""Configurations with random mistakes: each is refused in clear sentences, or can be planned and run."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path += [str(path) for path in (TESTS, TESTS.parent / "workflow/scripts") if str(path) not in sys.path]
