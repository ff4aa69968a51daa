"""Rules of images: whether a training set whose size is known has enough of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from richlazy.experiments import grids
from richlazy.tasks import registry

Config = Mapping[str, Any]

# Images for training of the digits that scikit-learn brings along, and of files by the checksum of their images.
_OF_DIGITS = 1_437
_OF_FILES = {"440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609": 60_000}  # MNIST


def training_images(config: Config, sources: Config) -> dict[str, int]:
    """Images in the training sets of image sets, where that is known before they are read.

    Args:
        config: a configuration that ``checks.check`` accepts.
        sources: what ``registers.load_sources`` gives.
    """
    found = {}
    for name, settings in config["image_sets"].items():
        entry = sources.get(settings.get("entry"), {"files": {}})
        checksum = entry["files"].get("training_images", {}).get("sha256")
        count = _OF_DIGITS if settings["source"] == "scikit-learn" else _OF_FILES.get(checksum)
        if count is not None:
            found[name] = count
    return found


def problems(config: Config, selected: list[str], counts: Mapping[str, int]) -> Iterator[str]:
    """Tasks that hold out all images, and batches that are larger than what is left to train on.

    Args:
        config: a configuration that ``checks.check`` accepts.
        selected: names of the experiments that are built.
        counts: what ``training_images`` gives.
    """
    for name in selected:
        experiment = config["experiments"][name]
        varied = grids.with_variants(config, [name])
        for place, grid in enumerate(grids.completed(experiment)):
            where = f"experiments.{name}" + (".grid" if "batch_size" in experiment["grid"] else f".groups[{place}]")
            for task in grids.resolved(varied, grid)["task"]:
                entry = varied["tasks"][task]
                if entry.get("images") in counts:
                    yield from _of_task(varied, where, task, grid.get("batch_size", []), counts[entry["images"]])


def _of_task(config: Config, where: str, name: str, swept: list[int], count: int) -> Iterator[str]:
    entry = config["tasks"][name]
    left = count - entry["held_out"]
    if left < 1:
        yield (
            f"tasks.{name}.held_out is {entry['held_out']}, but the training set of {entry['images']!r} has {count} "
            "images; leave some to train on"
        )
        return
    sizes = [(f"{where}.batch_size has", size) for size in swept]
    if not swept or "teacher" in registry.task(entry).needs:  # a teacher has the usual batches, whatever a grid varies
        own = entry.get("defaults", {})
        place = f"tasks.{name}.defaults" if "batch_size" in own else "training"
        sizes.append((f"{place}.batch_size is", {**config["training"], **own}["batch_size"]))
    for place, size in sizes:
        if size > left:
            yield (
                f"{place} {size}, more than the {left} images that task {name!r} trains on ({count} of "
                f"{entry['images']!r} without {entry['held_out']} held out); lower it"
            )
