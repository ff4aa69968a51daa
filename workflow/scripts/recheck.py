"""Say whether the networks trained again agree with the reference results."""

import sys

from richlazy import rechecking
from richlazy.storage import array_io, logs


def recheck(results, output, tolerance, left_out):
    compared = [array_io.load_json(path) for path in results]
    if not compared:
        raise ValueError(f"no committed network can be trained again here: {left_out or 'there is none'}")
    passed, lines = rechecking.verdict(compared, tolerance)
    same = sum(result["same_class"] for result in compared)
    rule = (
        f"{same} of {len(compared)} from this class of machine, where bytes must be equal; "
        f"at least half of the others within {tolerance:g}"
    )
    text = "\n".join([f"recheck: {rule}", *([left_out] if left_out else []), *lines]) + "\n"
    print(text, file=sys.stderr)
    if not passed:
        raise ValueError("a network trained again differs from its committed results; see the lines above")
    array_io.save_text(output, text)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "torch", "numpy")
    recheck(snakemake.input.results, snakemake.output[0], snakemake.params.tolerance, snakemake.params.left_out)
