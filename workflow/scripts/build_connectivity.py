"""Initial weights with a structure: recurrent weights, or the first layer of a feedforward network."""

from richlazy.connectivity.base import STRUCTURES, settings_of
from richlazy.storage import array_io, jobs
from richlazy.storage.seeds import generator


def build_connectivity(output, run, structure, connectome=None, description=None):
    kind = STRUCTURES[structure["kind"]]
    settings = settings_of(kind, structure)
    if kind.parameter is not None:
        settings[kind.parameter] = run[kind.parameter]
    if connectome is not None:
        settings["connectome"] = array_io.load_array(connectome)
    if description is not None:  # of the task, whose inputs are the columns of a first layer
        task = array_io.load_json(description)
        settings = kind.of_task(settings, task) | {"columns": task["input_units"]}
    weights = kind.weights(
        size=run["size"],
        gain=run["gain"],
        matching=run["matching"] or "frobenius",
        rng=generator(run["seed"], "connectivity"),
        **settings,
    )
    array_io.save_array(output, weights)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy"):
        inputs, params = snakemake.input, snakemake.params
        build_connectivity(
            snakemake.output[0], params.run, params.structure, inputs.get("connectome"), inputs.get("description")
        )
