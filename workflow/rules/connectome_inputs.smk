"""Names, input functions and params functions of connectome.smk. No rules."""

CONNECTOME = f"{RESULTS}/connectomes/{{connectome}}"
DOWNLOADED = "data/downloads/releases/{connectome}/{part}/{file}"
IMPORTED_CONNECTOMES = {**FILE_CONNECTOMES, **RELEASE_CONNECTOMES}


wildcard_constraints:
    connectome=one_of(CONNECTOMES),


def connectome_settings(*keys):
    """Params function that gives the settings of a connectome that a job reads."""

    def settings(wildcards):
        entry = CONNECTOMES[wildcards.connectome]
        return {key: entry[key] for key in keys if key in entry}

    return settings


def connectome_selection(wildcards):
    """Which cells of a connectome become units."""
    return CONNECTOMES[wildcards.connectome]["selection"]


def connectome_title(wildcards):
    """Name and description of a connectome, as they head its figure."""
    return f"{wildcards.connectome}: {CONNECTOMES[wildcards.connectome]['description']}"


def release_file(wildcards):
    """Address and checksum of one file of a release."""
    return RELEASE_CONNECTOMES[wildcards.connectome][wildcards.part]


def connectome_files(wildcards):
    """Input function that gives the files of a connectome, those of a release where they are downloaded to."""
    entry = IMPORTED_CONNECTOMES[wildcards.connectome]
    files = {part: entry[part] for part in ["connections", "cells"] if part in entry}
    if entry["source"] == "file":
        return {part: project_file(path) for part, path in files.items()}
    return {
        part: DOWNLOADED.format(
            connectome=wildcards.connectome, part=part, file=Path(file["url"]).name
        )
        for part, file in files.items()
    }


def connections_to_rank(wildcards):
    """Input function that gives the connections where cells are chosen by their strength."""
    by = CONNECTOMES[wildcards.connectome]["selection"]["by"]
    path = CONNECTOME.format(connectome=wildcards.connectome)
    return {"connections": f"{path}/connections.parquet"} if by == "strength" else {}
