"""The compiled library of the passes: built by the C compiler at hand when it is first asked for, and loaded.

Its file is named by what made it, so that an edit of the sources builds another one, and the processor's kind. It lies
beside the sources, or in the user's cache where that folder cannot be written.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs

SOURCES = tuple(Path(__file__).with_name(name) for name in ("passes.c", "passes.h", "both_numbers.h"))
OPTIONS = ("-O3", "-std=gnu11", "-ffp-contract=fast", "-fPIC", "-shared")
# What to look for where the environment names no compiler (CC). The code that clang makes is right, and half as fast.
COMPILERS = ("gcc", "cc", "clang")
MENDING = "install a C compiler (gcc or clang; CC names another one), or set training.engine to torch"


class Passes:
    """The functions of the library, on the widest vectors that this processor has.

    Args:
        file: the library.
        vectors: their name, such as ``avx2``, in place of the widest.

    Attributes:
        vectors: name of the vectors.
        group, chunk, strip, spare_rows: GROUP, CHUNK, LONGEST_STRIP and SPARE_ROWS of passes.c.
        forward, backward, gradient: its functions, whose first argument is whether numbers are double.

    Raises:
        ValueError: for vectors that this processor does not have.
    """

    forward: Callable[..., None]
    backward: Callable[..., None]
    gradient: Callable[..., None]

    def __init__(self, file: Path, vectors: str = ""):
        library = ctypes.CDLL(str(file))
        library.passes_find.argtypes, library.passes_constant.restype = [ctypes.c_char_p], ctypes.c_int64
        library.passes_name.restype = ctypes.c_char_p
        kind = library.passes_find(vectors.encode())
        if kind < 0:
            missing = f"vectors {vectors!r}" if vectors else "vectors with fused multiply-add"
            raise ValueError(
                f"this processor has no {missing}, which compiled passes need; set training.engine to torch"
            )
        self.vectors = library.passes_name(kind).decode()
        self.group, self.chunk, self.strip, self.spare_rows = map(library.passes_constant, range(4))
        place, number = ctypes.c_void_p, ctypes.c_double
        for name, more in (("forward", ()), ("backward", ()), ("gradient", (place, place, place, number, number))):
            function = getattr(library, f"passes_{name}")
            function.argtypes, function.restype = [ctypes.c_int, ctypes.c_int, place, *more], None
            setattr(self, name, functools.partial(function, kind))


@functools.cache
def passes() -> Passes:
    """The passes, built where they are not built yet.

    Raises:
        ValueError: where there is no compiler, it fails, what it built cannot be loaded, or the processor lacks the
            vectors.
    """
    file = built()
    try:
        return Passes(file)
    except OSError as error:
        raise ValueError(f"{file} cannot be loaded ({error}); delete it, or set training.engine to torch") from error


def built() -> Path:
    """File of the library, which is built unless it is there already.

    Raises:
        ValueError: where there is no compiler, or it fails.
    """
    name = f"passes-{_digest()}-{platform.machine()}.so"
    for folder in folders():
        if (folder / name).exists():
            return folder / name
    for folder in folders():
        if _can_write(folder):
            return _build(folder / name)
    places = " nor ".join(map(str, folders()))
    raise ValueError(f"the compiled passes have no place: neither {places} can be written")


def folders() -> tuple[Path, Path]:
    """Where the library may lie: beside the sources, and in the user's cache."""
    return Path(__file__).with_name("built"), platformdirs.user_cache_path("richlazy")


def _digest() -> str:
    """Of the sources and options."""
    digest = hashlib.sha256(" ".join(OPTIONS).encode())
    for source in SOURCES:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def compilers() -> Iterator[str]:
    """C compilers at hand, the one to use first."""
    yield from filter(None, map(shutil.which, [os.environ["CC"]] if os.environ.get("CC") else COMPILERS))


def _build(file: Path) -> Path:
    """Compile; jobs that do so at once leave one whole file."""
    compiler = next(compilers(), None)
    if compiler is None:
        raise ValueError(f"training.engine is 'compiled', but there is no C compiler here; {MENDING}")
    handle, unfinished = tempfile.mkstemp(suffix=".so", dir=file.parent)
    os.close(handle)
    try:
        command = [compiler, *OPTIONS, str(SOURCES[0]), "-o", unfinished, "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it says nothing"])[0]
            raise ValueError(f"the C compiler {compiler} failed on the passes of training.engine ({said}); {MENDING}")
        Path(unfinished).chmod(0o755)
        Path(unfinished).replace(file)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    return file
