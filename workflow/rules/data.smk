"""Data that others made: files of the registry, and the images, sentences and word vectors made of them.

Reads   data/sources.yaml; configuration: image_sets, sentence_sets, word_vectors; files of the user that it names
Writes  data/downloads/sources/{source}/{file}    what a mirror sends, checked
        images/{image_set}.npz                    images (count, rows, columns) uint8 and their white, labels (count,),
                                                  training: how many, from the first, form the training set
        sentences/{sentence_set}.npz, .json       indices of the words of each sentence, padded; vocabulary
        word_vectors/{sentence_set}/{word_vectors}.npy    (words, D) float32
"""


rule download_source:
    """Download one file of a source from the first mirror that sends it, and check it."""
    input:
        # No code, and no regard to edits of the registry: the checksum below decides whether to download again.
        registry=ancient(project_file("data/sources.yaml")),
    output:
        data_plan.SOURCE,
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
        sha256=data.source_checksum,
    message:
        "Downloading {wildcards.file} of {wildcards.source}"
    script:
        "../scripts/download_source.py"


rule prepare_images:
    """Read the images and labels of an image set, and split them into training and test set."""
    input:
        unpack(data.image_files),
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
        code=library("prepare_images.py"),
        files=data.image_checksums,
    message:
        "Images of {wildcards.image_set}"
    script:
        "../scripts/prepare_images.py"


rule prepare_sentences:
    """Write the sentences of a set as indices of the words of its training set."""
    input:
        unpack(data.sentence_files),
    output:
        indices=f"{RESULTS}/sentences/{{sentence_set}}.npz",
        vocabulary=f"{RESULTS}/sentences/{{sentence_set}}.json",
    log:
        f"{RESULTS}/logs/prepare_sentences/{{sentence_set}}.log",
    wildcard_constraints:
        sentence_set=one_of(config["sentence_sets"]),
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("prepare_sentences.py"),
        file=data.sentence_checksums,
        lower_case=lookup(
            within=config, dpath="sentence_sets/{sentence_set}/lower_case"
        ),
    message:
        "Sentences of {wildcards.sentence_set}"
    script:
        "../scripts/prepare_sentences.py"


rule embed_words:
    """Give each word of a training set its fixed vector, from a file of the user or at random."""
    input:
        unpack(data.word_vector_file),
        vocabulary=f"{RESULTS}/sentences/{{sentence_set}}.json",
    output:
        f"{RESULTS}/word_vectors/{{sentence_set}}/{{word_vectors}}.npy",
    log:
        f"{RESULTS}/logs/embed_words/{{sentence_set}}/{{word_vectors}}.log",
    wildcard_constraints:
        sentence_set=one_of(config["sentence_sets"]),
        word_vectors=one_of(config["word_vectors"]),
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=library("embed_words.py"),
        settings=data.word_vectors,
    message:
        "Word vectors {wildcards.word_vectors} of {wildcards.sentence_set}"
    script:
        "../scripts/embed_words.py"
