"""Initial weights with a structure: recurrent weights, or the first layer of a feedforward network."""

from richlazy.connectivity.structures import ALIGNED_FEATURES, STRUCTURE_PARAMETERS, STRUCTURES, structured_weights
from richlazy.storage import array_io, logs
from richlazy.storage.seeds import generator


def build_connectivity(output, run, structure, connectome=None, description=None):
    settings = {name: run[name] for name in STRUCTURE_PARAMETERS if run[name] is not None}
    settings |= {name: structure[name] for name in STRUCTURES[structure["kind"]].options}
    if connectome is not None:
        settings["connectome"] = array_io.load_array(connectome)
    if description is not None:  # of the task, whose inputs are the columns of a first layer
        task = array_io.load_json(description)
        settings["columns"] = task["input_units"]
        if "features" in settings:
            settings["task_vector"] = task[ALIGNED_FEATURES[settings.pop("features")]]
    weights = structured_weights(
        kind=structure["kind"],
        size=run["size"],
        gain=run["gain"],
        matching=run["matching"] or "frobenius",
        rng=generator(run["seed"], "connectivity"),
        **settings,
    )
    array_io.save_array(output, weights)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy")
    inputs, params = snakemake.input, snakemake.params
    build_connectivity(
        snakemake.output[0], params.run, params.structure, inputs.get("connectome"), inputs.get("description")
    )
