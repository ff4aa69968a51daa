"""Initial weights that have a structure.

Reads   connectomes/{connectome}/weights.npy where the structure is made of a connectome;
        the description of the task where they are a first layer, or its teacher network where they are aligned with it;
        configuration: structures; of a run its structure, size, gain, matching and seed
Writes  connectivity/{connectivity}/recurrent_initial.npy   (N, N) float64, W[i, j] from j to i; or
        connectivity/{connectivity}/input_initial.npy       (N, N_in) float64, from input j to unit i; or both
"""

INITIAL_WEIGHTS = f"{RESULTS}/connectivity/{{connectivity}}/LAYER_initial.npy"

for name, layer in {
    "build_connectivity": "recurrent",
    "build_first_layer": "input",
}.items():

    rule:
        """Build initial weights of one structure, size, gain and seed: recurrent ones, or the first layer of a task."""
        name:
            name
        input:
            unpack(shared.needs_of_weights),
        output:
            INITIAL_WEIGHTS.replace("LAYER", layer),
        log:
            f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
        wildcard_constraints:
            connectivity=f"(?!{shared.aligned}){paths.PATTERNS['connectivity']}",
        group:
            "connectivities"
        conda:
            "../../envs/compute.yaml"
        threads: 1
        resources:
            mem_mb=growing(1000),
            runtime=growing(5),
        params:
            code=library_of_structure("build_connectivity.py"),
            run=shared.run_of_weights,
            structure=shared.structure,
        message:
            f"Initial {layer} weights {{wildcards.connectivity}}"
        script:
            "../scripts/build_connectivity.py"


rule build_teacher_aligned:
    """Build the initial recurrent and input weights that are aligned with the teacher network of a task."""
    input:
        teacher=shared.network_of_teacher,
    output:
        recurrent=INITIAL_WEIGHTS.replace("LAYER", "recurrent"),
        input=INITIAL_WEIGHTS.replace("LAYER", "input"),
    log:
        f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
    wildcard_constraints:
        connectivity=f"(?={shared.aligned}){paths.PATTERNS['connectivity']}",
    group:
        "connectivities"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        code=library("build_teacher_aligned.py"),
        teacher=shared.teacher_of_weights,
        run=shared.run_of_aligned_weights,
        features=shared.features,
    message:
        "Aligned with a teacher: {wildcards.connectivity}"
    script:
        "../scripts/build_teacher_aligned.py"
