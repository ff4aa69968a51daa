"""Names, input functions and params functions of data.smk. No rules."""

from richlazy.tasks import lstm_settings

DOWNLOADED_SOURCE = "data/downloads/sources/{source}/{file}"


def source_checksum(wildcards):
    """Checksum of one file of a source."""
    files = SOURCES[wildcards.source]["files"].values()
    return {file["file"]: file["sha256"] for file in files}[wildcards.file]


def registered_files(image_set):
    """Files of an image set as the registry has them, by what is in them; none where a package brings the images."""
    entry = config["image_sets"][image_set].get("entry")
    files = SOURCES[entry]["files"] if entry else {}
    return {key: files[key] for key in IDX_FILES if entry}


def image_files(wildcards):
    """Input function that gives the files of an image set, in the folder of the user or where they are downloaded to."""
    settings = config["image_sets"][wildcards.image_set]
    return {
        key: (
            project_file(Path(settings["folder"], file["file"]))
            if settings["source"] == "folder"
            else DOWNLOADED_SOURCE.format(source=settings["entry"], file=file["file"])
        )
        for key, file in registered_files(wildcards.image_set).items()
    }


def image_checksums(wildcards):
    """Size and checksum of the files of an image set; an added mirror is no reason to read them again."""
    return {
        key: {"sha256": file["sha256"], "size_bytes": file["size_bytes"]}
        for key, file in registered_files(wildcards.image_set).items()
    }


def registered_sentences(name):
    """The archive of a set of sentences as the registry has it; none where it is bundled."""
    entry = config["sentence_sets"][name].get("entry")
    return SOURCES[entry]["files"][lstm_settings.ARCHIVE] if entry else {}


def sentence_files(wildcards):
    """Input function that gives the files of a set of sentences: the archive, or its members in the folder of the user."""
    settings = config["sentence_sets"][wildcards.sentence_set]
    file = registered_sentences(wildcards.sentence_set)
    if settings["source"] == "folder":
        return {
            part: project_file(Path(settings["folder"], Path(member["member"]).name))
            for part, member in file["members"].items()
        }
    archive = DOWNLOADED_SOURCE.format(
        source=settings.get("entry"), file=file.get("file")
    )
    return {"archive": archive} if file else {}


def sentence_checksums(wildcards):
    """The archive without its mirrors: an added one is no reason to read it again."""
    file = registered_sentences(wildcards.sentence_set)
    return {key: value for key, value in file.items() if key not in ("file", "mirrors")}


def word_vector_settings(wildcards):
    """How the vectors of the words are made; the path of a file is an input."""
    settings = config["word_vectors"][wildcards.word_vectors]
    return {key: value for key, value in settings.items() if key != "file"}


def word_vector_file(wildcards):
    """Input function that gives the file of the user with vectors of words, where there is one."""
    file = config["word_vectors"][wildcards.word_vectors].get("file")
    return {"file": project_file(file)} if file else {}
