"""Initial recurrent weights.

Reads   connectomes/{connectome}/weights.npy where the structure is made of a connectome;
        configuration: structures; of a run its structure, size, gain, matching and seed
Writes  connectivity/{connectivity}/recurrent_initial.npy   (N, N) float64, W[i, j] from j to i
"""


rule build_connectivity:
    """Build the initial recurrent weights of one structure, size, gain and seed."""
    input:
        unpack(connectome_of_connectivity),
        library=library("build_connectivity.py"),
    output:
        recurrent=f"{RESULTS}/connectivity/{{connectivity}}/recurrent_initial.npy",
    log:
        f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
    group:
        "connectivities"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        run=run_parameters(
            CONNECTIVITIES,
            [*STRUCTURE_PARAMETERS, "matching", "size", "gain", "seed"],
            "connectivity",
        ),
        structure=connectivity_structure,
    message:
        "Connectivity {wildcards.connectivity}"
    script:
        "../scripts/build_connectivity.py"
