"""Initial recurrent and input weights that are aligned with the teacher network of a task."""

from richlazy import logs, records, teacher_network
from richlazy.connectivity import structured_weights
from richlazy.seeds import generator


def build_teacher_aligned(recurrent, input_weights, network, teacher, run, features):
    known = teacher_network.load(network, teacher)
    weights = structured_weights(
        "teacher_aligned", run["size"], run["gain"], run["matching"], generator(run["seed"], "connectivity"),
        teacher=known.weights.recurrent.numpy().astype(float), rank=teacher["rank"],
    )  # fmt: skip
    records.save_array(recurrent, weights)
    records.save_array(input_weights, known.input_weights(features))


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scipy", "torch")
    output, params = snakemake.output, snakemake.params
    build_teacher_aligned(
        output.recurrent, output.input, snakemake.input.teacher, params.teacher, params.run, params.features
    )
