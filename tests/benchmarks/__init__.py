"""Speed and memory of the library against stated references: `python -m tests.benchmarks` in the repository root."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"

# The one place where threads and paths are set: NumPy and PyTorch read the former when they are imported, and the
# latter come last so that no script shadows a package.
os.environ["OMP_NUM_THREADS"] = "1"
sys.path += [str(folder) for folder in (SCRIPTS, ROOT / "tests") if str(folder) not in sys.path]
