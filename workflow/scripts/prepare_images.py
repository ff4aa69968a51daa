"""Images and labels of an image set, from its files or from a package that brings them along."""

from richlazy.storage import data_sources, jobs, logs
from richlazy.tasks import image_sets


def prepare_images(paths, files, output):
    for key, file in files.items():
        data_sources.verify(paths[key], file)
    image_set = image_sets.read_idx_set(paths) if files else image_sets.digits()
    image_sets.save(output, image_set)
    logs.LOGGER.info("%s images, %s of them for training", len(image_set.images), image_set.training)


if __name__ == "__main__":
    with jobs.running(snakemake, "numpy", "scikit-learn"):
        prepare_images(snakemake.input, snakemake.params.files, snakemake.output[0])
