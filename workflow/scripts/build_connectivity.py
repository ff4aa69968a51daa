"""Initial recurrent weights of one structure, size, gain and seed."""

from richlazy import logs, records
from richlazy.connectivity import STRUCTURE_PARAMETERS, STRUCTURES, structured_weights
from richlazy.seeds import generator


def build_connectivity(output, run, structure, connectome=None):
    settings = {name: run[name] for name in STRUCTURE_PARAMETERS if run[name] is not None}
    settings |= {name: structure[name] for name in STRUCTURES[structure["kind"]].options}
    if connectome is not None:
        settings["connectome"] = records.load_array(connectome)
    weights = structured_weights(
        kind=structure["kind"],
        size=run["size"],
        gain=run["gain"],
        matching=run["matching"] or "frobenius",
        rng=generator(run["seed"], "connectivity"),
        **settings,
    )
    records.save_array(output, weights)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy")
    build_connectivity(
        snakemake.output.recurrent, snakemake.params.run, snakemake.params.structure, snakemake.input.get("connectome")
    )
