"""Say whether the networks trained again agree with the reference results."""

import sys

from richlazy import logs, records, reference


def recheck(results, provenance, output, tolerance):
    committed = records.load_json(provenance)["machine_class"]
    same_class = committed == reference.machine_class()
    passed, lines = reference.verdict([records.load_json(path) for path in results], same_class, tolerance)
    rule = "same class of machine: bytes must be equal" if same_class else f"another machine: within {tolerance:g}"
    text = "\n".join([f"recheck, {rule}", *lines]) + "\n"
    print(text, file=sys.stderr)
    if not passed:
        raise ValueError(f"a network trained again differs from {provenance}'s results; see the lines above")
    records.save_text(output, text)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    recheck(snakemake.input.results, snakemake.input.provenance, snakemake.output[0], snakemake.params.tolerance)
