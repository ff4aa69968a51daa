"""Compare a network that was trained again with what is committed of it."""

from richlazy import rechecking, reference
from richlazy.storage import array_io, logs


def recheck_run(runs, fingerprints, provenance, network, measures, output, run_name):
    committed = rechecking.committed_network(runs, run_name)
    mark = rechecking.committed_fingerprint(fingerprints, committed)
    compared = rechecking.compare(committed, mark, network, array_io.load_json(measures))
    same_class = reference.same_class(array_io.load_json(provenance, sealed=False))
    array_io.save_json(output, compared | {"same_class": same_class})


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    inputs = snakemake.input
    committed = [inputs[name] for name in ("runs", "fingerprints", "provenance")]
    recheck_run(*committed, inputs.network, inputs.measures, snakemake.output[0], snakemake.params.run)
