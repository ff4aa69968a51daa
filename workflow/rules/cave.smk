"""Connectomes from CAVE: tables of one frozen version, the candidate cells, and the synapses among chosen cells.

Reads   configuration: connectomes (source: cave); a token in CAVE_TOKEN or in caveclient's own store
        connectomes/{connectome}/selection.parquet
Writes  data/downloads/cave/{datastack}/{version}/{table}.parquet, .json               cell types; proofreading
        data/downloads/cave/{datastack}/{version}/{nuclei}_of_{table}.parquet, .json   nuclei of these cells
        connectomes/{connectome}/cells.parquet, cells.json           candidate cells; how many each step left out
        connectomes/{connectome}/synapses.parquet, synapses.json     synapses among the chosen cells
        connectomes/{connectome}/connections.parquet                 synapses summed by ordered pair of cells
        connectomes/{connectome}/provenance.json                     versions, dates and counts of all of these

One job asks the server at a time where Snakemake is given `--resources cave=1`.
"""

# Downloads have no code as a parameter: a version of CAVE never changes, so an edit of code must not download it
# again. For the same reason their scripts read patience and chunks from the configuration, and not from params.
# Finished chunks stay in {table}.chunks, so that an interrupted download asks only for what is missing, and a finished
# one needs neither server nor token again.
CAVE_TABLE = f"{data_plan.CAVE}/{{datastack}}/{{version}}/{{table}}"
CAVE_NUCLEI = f"{data_plan.CAVE}/{{datastack}}/{{version}}/{{nuclei}}_of_{{table}}"
CAVE_CELLS = f"{RESULTS}/connectomes/{{connectome}}"
CAVE_CONNECTOMES = plan.connectomes_from("cave")
CAVE_FILES = data.cave_files()


rule download_cave_table:
    """Download a whole small table of CAVE: cell types or proofreading."""
    output:
        table=f"{CAVE_TABLE}.parquet",
        provenance=f"{CAVE_TABLE}.json",
    log:
        f"{RESULTS}/logs/cave/{{datastack}}/{{version}}/{{table}}.log",
    wildcard_constraints:
        datastack=one_of(data.cave_values("datastack")),
        version=one_of(data.cave_values("version")),
        table=one_of(data.cave_values("cell_types", "proofreading")),
    retries: 2
    localrule: True  # compute nodes of a cluster often have no way out
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        cave=1,
        mem_mb=1000,
        runtime=60,
    params:
        chunks=f"{CAVE_TABLE}.chunks",
    message:
        "Downloading {wildcards.table} of {wildcards.datastack}, version {wildcards.version}"
    script:
        "../scripts/download_cave_table.py"


rule download_cave_nuclei:
    """Download the nuclei of the cells in a table of cell types."""
    input:
        cell_types=f"{CAVE_TABLE}.parquet",
    output:
        table=f"{CAVE_NUCLEI}.parquet",
        provenance=f"{CAVE_NUCLEI}.json",
    log:
        f"{RESULTS}/logs/cave/{{datastack}}/{{version}}/{{nuclei}}_of_{{table}}.log",
    wildcard_constraints:
        datastack=one_of(data.cave_values("datastack")),
        version=one_of(data.cave_values("version")),
        nuclei=one_of(data.cave_values("nuclei")),
        table=one_of(data.cave_values("cell_types")),
    retries: 2
    localrule: True  # compute nodes of a cluster often have no way out
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        cave=1,
        mem_mb=1000,
        runtime=60,
    params:
        chunks=f"{data_plan.CAVE}/{{datastack}}/{{version}}/{{nuclei}}.chunks",
    message:
        "Downloading {wildcards.nuclei} of {wildcards.datastack}, version {wildcards.version}"
    script:
        "../scripts/download_cave_nuclei.py"


rule gather_cave_cells:
    """Gather the candidate cells of a connectome, with sign, depth and proofreading, from the downloaded tables."""
    input:
        cell_types=lookup(within=CAVE_FILES, dpath="{connectome}/cell_types"),
        nuclei=lookup(within=CAVE_FILES, dpath="{connectome}/nuclei"),
        proofreading=lookup(within=CAVE_FILES, dpath="{connectome}/proofreading"),
        provenance=lookup(within=CAVE_FILES, dpath="{connectome}/provenance"),
    output:
        cells=f"{CAVE_CELLS}/cells.parquet",
        counts=f"{CAVE_CELLS}/cells.json",
    log:
        f"{RESULTS}/logs/connectomes/{{connectome}}/gather_cave_cells.log",
    wildcard_constraints:
        connectome=one_of(CAVE_CONNECTOMES),
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("gather_cave_cells.py"),
        datastack=lookup(within=CAVE_CONNECTOMES, dpath="{connectome}/datastack"),
    message:
        "Gathering the cells of {wildcards.connectome}"
    script:
        "../scripts/gather_cave_cells.py"


rule download_cave_synapses:
    """Download the synapses among the chosen cells of a connectome."""
    input:
        selection=f"{CAVE_CELLS}/selection.parquet",
    output:
        synapses=f"{CAVE_CELLS}/synapses.parquet",
        provenance=f"{CAVE_CELLS}/synapses.json",
    log:
        f"{RESULTS}/logs/connectomes/{{connectome}}/download_cave_synapses.log",
    wildcard_constraints:
        connectome=one_of(CAVE_CONNECTOMES),
    retries: 2
    localrule: True  # compute nodes of a cluster often have no way out
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        cave=1,
        mem_mb=2000,
        runtime=240,
    params:
        datastack=lookup(within=CAVE_CONNECTOMES, dpath="{connectome}/datastack"),
        version=lookup(within=CAVE_CONNECTOMES, dpath="{connectome}/version"),
        table=lookup(within=CAVE_CONNECTOMES, dpath="{connectome}/synapses"),
        chunks=lookup(within=CAVE_FILES, dpath="{connectome}/chunks"),
    message:
        "Downloading the synapses of {wildcards.connectome}"
    script:
        "../scripts/download_cave_synapses.py"


rule gather_cave_connections:
    """Sum the synapses of each ordered pair of chosen cells, and gather where everything comes from."""
    input:
        synapses=f"{CAVE_CELLS}/synapses.parquet",
        provenance=f"{CAVE_CELLS}/synapses.json",
        selection=f"{CAVE_CELLS}/selection.parquet",
        cells=f"{CAVE_CELLS}/cells.json",
    output:
        connections=f"{CAVE_CELLS}/connections.parquet",
        provenance=f"{CAVE_CELLS}/provenance.json",
    log:
        f"{RESULTS}/logs/connectomes/{{connectome}}/gather_cave_connections.log",
    wildcard_constraints:
        connectome=one_of(CAVE_CONNECTOMES),
    conda:
        "../../envs/connectome.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("gather_cave_connections.py"),
    message:
        "Summing the synapses of {wildcards.connectome}"
    script:
        "../scripts/gather_cave_connections.py"
