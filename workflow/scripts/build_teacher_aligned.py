"""Initial recurrent and input weights that are aligned with the teacher network of a task."""

from richlazy.connectivity.aligned import TeacherAligned
from richlazy.storage import array_io, jobs
from richlazy.storage.seeds import generator
from richlazy.tasks import network_teacher


def build_teacher_aligned(recurrent, input_weights, network, teacher, run, features):
    known = network_teacher.load(network, teacher)
    weights = TeacherAligned.weights(
        size=run["size"],
        gain=run["gain"],
        matching=run["matching"],
        rng=generator(run["seed"], "connectivity"),
        teacher=known.weights.recurrent.numpy().astype(float),
        rank=teacher["rank"],
    )
    array_io.save_array(recurrent, weights)
    array_io.save_array(input_weights, known.input_weights(features))


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scipy", "torch"):
        output, params = snakemake.output, snakemake.params
        build_teacher_aligned(
            output.recurrent, output.input, snakemake.input.teacher, params.teacher, params.run, params.features
        )
