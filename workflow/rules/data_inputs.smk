"""Names, input functions and params functions of data.smk. No rules."""

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
