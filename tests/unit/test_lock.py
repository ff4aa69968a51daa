"""The lock of dependencies: each with its checksums, none missing, at the versions of requirements.txt."""

import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVIRONMENTS = Path(__file__).parents[2] / "envs"


def entries(text):
    """Each requirement of a lock, with its checksums."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    found = []
    for line in filter(None, joined.splitlines()):
        requirement, *hashes = line.split("--hash=")
        found.append((Requirement(requirement.strip()), [one.strip() for one in hashes]))
    return found


LOCK = entries((ENVIRONMENTS / "lock.txt").read_text())
DIRECT = [
    Requirement(line.partition("#")[0])
    for line in (ENVIRONMENTS / "requirements.txt").read_text().splitlines()
    if line.partition("#")[0].strip()
]


def versions(name):
    """Versions of a package that are locked: one, or one for each of several markers."""
    return [str(one.specifier) for one, _ in LOCK if canonicalize_name(one.name) == canonicalize_name(name)]


def test_every_package_has_one_version_and_checksums():
    assert len(LOCK) > 3 * len(DIRECT)
    for requirement, hashes in LOCK:
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes and all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), requirement
        assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("direct", DIRECT, ids=lambda one: one.name)
def test_direct_dependencies_are_locked_at_their_pins(direct):
    assert versions(direct.name) == [str(direct.specifier)]
    [locked] = [one for one, _ in LOCK if canonicalize_name(one.name) == canonicalize_name(direct.name)]
    assert locked.marker is None


def test_what_installed_packages_ask_for_is_locked():
    """By the metadata of the packages themselves, on the machine of the test."""
    missing, asked = [], 0
    for locked, _ in LOCK:
        try:
            needs = importlib.metadata.requires(locked.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system, or of the other build of torch
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                asked += 1
                found = [version.removeprefix("==") for version in versions(need.name)]
                if not any(need.specifier.contains(version, prereleases=True) for version in found):
                    missing.append(f"{locked.name} needs {need}, and {found} is locked")
    assert asked > 200
    assert missing == []
