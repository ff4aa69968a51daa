"""Connectomes: cells and connections from files or a generator, the chosen cells, and the weights among them.

Reads   files of the user, or downloads of a release; configuration: connectomes
        (cells, connections and provenance of CAVE connectomes come from cave.smk)
Writes  data/downloads/releases/{connectome}/{part}/{file}     what a release offers, checked
        connectomes/{connectome}/cells.parquet                 all candidate cells
        connectomes/{connectome}/connections.parquet           size of each connection with its sign
        connectomes/{connectome}/provenance.json               where they come from, and what was left out
        connectomes/{connectome}/selection.parquet, .json      the chosen cells, and what each stage left
        connectomes/{connectome}/weights.npy                   (N, N) float64, W[i, j] from cell j to cell i
        connectomes/{connectome}/weights.json                  density and sizes of the matrix
        connectomes/{connectome}/figures/connectome            one page as PDF and PNG
"""

CONNECTOME = f"{RESULTS}/connectomes/{{connectome}}"


wildcard_constraints:
    connectome=one_of(plan.connectomes),


rule download_release:
    """Download one file of a public release and check it."""
    output:
        data_plan.RELEASE,
    log:
        f"{RESULTS}/logs/download_release/{{connectome}}/{{part}}/{{file}}.log",
    wildcard_constraints:
        connectome=one_of(plan.connectomes_from("release")),
        part="connections|cells",
        file="[^/]+",
    localrule: True  # compute nodes of a cluster often have no way out
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        # No code and no address: an edit of them must not download again what a checksum vouches for.
        sha256=lookup(within=plan.connectomes, dpath="{connectome}/{part}/sha256"),
    message:
        "Downloading {wildcards.file} of connectome {wildcards.connectome}"
    script:
        "../scripts/download_release.py"


rule import_connectome:
    """Read cells and connections from the files of a connectome, as its format declares them."""
    input:
        unpack(data.connectome_files),
    output:
        cells=f"{CONNECTOME}/cells.parquet",
        connections=f"{CONNECTOME}/connections.parquet",
        provenance=f"{CONNECTOME}/provenance.json",
    log:
        f"{RESULTS}/logs/import_connectome/{{connectome}}.log",
    wildcard_constraints:
        connectome=one_of(plan.connectomes_from("file", "release")),
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(15),
    params:
        code=library("import_connectome.py"),
        settings=data.connectome_import,
    message:
        "Reading connectome {wildcards.connectome}"
    script:
        "../scripts/import_connectome.py"


rule generate_connectome:
    """Draw cells and synapses with the published statistics of the V1 column; not data."""
    output:
        cells=f"{CONNECTOME}/cells.parquet",
        connections=f"{CONNECTOME}/connections.parquet",
        provenance=f"{CONNECTOME}/provenance.json",
    log:
        f"{RESULTS}/logs/generate_connectome/{{connectome}}.log",
    wildcard_constraints:
        connectome=one_of(plan.connectomes_from("synthetic")),
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("generate_connectome.py"),
        settings=data.connectome_generator,
    message:
        "Drawing synthetic connectome {wildcards.connectome}"
    script:
        "../scripts/generate_connectome.py"


rule select_cells:
    """Choose the cells of a connectome that become units of the network."""
    input:
        unpack(data.connections_to_rank),
        cells=f"{CONNECTOME}/cells.parquet",
    output:
        selection=f"{CONNECTOME}/selection.parquet",
        counts=f"{CONNECTOME}/selection.json",
    log:
        f"{RESULTS}/logs/select_cells/{{connectome}}.log",
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("select_cells.py"),
        selection=lookup(within=plan.connectomes, dpath="{connectome}/selection"),
    message:
        "Choosing cells of {wildcards.connectome}"
    script:
        "../scripts/select_cells.py"


rule assemble_connectome:
    """Assemble the weights among the chosen cells of a connectome."""
    input:
        selection=f"{CONNECTOME}/selection.parquet",
        connections=f"{CONNECTOME}/connections.parquet",
    output:
        weights=f"{CONNECTOME}/weights.npy",
        description=f"{CONNECTOME}/weights.json",
    log:
        f"{RESULTS}/logs/assemble_connectome/{{connectome}}.log",
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("assemble_connectome.py"),
    message:
        "Weights of connectome {wildcards.connectome}"
    script:
        "../scripts/assemble_connectome.py"


rule plot_connectome:
    """Draw which cells of a connectome were chosen, and the weights among them."""
    input:
        cells=f"{CONNECTOME}/cells.parquet",
        selection=f"{CONNECTOME}/selection.parquet",
        counts=f"{CONNECTOME}/selection.json",
        weights=f"{CONNECTOME}/weights.npy",
        provenance=f"{CONNECTOME}/provenance.json",
    output:
        pdf=f"{CONNECTOME}/figures/connectome.pdf",
        png=report(
            f"{CONNECTOME}/figures/connectome.png",
            caption="../report/connectome.rst",
            category="Connectome",
            subcategory="{connectome}",
            labels={"figure": "selection and matrix"},
        ),
    log:
        f"{RESULTS}/logs/plot_connectome/{{connectome}}.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("plot_connectome.py"),
        title=data.connectome_title,
        settings=figure_settings(),
    message:
        "Figure of connectome {wildcards.connectome}"
    script:
        "../scripts/plot_connectome.py"
