"""Initial recurrent weights of one structure, size, gain and seed."""

from richlazy import logs, records
from richlazy.connectivity import initial_recurrent_weights
from richlazy.seeds import generator


def build_connectivity(output, run, structure):
    parameters = {name: run[name] for name in ("rank", "decay_exponent") if run[name] is not None}
    weights = initial_recurrent_weights(
        size=run["size"],
        gain=run["gain"],
        matching=run["matching"] or "frobenius",
        rng=generator(run["seed"], "connectivity"),
        **structure,
        **parameters,
    )
    records.save_array(output, weights)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy")
    build_connectivity(snakemake.output.recurrent, snakemake.params.run, snakemake.params.structure)
