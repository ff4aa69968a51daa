"""Data and connectomes, as the rules ask for them: where files lie, and what is known of them before they are read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from richlazy import wording
from richlazy.experiments.plan import Plan, Wildcards
from richlazy.tasks import lstm_settings
from richlazy.tasks.image_sets import IDX_FILES

SOURCE = "data/downloads/sources/{source}/{file}"
RELEASE = "data/downloads/releases/{connectome}/{part}/{file}"
CAVE = "data/downloads/cave"


class DataPlan:
    """Files of the registry, of users and of connectomes.

    Args:
        plan: of the experiments.
        own_file: gives the path of a file of the user, who names it from the folder of the project.
    """

    def __init__(self, plan: Plan, own_file: Callable[[Path], str]) -> None:
        self.plan, self.config, self.sources, self._own_file = plan, plan.config, plan.sources, own_file

    # Files of the registry

    def source_checksum(self, wildcards: Wildcards) -> str:
        """Checksum of one file of a source."""
        files = self.sources[wildcards.source]["files"].values()
        return {file["file"]: file["sha256"] for file in files}[wildcards.file]

    def image_files(self, wildcards: Wildcards) -> dict[str, str]:
        """Files of an image set, in the folder of the user or where they are downloaded to."""
        settings = self.config["image_sets"][wildcards.image_set]
        names = {key: file["file"] for key, file in self._registered_images(wildcards.image_set).items()}
        if settings["source"] == "folder":
            return {key: self._own_file(Path(settings["folder"], name)) for key, name in names.items()}
        return {key: SOURCE.format(source=settings["entry"], file=name) for key, name in names.items()}

    def image_checksums(self, wildcards: Wildcards) -> dict[str, dict[str, Any]]:
        """Size and checksum of the files of an image set; an added mirror is no reason to read them again."""
        files = self._registered_images(wildcards.image_set)
        return {key: {name: file[name] for name in ("sha256", "size_bytes")} for key, file in files.items()}

    def _registered_images(self, image_set: str) -> dict[str, Any]:
        """Files of an image set by what is in them; none where a package brings the images."""
        entry = self.config["image_sets"][image_set].get("entry")
        return {key: self.sources[entry]["files"][key] for key in IDX_FILES} if entry else {}

    def sentence_files(self, wildcards: Wildcards) -> dict[str, str]:
        """Files of a set of sentences: the archive, or its members in the folder of the user."""
        settings = self.config["sentence_sets"][wildcards.sentence_set]
        file = self._registered_sentences(wildcards.sentence_set)
        if settings["source"] == "folder":
            folder = settings["folder"]
            names = {part: Path(member["member"]).name for part, member in file["members"].items()}
            return {part: self._own_file(Path(folder, name)) for part, name in names.items()}
        return {"archive": SOURCE.format(source=settings["entry"], file=file["file"])} if file else {}

    def sentence_checksums(self, wildcards: Wildcards) -> dict[str, Any]:
        """The archive without its mirrors: an added one is no reason to read it again."""
        file = self._registered_sentences(wildcards.sentence_set)
        return {key: value for key, value in file.items() if key not in ("file", "mirrors")}

    def _registered_sentences(self, name: str) -> dict[str, Any]:
        """The archive of a set of sentences; none where it is bundled."""
        entry = self.config["sentence_sets"][name].get("entry")
        return self.sources[entry]["files"][lstm_settings.ARCHIVE] if entry else {}

    def word_vectors(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the vectors of the words are made; the path of a file is an input, and tables say what they stand for."""
        settings = self.config["word_vectors"][wildcards.word_vectors]
        return {key: value for key, value in settings.items() if key not in ("file", "stands_for")}

    def word_vector_file(self, wildcards: Wildcards) -> dict[str, str]:
        """File of the user with vectors of words, where there is one."""
        file = self.config["word_vectors"][wildcards.word_vectors].get("file")
        return {"file": self._own_file(Path(file))} if file else {}

    # Connectomes

    def connectome_files(self, wildcards: Wildcards) -> dict[str, str]:
        """Files of a connectome, those of a release where they are downloaded to."""
        entry = self.plan.connectomes[wildcards.connectome]
        files = {part: entry[part] for part in ("connections", "cells") if part in entry}
        if entry["source"] == "file":
            return {part: self._own_file(Path(path)) for part, path in files.items()}
        names = {part: Path(urlsplit(file["url"]).path).name for part, file in files.items()}
        return {part: RELEASE.format(connectome=wildcards.connectome, part=part, file=names[part]) for part in files}

    def connectome_import(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the files of a connectome are read; the files are inputs, and no cell hangs on what words say of them."""
        return self._settings(wildcards, "source", "format")

    def connectome_generator(self, wildcards: Wildcards) -> dict[str, Any]:
        """How a synthetic connectome is drawn."""
        return self._settings(wildcards, "source", "seed")

    def _settings(self, wildcards: Wildcards, *keys: str) -> dict[str, Any]:
        entry = self.plan.connectomes[wildcards.connectome]
        return {key: entry[key] for key in keys if key in entry}

    def connections_to_rank(self, wildcards: Wildcards) -> dict[str, str]:
        """Connections of a connectome whose cells are chosen by their strength."""
        by = self.plan.connectomes[wildcards.connectome]["selection"]["by"]
        folder = f"{self.plan.results}/connectomes/{wildcards.connectome}"
        return {"connections": f"{folder}/connections.parquet"} if by == "strength" else {}

    def connectome_title(self, wildcards: Wildcards) -> str:
        """Name and description of a connectome, as they head its figure."""
        name = wildcards.connectome
        shown = wording.named(name, self.plan.config["figures"]["names"])
        return f"{shown}: {self.plan.connectomes[name]['description']}"

    def cave_values(self, *settings: str) -> set[str]:
        """Values of some settings in all connectomes from CAVE: what a wildcard can be."""
        asked = self.plan.connectomes_from("cave").values()
        return {str(entry[setting]) for entry in asked for setting in settings}

    def cave_files(self) -> dict[str, dict[str, Any]]:
        """For each connectome from CAVE its tables, what is known of them, and where chunks of synapses are kept."""
        found = {}
        for connectome, asked in self.plan.connectomes_from("cave").items():
            folder = f"{CAVE}/{asked['datastack']}/{asked['version']}"
            stems = {
                "cell_types": f"{folder}/{asked['cell_types']}",
                "nuclei": f"{folder}/{asked['nuclei']}_of_{asked['cell_types']}",
                "proofreading": f"{folder}/{asked['proofreading']}",
            }
            found[connectome] = {
                **{part: f"{stem}.parquet" for part, stem in stems.items()},
                "provenance": [f"{stem}.json" for stem in stems.values()],
                "chunks": f"{folder}/{asked['synapses']}.chunks",
            }
        return found
