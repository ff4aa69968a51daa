"""The line in which a rule describes the code of its jobs."""

import pytest

from richlazy.storage import import_closure, library_code
from richlazy.storage.library_code import SCRIPTS, described, files


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library in which one of two scripts imports a module."""
    package = tmp_path / "scripts/richlazy"
    package.mkdir(parents=True)
    monkeypatch.setattr(library_code, "SCRIPTS", package.parent)
    monkeypatch.setattr(import_closure, "_PACKAGE", package)
    package.joinpath("loop.py").write_text("STEPS = 1\n")
    package.parent.joinpath("train.py").write_text("from richlazy import loop\n")
    package.parent.joinpath("draw.py").write_text("import math\n")
    forget()
    yield package.parent
    forget()


def forget():
    """A process keeps what it has read; a new start does not."""
    for kept in (library_code.described, library_code._of_file, import_closure._imported, import_closure._binds):
        kept.cache_clear()


def test_a_description_names_its_scripts_and_modules_and_leads_to_their_files():
    line = described("measure_networks.py", modules=("measures.rate_network_measures",))
    *named, digest = line.split()
    assert named == ["measure_networks.py", "measures.rate_network_measures"]
    assert int(digest, 16) and len(digest) == library_code.DIGITS
    closure = {*import_closure.import_closure(SCRIPTS / named[0]), *import_closure.module_closure(named[1])}
    without = {
        SCRIPTS / f"richlazy/storage/{name}.py" for name in ("certificates", "late_import", "library_code", "logs")
    }
    assert without < closure and files(line) == sorted({SCRIPTS / named[0], *closure} - without)
    assert library_code.scripts(line) == [SCRIPTS / named[0]]


@pytest.mark.parametrize(("edited", "changed"), [("richlazy/loop.py", "train.py"), ("draw.py", "draw.py")])
def test_an_edit_changes_what_depends_on_it_alone(library, edited, changed):
    before = {name: described(name) for name in ("train.py", "draw.py")}
    library.joinpath(edited).write_text(library.joinpath(edited).read_text() + "# a comment\n")
    forget()
    after = {name: described(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == {changed}
    library.joinpath(edited).write_text(library.joinpath(edited).read_text().removesuffix("# a comment\n"))
    forget()
    assert {name: described(name) for name in before} == before


def test_digests_are_by_path_below_the_scripts(library):
    told = library_code.digests(files("train.py 0"))
    assert list(told) == ["richlazy/loop.py", "train.py"]


def test_an_import_that_leads_nowhere_is_an_error(library):
    library.joinpath("train.py").write_text("from richlazy.missing import loop\n")
    with pytest.raises(ImportError, match=r"imports richlazy\.missing, which is no module of the library"):
        described("train.py")
