"""The unit tests of a module on a mutant of it.

Each mutant is tried in a copy (fork) of this process, which has the large libraries already but nothing of the project.
The copy imports the mutant in place of the module: no file changes. What tests start in a process of their own sees the
module as it is.
"""

import contextlib
import importlib
import importlib.util
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

PRELOADED = ("torch", "scipy.stats", "scipy.linalg", "pandas", "pyarrow.parquet", "pydantic")
# A mutant that would fill the memory is stopped.
_LARGEST_DATA = 6 * 2**30


class _Loader(SourceFileLoader):
    """Loads another source in place of that of the file."""

    source = ""

    def get_code(self, fullname):
        return compile(self.source, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds one module, and leaves all others to Python."""

    def __init__(self, name: str, file: Path, source: str):
        self.name, self.file, self.source = name, file, source

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        loader = _Loader(name, str(self.file))
        loader.source = self.source
        return importlib.util.spec_from_file_location(name, self.file, loader=loader)


class _Plugin:
    """Settings of pytest: those tests first that found a fault before, then the files as they are named.

    It writes down which test finds the fault, and keeps hypothesis from looking for a simpler example.
    """

    def __init__(self, first: Sequence[str], failed: Path):
        self.first, self.failed = first, failed

    def pytest_sessionstart(self):
        if "hypothesis" in sys.modules:
            from hypothesis import Phase, settings

            settings.register_profile("one_failure", settings.default, phases=[Phase.explicit, Phase.generate])
            settings.load_profile("one_failure")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        files = [str(config.invocation_params.dir / argument.partition("::")[0]) for argument in config.args]
        items.sort(key=lambda item: (item.nodeid not in self.first, files.index(str(item.path))))

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.write_text(report.nodeid)


def preload() -> None:
    """Import the large libraries once, for all copies."""
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


class Tests:
    """Tests of one module.

    Args:
        name: of the module, dotted.
        file: of the module.
        arguments: of pytest, files or tests.
        folder: for what they print.
    """

    def __init__(self, name: str, file: Path, arguments: Sequence[str], folder: Path):
        self.name, self.file, self.arguments = name, file, arguments
        self.log, self.failed = folder / "log", folder / "failed"
        self.found_before: list[str] = []

    def outcome(self, source: str, limit_s: float) -> str:
        """What becomes of another source of the module: ``survived``, ``killed``, or ``timeout`` after so long."""
        self.failed.unlink(missing_ok=True)
        process = os.fork()
        if process == 0:
            self._run(source)
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                if self.failed.exists():
                    self.found_before.append(self.failed.read_text())
                return "survived" if status == 0 else "killed"
            time.sleep(0.05)
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return "timeout"

    def _run(self, source: str) -> None:
        """Run the tests and end this process with their status."""
        status = 1
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_DATA, (_LARGEST_DATA, _LARGEST_DATA))
            output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for number in (1, 2):
                os.dup2(output, number)
            sys.meta_path.insert(0, _Finder(self.name, self.file, source))
            plugin = _Plugin(self.found_before, self.failed)
            status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *self.arguments], [plugin]))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
