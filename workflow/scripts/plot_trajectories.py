"""Figure of how the tangent kernels of an experiment move during training."""

from richlazy.figures import trajectories
from richlazy.storage import logs, parquet

if __name__ == "__main__":
    logs.attach(snakemake.log[0], "matplotlib")
    inputs, output, params = snakemake.input, snakemake.output, snakemake.params
    trajectories.draw(
        parquet.load_table(inputs.runs), parquet.load_table(inputs.curves), params.arms, params.compare, params.title,
        params.settings, output.pdf, output.png,
    )  # fmt: skip
