"""Certificates: a file is what its certificate says, where it says, by the recipe that it says."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.iocontainers import InputFiles, OutputFiles, Params

from richlazy.storage import array_io, certificates, library_code
from richlazy.storage.certificates import GONE, Recipe

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-10, 10) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results/tiny/runs"
    for name in "ab":
        folder.joinpath(name).mkdir(parents=True)
        array_io.save_array(folder / name / "network.npy", np.full(3, ord(name)))
        certificates.certify(folder / name / "network.npy", Recipe({"runs": name}, {"train.py": "1"}, {}))
    return folder


def flat(kind, named):
    """Files by name as Snakemake gives them to a job: one list, in which names are ranges."""
    files = kind()
    for name, paths in named.items():
        start = len(files)
        files.extend(paths)
        files._set_name(name, start, end=len(files))
    return files


@pytest.fixture(autouse=True)
def scripts(tmp_path, monkeypatch):
    """A library of one script."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    folder.joinpath("train.py").write_text("train()")
    monkeypatch.setattr(library_code, "SCRIPTS", folder)
    return folder


def recipes_of(tmp_path, runs, **settings):
    """Recipes of a training job of some runs, seeds or more, which has inputs of its own for each, and one of all."""
    runs = [run if isinstance(run, dict) else {"seed": run} for run in runs]
    seeds = [run["seed"] for run in runs]
    files = {name: tmp_path / name for name in ("task", *(f"x{seed}" for seed in seeds))}
    for name, path in files.items():
        path.write_text(name)
    of_runs = [str(files[f"x{seed}"]) for seed in seeds]
    inputs = flat(InputFiles, {"inputs": of_runs, "about": [str(files["task"])]})
    made = flat(
        OutputFiles, {name: [f"results/seed~{seed}/{name}" for seed in seeds] for name in ("network", "history")}
    )
    params = {"code": "train.py 0", "runs": [{"rank": 1} | run for run in runs], "settings": settings}
    return certificates.recipes(Params(fromdict=params), inputs, made)


def test_an_untouched_file_passes_with_its_recipe(results):
    assert certificates.check(results / "a/network.npy").recipe.parameters == {"runs": "a"}


def test_a_file_without_certificate_has_none(results):
    certificates.path_of(results / "a/network.npy").unlink()
    assert certificates.check(results / "a/network.npy") is None


def test_a_file_of_another_run_is_refused(results):
    results.joinpath("b/network.npy").replace(results / "a/network.npy")
    with pytest.raises(ValueError, match=r"a/network.npy is damaged \(it is not the file that was made"):
        certificates.check(results / "a/network.npy")


def test_a_file_of_another_run_with_its_certificate_is_refused(results):
    for name in ("network.npy", ".network.npy.made"):
        results.joinpath("b", name).replace(results / "a" / name)
    with pytest.raises(ValueError, match=r"\(its certificate is that of tiny/runs/b/network.npy\); delete"):
        certificates.check(results / "a/network.npy")


def test_results_may_move_as_a_whole(results, tmp_path):
    tmp_path.joinpath("results").rename(tmp_path / "elsewhere")
    moved = tmp_path / "home/results"
    moved.parent.mkdir()
    tmp_path.joinpath("elsewhere").rename(moved)
    assert certificates.check(moved / "tiny/runs/a/network.npy")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"place": 1}', b"\0" * 40])
def test_a_damaged_certificate_is_refused_and_names_its_file(results, content):
    results.joinpath("a/.network.npy.made").write_bytes(content)
    with pytest.raises(ValueError, match=r"a/network.npy is damaged \(its certificate is\)"):
        certificates.check(results / "a/network.npy")


def test_every_change_of_a_byte_of_a_certificate_or_its_file_is_refused(results):
    for name in (".network.npy.made", "network.npy"):
        path = results / "a" / name
        content = path.read_bytes()
        for place in range(0, len(content), 7):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            with pytest.raises(ValueError, match="is damaged"):
                certificates.check(results / "a/network.npy")
        path.write_bytes(content)


def test_a_certificate_is_the_same_wherever_and_whenever_it_is_written(results, tmp_path):
    other = tmp_path / "other/results/tiny/runs/a/network.npy"
    other.parent.mkdir(parents=True)
    other.write_bytes(results.joinpath("a/network.npy").read_bytes())
    certificates.certify(other, Recipe({"runs": "a"}, {"train.py": "1"}, {}))
    assert certificates.path_of(other).read_bytes() == results.joinpath("a/.network.npy.made").read_bytes()


