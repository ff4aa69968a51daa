"""Initial weights that have a structure.

Reads   connectomes/{connectome}/weights.npy where the structure is made of a connectome;
        the description of the task where they are a first layer, or its teacher network where they are aligned with it;
        configuration: structures; of a run its structure, size, gain, matching and seed
Writes  connectivity/{connectivity}/recurrent_initial.npy   (N, N) float64, W[i, j] from j to i; or
        connectivity/{connectivity}/input_initial.npy       (N, N_in) float64, from input j to unit i; or both
"""

# Of a run; its task and structure are in the settings.
STRUCTURE_OF_RUN = [
    key
    for key in parameters.CONNECTIVITY_PARAMETERS
    if key not in ["task", "condition_number", "structure"]
]
# Regular expression of the beginning of the folders of weights that are aligned with a teacher network.
TEACHER_ALIGNED = paths.beginning(
    "structure",
    [n for n in config["structures"] if grids.is_teacher_aligned(config, n)],
)
INITIAL_WEIGHTS = f"{RESULTS}/connectivity/{{connectivity}}/LAYER_initial.npy"


def connectivity_structure(wildcards):
    """Configuration of the structure behind a connectivity path."""
    return config["structures"][CONNECTIVITIES[wildcards.connectivity]["structure"]]


def made_of(wildcards):
    """Input function that gives what initial weights are made of: a connectome, or the task of a first layer."""
    run = CONNECTIVITIES[wildcards.connectivity]
    name = grids.connectome_of(config, run["structure"])
    files = {"connectome": f"{RESULTS}/connectomes/{name}/weights.npy"} if name else {}
    if run["architecture"] == "feedforward":
        files["description"] = f"{RESULTS}/trials/{paths.probe_path(run)}/task.json"
    return files


def library_of_structure(script):
    """Input function that gives the library files of a script and of the structure behind a connectivity path."""

    def files(wildcards):
        kind = connectivity_structure(wildcards)["kind"]
        return library(script, modules=(STRUCTURES.module(kind),))

    return files


for name, layer in {
    "build_connectivity": "recurrent",
    "build_first_layer": "input",
}.items():

    rule:
        """Build initial weights of one structure, size, gain and seed: recurrent ones, or the first layer of a task."""
        name:
            name
        input:
            unpack(made_of),
            library=library_of_structure("build_connectivity.py"),
        output:
            INITIAL_WEIGHTS.replace("LAYER", layer),
        log:
            f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
        wildcard_constraints:
            connectivity=f"(?!{TEACHER_ALIGNED}){paths.PATTERNS['connectivity']}",
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
            f"Initial {layer} weights {{wildcards.connectivity}}"
        script:
            "../scripts/build_connectivity.py"


rule build_teacher_aligned:
    """Build the initial recurrent and input weights that are aligned with the teacher network of a task."""
    input:
        teacher=file_of_task(CONNECTIVITIES, "connectivity", "teacher"),
        library=library("build_teacher_aligned.py"),
    output:
        recurrent=INITIAL_WEIGHTS.replace("LAYER", "recurrent"),
        input=INITIAL_WEIGHTS.replace("LAYER", "input"),
    log:
        f"{RESULTS}/logs/connectivity/{{connectivity}}.log",
    wildcard_constraints:
        connectivity=f"(?={TEACHER_ALIGNED}){paths.PATTERNS['connectivity']}",
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
        features=lambda wildcards: connectivity_structure(wildcards)["features"],
    message:
        "Aligned with a teacher: {wildcards.connectivity}"
    script:
        "../scripts/build_teacher_aligned.py"
