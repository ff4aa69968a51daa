"""Log of a job: details in the file, one sentence on the terminal."""

import errno
import importlib.metadata
import logging
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from richlazy.storage import logs

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


@pytest.fixture(autouse=True)
def _logging_as_before():
    """Handlers, levels and the hook for uncaught errors are those of the session again."""
    root, hook, level = logging.getLogger(), sys.excepthook, logs.LOGGER.level
    handlers, root_level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(root_level)
    logs.LOGGER.setLevel(level)


def attached(tmp_path, *packages):
    path = tmp_path / "logs" / "job.log"
    logs.attach(path, *packages)
    return path


def raised(error):
    """Give an error to the hook for uncaught errors, as the interpreter does."""
    try:
        raise error
    except type(error) as caught:
        sys.excepthook(type(caught), caught, caught.__traceback__)


def test_first_line_of_the_file_has_the_versions(tmp_path, capsys):
    text = attached(tmp_path, "numpy", "scipy").read_text()
    versions = f"numpy {importlib.metadata.version('numpy')}, scipy {importlib.metadata.version('scipy')}"
    assert re.fullmatch(rf"[\d-]+ [\d:,]+ INFO Python {platform.python_version()}, {re.escape(versions)}\n", text)
    assert capsys.readouterr().err == ""


def test_folders_of_the_log_are_made_and_an_old_log_is_replaced(tmp_path):
    path = attached(tmp_path, "numpy")
    path.write_text("of the job before")
    assert "before" not in attached(tmp_path, "numpy").read_text()


def test_progress_goes_to_the_file_and_warnings_to_both(tmp_path, capsys):
    path = attached(tmp_path)
    logs.LOGGER.info("trained 100 of 200")
    logs.LOGGER.warning("loss is rising")
    assert "INFO trained 100 of 200" in path.read_text()
    assert "WARNING loss is rising" in path.read_text()
    terminal = capsys.readouterr().err
    assert "WARNING loss is rising" in terminal
    assert "trained" not in terminal


def test_chatter_of_other_libraries_stays_out(tmp_path):
    path = attached(tmp_path)
    logging.getLogger("matplotlib.font_manager").info("score(...)")
    logging.getLogger("matplotlib").debug("backend")
    assert len(path.read_text().splitlines()) == 1


def test_a_mistake_of_the_user_is_one_sentence_on_the_terminal(tmp_path, capsys):
    path = attached(tmp_path)
    raised(ValueError("task 'X' has no period delay; remove it"))
    terminal = capsys.readouterr().err
    assert terminal.endswith("ERROR task 'X' has no period delay; remove it\n")
    assert len(terminal.splitlines()) == 1
    text = path.read_text()
    assert "ERROR task 'X' has no period delay; remove it" in text
    assert "Traceback (most recent call last)" in text
    assert "test_logs.py" in text


def test_a_kind_of_value_error_is_a_mistake_of_the_user_too(tmp_path, capsys):
    from richlazy.configuration.checks import ConfigurationError

    attached(tmp_path)
    raised(ConfigurationError(["gain is 0; it must be above 0"]))
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "results/w.npy"),
            ("disk is full", "results/w.npy", "free space"),
        ),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "results/w.npy"), ("quota", "results/w.npy", "free space")),
        (PermissionError(errno.EACCES, "Permission denied", "results/w.npy"), ("results/w.npy may not be", "right to")),
        (OSError(errno.EROFS, "Read-only file system", "results/w.npy"), ("(Read-only file system)", "right to")),
        (MemoryError("Unable to allocate 3 GiB"), ("not enough memory (Unable to allocate 3 GiB)", "mem_mb")),
        (MemoryError(), ("not enough memory (MemoryError)", "mem_mb")),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), ("not enough memory", "mem_mb")),
    ],
)
def test_what_the_machine_refuses_is_one_sentence_that_says_what_to_do(tmp_path, capsys, error, parts):
    attached(tmp_path)
    raised(error)
    terminal = capsys.readouterr().err
    assert len(terminal.splitlines()) == 1
    assert all(part in terminal for part in (*parts, "run the same command again"))


def test_memory_that_torch_misses_is_told_as_such(tmp_path, capsys):
    attached(tmp_path)
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    raised(caught.value)
    terminal = capsys.readouterr().err
    assert "not enough memory" in terminal and len(terminal.splitlines()) == 1


def test_a_log_on_a_full_disk_does_not_bury_the_sentence(tmp_path):
    (tmp_path / "job.log").symlink_to("/dev/full")
    script = "from richlazy.storage import logs\nlogs.attach('job.log')\nraise ValueError('no such period')\n"
    job = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert job.returncode == 1
    assert [line.split(" ERROR ")[-1] for line in job.stderr.splitlines()] == ["no such period"]


def test_any_other_error_shows_its_whole_way(tmp_path, capsys):
    path = attached(tmp_path)
    raised(KeyError("recurrent"))
    terminal = capsys.readouterr().err
    for text in (terminal, path.read_text()):
        assert "CRITICAL 'recurrent'" in text
        assert "Traceback (most recent call last)" in text


@pytest.mark.parametrize("error", ["ValueError('no such period')", "RuntimeError('broken')"])
def test_an_uncaught_error_of_a_script_reaches_the_log_and_fails_the_job(tmp_path, error):
    script = tmp_path / "script.py"
    script.write_text(f"from richlazy.storage import logs\nlogs.attach('job.log', 'numpy')\nraise {error}\n")
    job = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, env={"PYTHONPATH": str(SCRIPTS), "PYTHONWARNINGS": "error"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert job.returncode == 1
    text = (tmp_path / "job.log").read_text()
    assert text.count("Traceback") == 1
    assert "script.py" in text
    if error.startswith("ValueError"):
        assert job.stderr.endswith("ERROR no such period\n")
        assert len(job.stderr.splitlines()) == 1
    else:
        assert job.stderr.count("Traceback") == 1


def test_an_unknown_package_is_named(tmp_path):
    with pytest.raises(importlib.metadata.PackageNotFoundError, match="no-such-package"):
        attached(tmp_path, "no-such-package")
