"""Images and labels of an image set, from its files or from a package that brings them along."""

from richlazy import images, logs, sources


def prepare_images(paths, files, output):
    for key, file in files.items():
        sources.verify(paths[key], file)
    image_set = images.read_idx_set(paths) if files else images.digits()
    images.save(output, image_set)
    logs.LOGGER.info("%s images, %s of them for training", len(image_set.images), image_set.training)


if __name__ == "__main__":
    logs.attach(snakemake.log[0], "numpy", "scikit-learn")
    prepare_images(snakemake.input, snakemake.params.files, snakemake.output[0])
