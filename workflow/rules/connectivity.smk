"""Initial weights that have a structure.

Reads   connectomes/{connectome}/weights.npy where the structure is made of a connectome;
        the description of the task where they are a first layer, or its teacher network where they are aligned with it;
        configuration: structures; of a run its structure, size, gain, matching and seed
Writes  connectivity/{connectivity}/recurrent_initial.npy   (N, N) float64, W[i, j] from j to i; or
        connectivity/{connectivity}/input_initial.npy       (N, N_in) float64, from input j to unit i; or both
"""

STRUCTURE_OF_RUN = [*STRUCTURE_PARAMETERS, "matching", "size", "gain", "seed"]


rule build_connectivity:
    """Build the initial recurrent weights of one structure, size, gain and seed."""
    input:
        unpack(connectome_of_connectivity),
        library=library("build_connectivity.py"),
    output:
        recurrent=f"{RESULTS}/connectivity/{{connectivity}}/recurrent_initial.npy",
    log:
        f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
    wildcard_constraints:
        connectivity=f"(?!{TEACHER_ALIGNED})(task~[^/]+/)?structure~.+",
    group:
        "connectivities"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        run=run_parameters(CONNECTIVITIES, STRUCTURE_OF_RUN, "connectivity"),
        structure=connectivity_structure,
    message:
        "Connectivity {wildcards.connectivity}"
    script:
        "../scripts/build_connectivity.py"


rule build_first_layer:
    """Build the initial first layer of a feedforward network, of one task, structure, size, gain and seed."""
    input:
        description=description_of_connectivity,
        library=library("build_connectivity.py"),
    output:
        f"{RESULTS}/connectivity/{{connectivity}}/input_initial.npy",
    log:
        f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
    wildcard_constraints:
        connectivity=f"(?!{TEACHER_ALIGNED})(task~[^/]+/)?structure~.+",
    group:
        "connectivities"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        run=run_parameters(CONNECTIVITIES, STRUCTURE_OF_RUN, "connectivity"),
        structure=connectivity_structure,
    message:
        "First layer {wildcards.connectivity}"
    script:
        "../scripts/build_connectivity.py"


rule build_teacher_aligned:
    """Build the initial recurrent and input weights that are aligned with the teacher network of a task."""
    input:
        teacher=file_of_task(CONNECTIVITIES, "connectivity", "teacher"),
        library=library("build_teacher_aligned.py"),
    output:
        recurrent=f"{RESULTS}/connectivity/{{connectivity}}/recurrent_initial.npy",
        input=f"{RESULTS}/connectivity/{{connectivity}}/input_initial.npy",
    log:
        f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
    wildcard_constraints:
        connectivity=f"{TEACHER_ALIGNED}.+",
    group:
        "connectivities"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        teacher=teacher_of(
            CONNECTIVITIES, "connectivity", [*parameters.ANSWERING_PARAMETERS, "rank"]
        ),
        run=run_parameters(
            CONNECTIVITIES, ["matching", "size", "gain", "seed"], "connectivity"
        ),
        features=features_of_connectivity,
    message:
        "Aligned with a teacher: {wildcards.connectivity}"
    script:
        "../scripts/build_teacher_aligned.py"
