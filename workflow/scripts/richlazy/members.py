"""Members of a package by the name that the configuration gives them: one class each, loaded when it is asked for."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from richlazy.storage import late_import

_LIBRARY = Path(__file__).parent
Kind = TypeVar("Kind")


class Members(Mapping[str, type[Kind]], Generic[Kind]):
    """Classes of a package whose line ``kind = "<name>"`` names them.

    A module that is put into the folder of the package belongs to it; no list names it. Only the module of the member
    that is asked for is imported, so that a job depends on that one alone: its rule lists ``module(name)`` with
    ``import_closure.module_closure``.
    """

    def __init__(self, package: str) -> None:
        """``package`` is the name of a folder of this library."""
        self.package = package
        found = {
            kind: file
            for file in sorted((_LIBRARY / package).glob("*.py"))
            for kind in re.findall(r'^    kind = "(\w+)"$', file.read_text(), re.MULTILINE)
        }
        self._files = dict(sorted(found.items()))
        self._loaded: dict[str, type[Kind]] = {}

    def module(self, kind: str) -> str:
        """Name, below the library, of the module that holds a member."""
        return f"{self.package}.{self._files[kind].stem}"

    def __getitem__(self, kind: str) -> type[Kind]:
        if kind not in self._loaded:
            module = late_import.load(self.module(kind))
            members = vars(module).values()
            self._loaded[kind] = next(member for member in members if getattr(member, "kind", None) == kind)
        return self._loaded[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
