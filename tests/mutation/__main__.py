"""Put random faults into kernels, measures, structures, statistics and training; exit status 1 where tests miss one."""

import argparse
import os
import sys
from pathlib import Path

import yaml

from . import runs
from .campaign import campaign

ROOT = Path(__file__).parents[2]
_CONFORMANCE = "tests/conformance/test_measures.py::test_"
_ORACLES = f"{_CONFORMANCE}a_measure_of_"
_PROBE = ("tests/unit/measures/test_probe_measures.py", f"{_ORACLES}the_probe_is_its_formula")
_RUN = f"{_ORACLES}a_finished_run_is_its_formula"
_FOLLOWED = f"{_CONFORMANCE}a_quantity_that_is_followed_is_its_formula"
_CREDIT = ("tests/unit/measures/test_credit.py", f"{_ORACLES}the_probe_is_its_formula")
_PAIR = (f"{_ORACLES}two_networks_is_its_formula", f"{_CONFORMANCE}two_networks_of_which_one_was_lost_have_no_measures")
_STRUCTURES = ("tests/conformance/test_structures.py", "tests/unit/connectivity/test_structure_statistics.py")
_DRAWS = ("tests/unit/connectivity/test_connectivity.py",)
_TABLES = ("tests/unit/statistics/test_statistics.py",)
_CLAIMS = ("tests/unit/statistics/test_claims.py",)
_DESCENT = ("tests/unit/training/test_training.py", "tests/unit/training/test_parametrisation.py")
_PASSES = ("tests/unit/models/test_backpropagation.py", "tests/unit/models/test_feedback.py", *_DESCENT)
# The modules below richlazy/, and the tests that are about them, the fastest first.
SUBJECTS = {
    "measures/tangent_kernel.py": ("tests/unit/measures/test_kernels.py", *_PROBE),
    "measures/change.py": _PROBE,
    "measures/activity.py": ("tests/unit/measures/test_activity.py", *_PROBE),
    "measures/at_matched_loss.py": ("tests/unit/measures/test_matched_loss.py", _RUN),
    "measures/before_training.py": ("tests/unit/measures/test_before_training.py", *_PROBE),
    "measures/agreement.py": ("tests/unit/measures/test_learning_time.py", _RUN),
    "measures/effective_ranks.py": ("tests/unit/connectivity/test_structure_statistics.py", *_PROBE),
    "measures/task_alignment.py": ("tests/unit/measures/test_task_kernels.py", *_PROBE),
    "measures/low_rank_change.py": ("tests/unit/measures/test_low_rank_change.py", *_PROBE),
    "measures/credit.py": _CREDIT,
    "measures/disturbance.py": _CREDIT,
    "measures/during_training.py": ("tests/unit/measures/test_movement.py", _FOLLOWED),
    "measures/fixed_points.py": ("tests/unit/measures/test_fixed_points.py",),
    "measures/forgetting.py": ("tests/unit/measures/test_forgetting.py",),
    "measures/learning_speed.py": ("tests/unit/measures/test_learning_time.py",),
    "measures/solutions.py": ("tests/unit/measures/test_solutions.py", *_PAIR),
    "measures/unseen.py": ("tests/unit/measures/test_unseen.py", f"{_ORACLES}unseen_trials_is_its_formula"),
    "measures/task_kernels.py": ("tests/unit/measures/test_task_kernels.py", *_PROBE),
    "connectivity/aligned.py": _STRUCTURES,
    "connectivity/base.py": (*_STRUCTURES, *_DRAWS),
    "connectivity/cell_types.py": _STRUCTURES,
    "connectivity/chain.py": _STRUCTURES,
    "connectivity/connectome_based.py": _STRUCTURES,
    "connectivity/dale.py": _STRUCTURES,
    "connectivity/low_rank.py": (*_DRAWS, *_STRUCTURES),
    "connectivity/matching.py": (*_DRAWS, "tests/unit/connectivity/test_structure_statistics.py"),
    "connectivity/motifs.py": ("tests/unit/connectivity/test_motifs.py",),
    "connectivity/truncation.py": (*_DRAWS, "tests/unit/connectivity/test_structure_statistics.py"),
    "connectivity/unstructured.py": _DRAWS,
    "statistics/claim_counts.py": ("tests/unit/statistics/test_claim_counts.py",),
    "statistics/claims.py": (*_CLAIMS, "tests/unit/statistics/test_claims_register.py"),
    "statistics/estimators.py": ("tests/unit/statistics/test_intervals.py", *_TABLES),
    "statistics/foretold.py": ("tests/unit/statistics/test_foretold.py",),
    "statistics/hypothesis_tests.py": _TABLES,
    "statistics/interactions.py": ("tests/unit/statistics/test_interactions.py",),
    "statistics/one_sided_tests.py": _CLAIMS,
    "statistics/published_values.py": ("tests/unit/statistics/test_published_values.py",),
    "statistics/samples.py": _TABLES + _CLAIMS,
    "statistics/strata.py": ("tests/unit/statistics/test_arms.py", *_TABLES),
    "statistics/verdicts.py": _CLAIMS,
    "models/backpropagation.py": _PASSES,
    "models/feedback.py": ("tests/unit/models/test_feedback.py",),
    "models/losses.py": _PASSES,
    "tables/learning.py": ("tests/unit/tables/test_learning.py",),
    "training/optimisers.py": (*_DESCENT, "tests/unit/models/test_feedback.py"),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--mutants", type=int, default=20, metavar="N", help="how many of each module (20)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (0)")
    parser.add_argument("--only", nargs="+", default=[*SUBJECTS], metavar="MODULE", help="such as measures/change.py")
    asked = parser.parse_args()
    os.chdir(ROOT)
    runs.preload()
    subjects = {f"richlazy/{module}": SUBJECTS[module] for module in asked.only}
    equivalents = yaml.safe_load(Path(__file__).with_name("equivalents.yaml").read_text())
    survivors = campaign(ROOT / "workflow/scripts", subjects, equivalents, asked.mutants, asked.seed)
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
