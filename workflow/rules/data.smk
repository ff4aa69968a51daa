"""Data that others made: files of the registry, and the images made of them.

Reads   data/sources.yaml; configuration: image_sets; where it names a folder, files of the user
Writes  data/downloads/sources/{source}/{file}    what a mirror sends, checked
        images/{image_set}.npz                    images (count, rows, columns) uint8 and their white, labels (count,),
                                                  training: how many, from the first, form the training set
"""


include: "data_inputs.smk"


rule download_source:
    """Download one file of a source from the first mirror that sends it, and check it."""
    input:
        # No library, and no regard to edits of the registry: the checksum below decides whether to download again.
        registry=ancient(project_file("data/sources.yaml")),
    output:
        DOWNLOADED_SOURCE,
    log:
        f"{RESULTS}/logs/download_source/{{source}}/{{file}}.log",
    wildcard_constraints:
        source=one_of(SOURCES),
        file="[^/]+",
    localrule: True  # compute nodes of a cluster often have no way out
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        sha256=source_checksum,
    message:
        "Downloading {wildcards.file} of {wildcards.source}"
    script:
        "../scripts/download_source.py"


rule prepare_images:
    """Read the images and labels of an image set, and split them into training and test set."""
    input:
        unpack(image_files),
        library=library("prepare_images.py"),
    output:
        f"{RESULTS}/images/{{image_set}}.npz",
    log:
        f"{RESULTS}/logs/prepare_images/{{image_set}}.log",
    wildcard_constraints:
        image_set=one_of(config["image_sets"]),
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        files=image_checksums,
    message:
        "Images of {wildcards.image_set}"
    script:
        "../scripts/prepare_images.py"