def test_the_recipe_of_a_network_is_the_same_alone_and_with_all_seeds_of_its_condition(tmp_path):
    together, alone = recipes_of(tmp_path, [0, 1, 2], loss="mse"), recipes_of(tmp_path, [1], loss="mse")
    assert alone.items() < together.items()
    assert len({recipe.digest for file, recipe in together.items() if "network" in file}) == 3


def test_what_a_job_does_not_read_is_no_part_of_its_recipe(tmp_path):
    first = recipes_of(tmp_path, [0], device="cpu", chunks="here")
    assert first == recipes_of(tmp_path, [0], device="cuda", chunks="there")


def test_a_network_depends_on_what_it_keeps_of_its_way_and_not_on_what_others_of_its_job_keep(tmp_path):
    plain, kept, again = (
        recipes_of(tmp_path, [{"seed": 0}, {"seed": 1} | asked])
        for asked in ({}, {"snapshot_at": [0, 5]}, {"snapshot_at": [0, 6]})
    )
    for name in ("network", "history"):
        first, second = f"results/seed~0/{name}", f"results/seed~1/{name}"
        assert plain[first] == kept[first] == again[first]
        assert (
            kept[second].differences(plain[second])
            == {"parameters": ["runs"]}
            == again[second].differences(kept[second])
        )


def test_differences_name_parameter_code_and_input(tmp_path, scripts):
    (first, *_) = recipes_of(tmp_path, [0], loss="mse", curve_points=3).values()
    library_code._of_file.cache_clear()
    scripts.joinpath("train.py").write_text("train() ")
    changed = Recipe(first.parameters, library_code.digests([scripts / "train.py"]), first.inputs)
    assert changed.differences(first) == {"code": ["train.py"]}
    (other, *_) = recipes_of(tmp_path, [0], loss="cross_entropy", curve_points=3).values()
    assert "settings.loss" in first.differences(other)["parameters"]
    (other, *_) = recipes_of(tmp_path, [1], loss="mse", curve_points=3).values()
    assert first.differences(other) | {"code": []} == {"parameters": ["runs"], "inputs": ["inputs"], "code": []}


def test_an_input_that_is_gone_counts_as_equal():
    old, new = (Recipe({}, {}, {"images": digest}) for digest in ("1234", GONE))
    assert new.differences(old) == {}
    assert Recipe({}, {}, {"images": "5678"}).differences(old) == {"inputs": ["images"]}


def test_the_recipe_of_an_input_counts_where_it_has_one_and_its_content_otherwise(results, tmp_path):
    file = results / "a/network.npy"
    assert certificates.digest_of_input(file) == certificates.load(file).recipe.digest
    certificates.path_of(file).unlink()
    assert certificates.digest_of_input(file) == array_io.checksum(file)


@given(PLAIN, PLAIN)
def test_parameters_have_equal_digests_exactly_if_they_are_equal(first, second):
    def plain(value):
        return json.dumps(certificates._plain(value), sort_keys=True)

    assert (certificates._digest(first) == certificates._digest(second)) == (plain(first) == plain(second))
    assert certificates._digest({"a": (1, 2.0)}) == certificates._digest({"a": [1.0, 2]})
    assert certificates._digest(True) != certificates._digest(1)


def test_a_parameter_without_digest_is_refused():
    with pytest.raises(TypeError, match="type set has no digest"):
        certificates._digest({"a": {1}})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/project/results/tiny/runs/a/x.npz", "tiny/runs/a/x.npz"),
        ("results/claims.md", "claims.md"),
        ("results/old/results/quick/claims.md", "quick/claims.md"),
    ],
)
def test_place_is_below_the_last_folder_results(path, expected):
    assert certificates.place(path) == certificates.place(Path(path)) == expected


def test_inputs_without_name_are_part_of_a_recipe(tmp_path):
    for name in ("first", "second"):
        tmp_path.joinpath(name).write_text(name)
    code = Params(fromdict={"code": "train.py 0"})
    first, second = (
        certificates.recipes(code, InputFiles([str(tmp_path / name)]), OutputFiles(["results/x"]))
        for name in ("first", "second")
    )
    assert first["results/x"].differences(second["results/x"]) == {"inputs": [""]}
