"""Figures of the committed results are readable: texts whole and apart, names for readers, every mark explained."""

from pathlib import Path

import pytest
import yaml

from drawings import watch
from richlazy import published_figures
from shipped import CONFIG

REFERENCE = Path(__file__).parents[3] / "results/reference"
PUBLISHED = yaml.safe_load((REFERENCE / "config.yaml").read_text())
EXPERIMENTS = sorted(path.parents[1] for path in REFERENCE.glob("experiments/*/tables/runs.parquet"))
# One of each kind: many arms, structures of a connectome, theory, means and spreads, what is followed and truncated.
ALWAYS = {
    "figure_1", "figure_2", "figure_3_b", "figure_4_a", "figure_14_linear", "schuessler_figure_3",
    "schuessler_figure_4", "schuessler_supplement_cosine",
}  # fmt: skip
SETTINGS = CONFIG | {"figures": CONFIG["figures"] | {"resolution_dpi": 60}}


@pytest.mark.parametrize(
    "folder",
    [pytest.param(one, marks=[] if one.name in ALWAYS else pytest.mark.slow, id=one.name) for one in EXPERIMENTS],
)
def test_every_figure_of_a_published_experiment_is_readable(folder, tmp_path):
    drawn = published_figures.drawn_again(folder, tmp_path, PUBLISHED, SETTINGS)
    assert {"measures", "losses", "effects"} <= set(drawn) or set(drawn) == {"lstm"}
    for name, draw in drawn.items():
        drawing = watch(lambda draw=draw, name=name: (draw(), (None, tmp_path / f"{name}.png"))[1])
        assert drawing.png.stat().st_size < 100_000
        assert drawing.faults() == {}
