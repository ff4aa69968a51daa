"""Faults injected into real runs of a tiny workflow, and whether the documented commands bring it to equal bytes."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [str(folder) for folder in (ROOT, ROOT / "tests") if str(folder) not in sys.path]
