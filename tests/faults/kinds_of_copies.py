"""Kinds of faults of what lies in the folder: copies, exchanges, links, times, and what Snakemake remembers of them."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runner import Project

from . import places
from .kinds import Kind, Setting, adopt, any_room, as_told, await_end, await_refusal
from .runs import Run, finish

# Of which each network has its own.
_OF_NETWORKS = ("measures.json", "network.npz", "recurrent_initial.npy", "history.json")
_DAY_S = 86400


def damage_certificate(setting: Setting) -> bool:
    """Change or cut short the certificate of a record that is still to be read."""
    record = places.choose(setting.folder, setting.rng)
    if record is None or not places.certificate(record).exists():
        return False
    places.damage(places.certificate(record), setting.rng, cut=setting.rng.random() < 0.5)
    return True


def swap_networks(with_certificates: bool) -> Callable[[Setting], bool]:
    """Let two trained networks change places."""

    def prepare(setting: Setting) -> bool:
        networks = sorted((setting.folder / places.RESULTS).glob("runs/**/network.npz"))
        if len(networks) < 2:
            return False
        pair = setting.rng.sample(networks, 2)
        for path in pair:
            places.let_read(setting.folder, path)
        _swap(*pair)
        if with_certificates:
            _swap(*map(places.certificate, pair))
        return True

    return prepare


def copy_of_another(setting: Setting) -> bool:
    """Copy a record over that of another network, alone or with its certificate."""
    record = places.choose(setting.folder, setting.rng, _OF_NETWORKS)
    others = [path for path in places.results(setting.folder) if record and path.name == record.name]
    others = [path for path in others if path.read_bytes() != record.read_bytes()]
    if not others:
        return False
    other = setting.rng.choice(others)
    shutil.copyfile(other, record)
    if setting.rng.random() < 0.5:
        shutil.copyfile(places.certificate(other), places.certificate(record))
    return True


def lose_memory(setting: Setting) -> bool:
    """Lose ``.snakemake``."""
    Project(setting.folder).forget()
    return bool(places.results(setting.folder))


def copy_without_times(setting: Setting) -> bool:
    """Replace the results by a copy that was made without times, and without ``.snakemake``."""
    results = setting.folder / places.RESULTS
    if not results.exists():
        return False
    copied = results.with_name("copied")
    shutil.copytree(results, copied, copy_function=shutil.copyfile)
    shutil.rmtree(results)
    copied.rename(results)
    return lose_memory(setting)


def equal_times(setting: Setting) -> bool:
    """Give all results, scripts and settings the same time: now, or a day ago."""
    moment = time.time() - setting.rng.choice([0, _DAY_S])
    sources = [path for name in ("workflow", "data") for path in (setting.folder / name).rglob("*")]
    for path in [*places.results(setting.folder), *sources, *setting.folder.glob("*.yaml")]:
        os.utime(path, (moment, moment))
    return any_room(setting)


def older_over_newer(setting: Setting) -> bool:
    """Copy, with their times, the files of a network from before a change of the probe over those of today."""
    measured = sorted((setting.folder / places.RESULTS).glob("runs/**/measures.json"))
    if not measured:
        return False
    chosen = setting.rng.choice(measured).relative_to(setting.folder)
    with tempfile.TemporaryDirectory(dir=setting.folder.parent) as root:
        older = Project(setting.folder).copy(Path(root, "older"))
        older.configure(probe={"trials": 21})
        finish(Run(older.folder, "older", (*setting.options, str(chosen)), setting.variables))
        for path in places.results(older.folder):
            if path.parent == (older.folder / chosen).parent:
                os.utime(path, (time.time() - _DAY_S,) * 2)
                shutil.copy2(path, setting.folder / path.relative_to(older.folder))
    return True


def link_elsewhere(setting: Setting) -> bool:
    """Move some results to another folder, and put hard or symbolic links in their place."""
    elsewhere = setting.folder / "results/elsewhere"
    elsewhere.mkdir(exist_ok=True)
    whole = [path for path in places.results(setting.folder) if path.stat().st_nlink == 1 and not path.is_symlink()]
    for path in setting.rng.sample(whole, len(whole) // 2):
        place = Path(tempfile.mkdtemp(dir=elsewhere), path.name)
        path.rename(place)
        setting.rng.choice([path.hardlink_to, path.symlink_to])(place)
    return any_room(setting) and bool(whole)


def lose_certificates(setting: Setting) -> bool:
    """Leave results as version 0.1 made them, without certificates, and lose ``.snakemake``."""
    certificates = sorted((setting.folder / places.RESULTS).rglob(".*.made"))
    for path in certificates:
        path.unlink()
    return lose_memory(setting) and bool(certificates)


def adopt_with_proof(setting: Setting, output: str) -> Sequence[list[str]]:
    """Make a network of each task and structure again."""
    return [adopt(setting, "--prove", "1")]


def other_configuration(setting: Setting) -> bool:
    """Make results of another configuration, change it and lose ``.snakemake``: they must not stay."""
    settings = setting.folder / "tiny.yaml"
    before = settings.read_bytes()
    change = setting.rng.choice([{"statistics": {"significance_level": 0.4}}, {"probe": {"trials": 21}}])
    Project(setting.folder).configure(**change)
    finish(Run(setting.folder, "other", (*setting.options, *setting.targets), setting.variables))
    settings.write_bytes(before)
    return lose_memory(setting)


def _swap(first: Path, second: Path) -> None:
    rest = first.with_name("rest")
    first.rename(rest)
    second.rename(first)
    rest.rename(second)


def _refused(prepare: Callable[[Setting], bool], remedy: Callable = as_told) -> Kind:
    return Kind(prepare, await_refusal, remedy, failing=None, unaided=False)


KINDS_OF_COPIES: dict[str, Kind] = {
    "certificate damaged": _refused(damage_certificate),
    "networks swapped": _refused(swap_networks(with_certificates=False)),
    "networks swapped with certificates": _refused(swap_networks(with_certificates=True)),
    "record of another network": _refused(copy_of_another),
    ".snakemake lost": _refused(lose_memory),
    "results copied without times": _refused(copy_without_times),
    "older results over newer ones": _refused(older_over_newer),
    "results without certificates": _refused(lose_certificates, adopt_with_proof),
    "other configuration, .snakemake lost": _refused(other_configuration),
    "equal times of all files": Kind(equal_times, await_end, as_told),
    "results linked elsewhere": Kind(link_elsewhere, await_end, as_told),
}
